//! An instance that was made outside the cluster, and its files as a cluster has them.

use std::path::PathBuf;

use sigstead_integration::{run, sigctl};

use super::node::Node;
use super::pods::PERSON;

/// The instance, and what the release is told of it.
pub(crate) struct Outside {
    pub(crate) instance: PathBuf,
    /// What `sigctl kubernetes lay-out` wrote for the chart, and the Secret with the token of `helm test`.
    pub(crate) values: [String; 2],
    /// A person's, for clients.
    pub(crate) token: String,
}

impl Outside {
    /// Makes an instance, lays it out, and gives the Secrets and ConfigMaps to the cluster of `node`.
    pub(crate) fn make(node: &mut Node, arguments: &[&str]) -> Self {
        let instance = node.work().join("instance");
        let laid_out = node.work().join("laid-out");
        run(node
            .command(sigctl().get_program())
            .arg("init")
            .arg(&instance)
            .args(["--name", "acme", "--anchors"])
            .arg(node.work().join("anchors"))
            .args(arguments))
        .unwrap();
        run(sigctl()
            .args(["kubernetes", "lay-out"])
            .arg(&instance)
            .arg("--to")
            .arg(&laid_out))
        .unwrap();
        let token = run(sigctl()
            .arg("token")
            .arg(&instance)
            .args(["--identity", PERSON]))
        .unwrap();
        let token = String::from_utf8(token.stdout).unwrap();
        std::fs::create_dir(laid_out.join("token")).unwrap();
        std::fs::write(laid_out.join("token/token"), &token).unwrap();
        for name in OBJECTS {
            let folder = laid_out.join(name);
            node.storage.give(&format!("acme-sigstead-{name}"), &folder);
        }
        node.storage.give("a-token", &laid_out.join("token"));
        let values = std::fs::read_to_string(laid_out.join("values.yaml")).unwrap();
        Self {
            instance,
            values: [values, "tests: {tokenSecret: a-token}".to_owned()],
            token: token.trim().to_owned(),
        }
    }

    /// The values of the release.
    pub(crate) fn values(&self) -> Vec<&str> {
        self.values.iter().map(String::as_str).collect()
    }
}

const OBJECTS: [&str; 8] = [
    "ca",
    "ctlog",
    "oidc",
    "tlog",
    "tsa",
    "tuf",
    "client",
    "publication",
];
