//! The provider of the stories: one process that is every issuer which its URL names.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use sigstead_integration::{client, free_ports};
use tempfile::TempDir;

/// A provider; it ends when it goes.
pub(super) struct Provider {
    process: Child,
    python: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Provider {
    /// Starts a provider and waits until it listens.
    pub(super) fn start(python: &Path) -> Self {
        Self::start_as("serve", python)
    }

    /// Starts one that is the API server of a Kubernetes cluster.
    pub(super) fn start_cluster(python: &Path) -> Self {
        Self::start_as("cluster", python)
    }

    fn start_as(verb: &str, python: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_ports(1).unwrap();
        let mut process = Command::new(python)
            .arg(client::script("provider.py"))
            .arg(verb)
            .arg(folder.path())
            .arg(port.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut said).unwrap();
        assert_eq!(said.trim(), "ready");
        Self {
            process,
            python: python.to_owned(),
            folder,
            port,
        }
    }

    /// The host that it answers at, with the port.
    pub(super) fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The authority that certifies its server.
    pub(super) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The port that it listens on.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// What a cluster puts into a pod for its service account.
    pub(super) fn pod(&self) -> PathBuf {
        self.folder.path().join("pod")
    }

    /// Its keys, as a set.
    pub(super) fn keys(&self) -> PathBuf {
        self.folder.path().join("keys.json")
    }

    /// A token of this issuer for `sigstore` with the claims beside.
    pub(super) fn token(&self, issuer: &str, algorithm: &str, claims: &Value) -> String {
        let mut all = json!({"iss": issuer, "aud": "sigstore"});
        let claims = claims.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(claims);
        let mut signer = Command::new(&self.python)
            .arg(client::script("provider.py"))
            .arg("token")
            .arg(self.folder.path())
            .arg(algorithm)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = signer.stdin.take().unwrap();
        input.write_all(all.to_string().as_bytes()).unwrap();
        drop(input);
        let output = signer.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It is already gone if this fails.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
