//! The authority, and what its clients and its operator see of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use sigstead_integration::Instance;

use crate::kind::{Kind, Lane};
use crate::token::Proof;

/// A running instance that believes all of the issuers.
pub(crate) struct Authority {
    pub(crate) instance: Instance,
    client: reqwest::Client,
    ca: String,
    ops: String,
    proof: Arc<Proof>,
}

impl Authority {
    pub(crate) fn start() -> Self {
        let instance = Instance::create("hostile", &[]).unwrap();
        let file = instance.directory().join("ca/issuers.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text + &issuers()).unwrap();
        instance.up().unwrap();
        let config = instance.directory().join("ca/config.yaml");
        Self {
            client: reqwest::Client::new(),
            ca: instance.url("ca"),
            ops: ops(&std::fs::read_to_string(config).unwrap()),
            proof: Arc::new(Proof::new()),
            instance,
        }
    }

    /// Asks for a certificate, and gives status and body of the answer.
    pub(crate) async fn ask(&self, token: &str) -> (u16, String) {
        let url = format!("{}/api/v2/signingCert", self.ca);
        let post = self
            .client
            .post(url)
            .header("content-type", "application/json");
        let answer = post.body(self.proof.request(token)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Status and body of `/readyz`.
    pub(crate) async fn readiness(&self) -> (u16, String) {
        self.ops("/readyz").await
    }

    /// A metric of the authority by its labels.
    pub(crate) async fn metric(&self, name: &str) -> BTreeMap<String, f64> {
        let (_, text) = self.ops("/metrics").await;
        let lines = text.lines().filter_map(|line| line.strip_prefix(name));
        let values = lines.filter_map(|line| line.strip_prefix('{')?.split_once("} "));
        values
            .map(|(labels, value)| (labels.to_owned(), value.parse().unwrap()))
            .collect()
    }

    /// The most memory that the authority has had since it began, in kB.
    pub(crate) fn most_memory(&self) -> u64 {
        let process = self.instance.directory().join("run/ca.pid");
        let process = std::fs::read_to_string(process).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.trim())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    async fn ops(&self, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.ops);
        let answer = self.client.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

/// The address of the listener for operators.
fn ops(config: &str) -> String {
    let listener = config.split("\n  ops:").nth(1).unwrap();
    let address = listener
        .lines()
        .find_map(|line| line.trim().strip_prefix("address: "));
    address.unwrap().to_owned()
}

/// The entries of the file of issuers, behind those that it has.
fn issuers() -> String {
    let mut text = String::new();
    let mut entry = |issuer: &str| {
        writeln!(
            text,
            "  {issuer}:\n    client-id: sigstore\n    type: email\n    shared: false"
        )
        .unwrap();
    };
    entry(&Kind::Honest.issuer(Lane::Known, 1));
    for kind in Kind::HOSTILE {
        (1..=kind.known()).for_each(|number| entry(&kind.issuer(Lane::Known, number)));
    }
    text.push_str("meta-issuers:\n");
    for kind in Kind::HOSTILE {
        let pattern = kind.strangers();
        writeln!(
            text,
            "  {pattern:?}:\n    client-id: sigstore\n    type: email\n    shared: false"
        )
        .unwrap();
    }
    text
}
