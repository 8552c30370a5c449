use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sigstead_config::oidc::Config;
use sigstead_key::Algorithm;
use sigstead_kit::Listeners;
use sigstead_signer::PrivateKey;
use sigstead_store::StoreConfig;

/// A configuration and its key, in a folder of their own.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write_private("oidc.key", rsa_key().to_pem().unwrap().as_bytes());
        let mut config = Config::new(
            Listeners::for_test(),
            "http://localhost:8085".parse().unwrap(),
            sigstead_signer::KeyConfig::file("oidc.key", None),
            StoreConfig::Sled {
                path: "sessions".into(),
            },
            "users".into(),
        );
        change(&mut config);
        // YAML is a superset of JSON.
        let text = serde_json::to_string(&config).unwrap();
        fs::write(folder.path("config.yaml"), text).unwrap();
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write_private(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn encrypt_key(&self, passphrase: &[u8]) {
        let pem = rsa_key().to_encrypted_pem(passphrase).unwrap();
        self.write_private("oidc.key", pem.as_bytes());
    }

    pub(crate) fn write_p256_key(&self) {
        let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        self.write_private("oidc.key", key.to_pem().unwrap().as_bytes());
    }

    /// What `--check` says: nothing if all is well.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.run(&["--check"])
    }

    /// What the process says that should not start.
    pub(crate) fn start(&self) -> Result<(), String> {
        self.run(&[])
    }

    fn run(&self, arguments: &[&str]) -> Result<(), String> {
        let output = Command::new(env!("CARGO_BIN_EXE_sigstead-oidc"))
            .arg("--config")
            .arg(self.path("config.yaml"))
            .args(arguments)
            .output()
            .unwrap();
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8(output.stderr).unwrap())
    }

    /// Runs the process until it listens, ends it, and gives what it logged until then.
    pub(crate) fn run_until_ready(&self) -> String {
        self.while_running(|| ())
    }

    /// Runs the process until it listens, does something, ends it, and gives what it logged first.
    pub(crate) fn while_running(&self, meanwhile: impl FnOnce()) -> String {
        let mut command = Command::new("sh");
        command
            .args(["-c", "umask 000; exec \"$0\" --config \"$1\""])
            .arg(env!("CARGO_BIN_EXE_sigstead-oidc"))
            .arg(self.path("config.yaml"))
            .stderr(Stdio::piped());
        let mut running = Running(command.spawn().unwrap());
        let mut log = String::new();
        for line in BufReader::new(running.0.stderr.take().unwrap()).lines() {
            let line = line.unwrap();
            log.push_str(&line);
            log.push('\n');
            if line.contains("is listening") {
                meanwhile();
                return log;
            }
        }
        panic!("the process ended: {log}");
    }

    /// What the process made: all but what was there before it.
    pub(crate) fn written(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(self.0.path(), &mut found);
        let given = [self.path("config.yaml"), self.path("oidc.key")];
        found.retain(|path| !given.contains(path));
        found
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        }
        found.push(path);
    }
}

fn rsa_key() -> PrivateKey {
    PrivateKey::generate(Algorithm::RsaPkcs1v15_2048Sha256).unwrap()
}
