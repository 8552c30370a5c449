//! What people may who move plans, and that the API server takes and refuses what they write.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use sigstead_integration::{run, sigctl};
use tempfile::TempDir;

use super::ApiServer;
use super::applied::take;
use crate::chart::{Chart, SECRETS};

const NAMESPACE: &str = "team-a";
const PLANS: &str =
    "plans: {subjects: [{kind: ServiceAccount, name: trust-operator, namespace: team-a}]}";

#[test]
fn who_moves_plans_writes_the_named_objects_and_nothing_else() {
    let (Some(chart), Some(server)) = (Chart::find(), ApiServer::start()) else {
        return;
    };
    server.namespace(NAMESPACE);
    take(
        &server,
        &chart.render_as("acme", NAMESPACE, &[SECRETS, PLANS]),
    );
    let account = "trust-operator";
    server.ask(&[
        "--namespace",
        NAMESPACE,
        "create",
        "serviceaccount",
        account,
    ]);
    let token = server.ask(&["--namespace", NAMESPACE, "create", "token", account]);
    server.know(account, token.trim());
    for (verb, what, may) in [
        ("get", "secrets/acme-sigstead-tsa", true),
        ("update", "secrets/acme-sigstead-tuf", true),
        ("update", "configmaps/acme-sigstead-publication", true),
        ("create", "leases.coordination.k8s.io", true),
        (
            "update",
            "leases.coordination.k8s.io/acme-sigstead-plans",
            true,
        ),
        ("create", "pods --subresource=portforward", true),
        ("list", "pods", true),
        ("get", "secrets/another", false),
        ("list", "secrets", false),
        ("delete", "secrets/acme-sigstead-tsa", false),
        ("create", "secrets", false),
        ("update", "configmaps/acme-sigstead-tsa", false),
        ("update", "leases.coordination.k8s.io/another", false),
        ("create", "pods", false),
        ("create", "pods --subresource=exec", false),
    ] {
        let asked = ["--namespace", NAMESPACE, "auth", "can-i", verb];
        let asked = [&asked[..], &what.split(' ').collect::<Vec<_>>()].concat();
        let said = server.kubectl(account, &asked);
        let said = String::from_utf8_lossy(&said.stdout);
        assert_eq!(said.trim() == "yes", may, "{verb} {what}: {said}");
    }
}

#[test]
fn the_server_decides_who_moves_a_plan_and_whose_copy_is_the_newest() {
    let Some(server) = ApiServer::start() else {
        return;
    };
    server.namespace(NAMESPACE);
    let office = Office::make(&server);
    office.bring();
    office.prints(&[
        "kubernetes",
        "attach",
        "--namespace",
        NAMESPACE,
        "--release",
        "acme",
    ]);

    // A lease that somebody has, as `kubectl` of today writes one.
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "acme-sigstead-plans", "namespace": NAMESPACE},
        "spec": {"holderIdentity": "ada@desk", "leaseDurationSeconds": 60, "renewTime": "2999-01-01T00:00:00.000000Z"},
    });
    let create = ["create", "--filename", "-"];
    assert!(server.tell(&create, &lease.to_string()).status.success());
    let start = ["rotate", "tsa", "start"];
    office.refused(&start, "E-CTL-539", "ada@desk");

    // One that was not renewed in time is taken, and given back by the one who is refused for another reason.
    let in_namespace = ["--namespace", NAMESPACE];
    let late = r#"{"spec": {"renewTime": "2026-01-01T00:00:00.000000Z"}}"#;
    let name = "acme-sigstead-plans";
    server.ask(
        &[
            &in_namespace[..],
            &["patch", "lease", name, "--patch", late],
        ]
        .concat(),
    );
    let newer = r#"{"data": {"99.targets.json": "{}"}}"#;
    let publication = "acme-sigstead-publication";
    let patch = ["patch", "configmap", publication, "--patch", newer];
    server.ask(&[&in_namespace[..], &patch].concat());
    office.refused(&start, "E-CTL-537", "99.targets.json");
    let get = ["get", "lease", name, "--output", "json"];
    let lease: Value =
        serde_json::from_str(&server.ask(&[&in_namespace[..], &get].concat())).unwrap();
    assert_eq!(lease["spec"]["holderIdentity"], "", "{lease}");

    // A Secret that somebody else wrote is not taken for one's own.
    let foreign = r#"{"stringData": {"successors.yaml": "successors: []"}}"#;
    let patch = ["patch", "secret", "acme-sigstead-tsa", "--patch", foreign];
    server.ask(&[&in_namespace[..], &patch].concat());
    office.refused(
        &[
            "kubernetes",
            "attach",
            "--namespace",
            NAMESPACE,
            "--release",
            "acme",
        ],
        "E-CTL-536",
        "acme-sigstead-tsa",
    );
}

/// An instance outside, and `sigctl` with the server's own `kubectl`.
struct Office<'a> {
    server: &'a ApiServer,
    folder: TempDir,
}

impl<'a> Office<'a> {
    fn make(server: &'a ApiServer) -> Self {
        let folder = TempDir::new().unwrap();
        let instance = folder.path().join("instance");
        let name = [
            "--name",
            "acme",
            "--host",
            "sig.example.com",
            "--base-port",
            "8370",
        ];
        run(sigctl().arg("init").arg(&instance).args(name)).unwrap();
        let laid_out = folder.path().join("laid-out");
        let lay_out = ["kubernetes", "lay-out"];
        run(sigctl()
            .args(lay_out)
            .arg(&instance)
            .arg("--to")
            .arg(laid_out))
        .unwrap();
        Self { server, folder }
    }

    /// Makes the objects as docs/kubernetes.md says.
    fn bring(&self) {
        for role in ["ca", "ctlog", "oidc", "tlog", "tsa", "tuf"] {
            self.create(&["secret", "generic"], role);
        }
        self.create(&["configmap"], "publication");
    }

    fn create(&self, kind: &[&str], name: &str) {
        let folder = self.folder.path().join("laid-out").join(name);
        let full = format!("acme-sigstead-{name}");
        let from = ["--from-file", folder.to_str().unwrap()];
        let create = ["--namespace", NAMESPACE, "create"];
        self.server
            .ask(&[&create, kind, &[full.as_str()], &from].concat());
    }

    fn sigctl(&self, words: &[&str]) -> Output {
        let (done, how) = match words.iter().position(|word| word.starts_with("--")) {
            Some(at) => words.split_at(at),
            None => (words, [].as_slice()),
        };
        let programs = self.server.programs().join("bin");
        let mut command = Command::new(sigctl().get_program());
        command
            .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
            .env("KUBECONFIG", self.server.config("admin"))
            .args(done)
            .arg(self.instance())
            .args(how);
        command.output().unwrap()
    }

    fn instance(&self) -> PathBuf {
        self.folder.path().join("instance")
    }

    fn prints(&self, words: &[&str]) {
        let output = self.sigctl(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
    }

    fn refused(&self, words: &[&str], code: &str, what: &str) {
        let output = self.sigctl(words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains(code) && said.contains(what),
            "{words:?}: {said}"
        );
    }
}
