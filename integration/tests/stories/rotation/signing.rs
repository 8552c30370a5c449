//! A client that signs without a pause.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sigstead_integration::{Instance, run};
use sigstead_x509::Certificate;

use crate::{PERSON, artifact};

/// Signs until it is stopped. A signature that fails ends the test.
pub(super) struct Signing {
    is_over: Arc<AtomicBool>,
    issuers: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    signing: JoinHandle<Vec<(PathBuf, PathBuf)>>,
}

impl Signing {
    pub(super) fn start(instance: &Instance) -> Self {
        let (is_over, issuers) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let signing = {
            let (is_over, issuers) = (Arc::clone(&is_over), Arc::clone(&issuers));
            let (folder, directory) = (instance.work().to_owned(), instance.directory());
            std::thread::spawn(move || sign(&folder, &directory, &is_over, &issuers))
        };
        Self {
            is_over,
            issuers,
            signing,
        }
    }

    /// How many issuers its certificates have had so far.
    pub(super) fn issuers(&self) -> usize {
        self.issuers.lock().unwrap().len()
    }

    /// What it signed, and the bundles.
    pub(super) fn stop(self) -> Vec<(PathBuf, PathBuf)> {
        self.is_over.store(true, Ordering::Relaxed);
        self.signing.join().unwrap()
    }
}

/// The name of the issuer of a bundle's certificate.
pub(super) fn issuer_of(bundle: &Path) -> Vec<u8> {
    let bundle: Value = serde_json::from_slice(&std::fs::read(bundle).unwrap()).unwrap();
    let certificate = &bundle["verificationMaterial"]["certificate"]["rawBytes"];
    let der = STANDARD.decode(certificate.as_str().unwrap()).unwrap();
    Certificate::from_der(&der).unwrap().issuer_der().to_vec()
}

fn sign(
    folder: &Path,
    directory: &Path,
    is_over: &AtomicBool,
    issuers: &Mutex<BTreeSet<Vec<u8>>>,
) -> Vec<(PathBuf, PathBuf)> {
    let mut signed = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let file = artifact(folder, &format!("load-{}", signed.len()));
        let bundle = file.with_extension("sigstore.json");
        run(sign_command(directory)
            .arg("--bundle")
            .args([&bundle, &file]))
        .unwrap();
        issuers.lock().unwrap().insert(issuer_of(&bundle));
        signed.push((file, bundle));
    }
    signed
}

/// `sigctl sign` as a person.
pub(super) fn sign_command(directory: &Path) -> Command {
    let mut command = sigstead_integration::sigctl();
    command.arg("sign").args(["--identity", PERSON]);
    command.env("SIGSTEAD_DIR", directory);
    command
}
