//! The process and what it leaves on disk: nobody else on the machine reads it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where its expectation does"
)]

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sigstead_config::oidc::Config;
use sigstead_kit::Listeners;
use sigstead_store::StoreConfig;

#[test]
fn all_that_is_written_is_private_under_a_umask_of_zero() {
    let folder = Folder::new();
    let log = folder.run_until_ready();
    assert!(!log.contains("is private now"), "{log}");
    let written = folder.written();
    for name in ["users", "sessions", "sessions/db"] {
        assert!(written.contains(&folder.path(name)), "no {name}");
    }
    for path in written {
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn files_that_others_could_read_are_narrowed_at_start_and_that_is_logged() {
    let folder = Folder::new();
    folder.run_until_ready();
    for path in folder.written() {
        let wide = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(&path, Permissions::from_mode(wide)).unwrap();
    }
    let log = folder.run_until_ready();
    for name in ["users", "sessions"] {
        let lines = log.lines().filter(|line| {
            line.contains(&format!("{name} was open to other users of this machine"))
        });
        assert_eq!(lines.count(), 1, "{name}: {log}");
    }
    for path in folder.written() {
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
}

/// A configuration and its key, in a folder of their own.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let key =
            sigstead_signer::PrivateKey::generate(sigstead_key::Algorithm::RsaPkcs1v15_2048Sha256)
                .unwrap();
        fs::write(folder.path("oidc.key"), key.to_pem().unwrap().as_bytes()).unwrap();
        fs::set_permissions(folder.path("oidc.key"), Permissions::from_mode(0o600)).unwrap();
        let config = Config::new(
            Listeners::for_test(),
            "http://localhost:8085".parse().unwrap(),
            sigstead_signer::KeyConfig {
                uri: "file:oidc.key".parse().unwrap(),
                passphrase_file: None,
            },
            StoreConfig::Sled {
                path: "sessions".into(),
            },
            "users".into(),
        );
        // YAML is a superset of JSON.
        let text = serde_json::to_string(&config).unwrap();
        fs::write(folder.path("config.yaml"), text).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the process until it listens, ends it, and gives what it logged until then.
    fn run_until_ready(&self) -> String {
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
                return log;
            }
        }
        panic!("the process ended: {log}");
    }

    /// What the process made: all but what was there before it.
    fn written(&self) -> Vec<PathBuf> {
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

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode()
}
