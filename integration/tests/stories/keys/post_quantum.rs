//! Keys of ML-DSA are made and tried, and no role begins with one.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sigstead_integration::{Instance, client, programs, run, sigctl};

use crate::refuses;

#[test]
fn a_key_of_ml_dsa_is_made_and_tried_and_read_by_another_program() {
    let folder = tempfile::tempdir().unwrap();
    let key = |verb: &str| {
        let mut command = sigctl();
        let passphrase = folder.path().join("passphrase");
        fs::write(&passphrase, "of ours\n").unwrap();
        fs::set_permissions(&passphrase, Permissions::from_mode(0o600)).unwrap();
        command
            .args(["key", verb, "--passphrase-file"])
            .arg(passphrase);
        command
    };
    for algorithm in ["ml-dsa44", "ml-dsa65"] {
        let file = folder.path().join(algorithm);
        let uri = format!("file:{}", file.display());
        let made = run(key("create").arg(&uri).args(["--algorithm", algorithm])).unwrap();
        let made = String::from_utf8(made.stdout).unwrap();
        let served = folder.path().join(format!("{algorithm}.pub"));
        fs::write(&served, pem_of(&made)).unwrap();
        run(key("probe").arg(&uri).arg("--serves").arg(&served)).unwrap();
        for role in ["ca", "rekor-v1", "rekor-v2", "ctlog", "tsa", "tuf", "oidc"] {
            let mut probe = key("probe");
            refuses(probe.arg(&uri).args(["--role", role]), &["e-key-024"]);
        }
        if let Some(python) = client::python() {
            let read = ["-c", READ, "of ours"];
            run(Command::new(python).args(read).arg(&file).arg(&served)).unwrap();
        }
    }
}

#[test]
fn no_role_begins_with_a_key_of_ml_dsa() {
    let instance = Instance::create("lattice", &[]).unwrap();
    let made = instance.work().join("made");
    let mut create = sigctl();
    create.args(["key", "create", "--algorithm", "ml-dsa65"]);
    create.arg(format!("file:{}", made.display()));
    create.arg("--passphrase-file");
    run(create.arg(instance.directory().join("passphrase"))).unwrap();

    for (service, keys) in [
        ("ca", ["ca.key"].as_slice()),
        ("ctlog", &["ctlog.key"]),
        ("oidc", &["oidc.key"]),
        ("tlog", &["rekor-v1.key", "rekor-v2.key"]),
        ("tsa", &["tsa.key"]),
        ("tuf", &["snapshot.key", "timestamp.key"]),
    ] {
        let folder = instance.directory().join(service);
        for key in keys {
            let own = Replaced::new(&folder.join("keys").join(key), &made);
            let mut start = Command::new(programs().join(format!("sigstead-{service}")));
            let start = start.current_dir(&folder).args(["--config", "config.yaml"]);
            refuses(start, &["e-key-047"]);
            drop(own);
        }
    }
    // What the operator signs with.
    let own = Replaced::new(&instance.directory().join("trust/tuf-targets.key"), &made);
    let mut publish = sigctl();
    let publish = publish.args(["trust", "publish"]).arg(instance.directory());
    refuses(publish, &["e-key-047"]);
    drop(own);
    instance.up().unwrap();
}

/// A file that has another's content until it goes.
struct Replaced {
    file: PathBuf,
    content: Vec<u8>,
}

impl Replaced {
    fn new(file: &Path, with: &Path) -> Self {
        let content = fs::read(file).unwrap();
        fs::write(file, fs::read(with).unwrap()).unwrap();
        Self {
            file: file.to_owned(),
            content,
        }
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        fs::write(&self.file, &self.content).unwrap();
    }
}

fn pem_of(printed: &str) -> &str {
    &printed[printed.find("-----BEGIN").unwrap()..]
}

/// Opens the file, and compares its public half with what was printed.
const READ: &str = r#"
import sys
from cryptography.hazmat.primitives import serialization
passphrase, key, public = sys.argv[1:]
key = serialization.load_pem_private_key(open(key, "rb").read(), passphrase.encode())
public = serialization.load_pem_public_key(open(public, "rb").read())
public.verify(key.sign(b"message"), b"message")
"#;
