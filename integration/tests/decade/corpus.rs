//! All that was signed, verified when the years are over.

use std::path::PathBuf;
use std::process::Command;

use sigstead_integration::{Instance, PERSON, client, cosign, run, sigctl, sigstore_python};

use crate::emergency::Void;
use crate::load::Signed;

/// What was signed, parted by whether it counts.
pub(crate) struct Corpus {
    pub(crate) counts: Vec<Signed>,
    /// Signed while a key was in other hands.
    pub(crate) void: Vec<Signed>,
    /// At the edges of that, where the documents tell no time exactly.
    pub(crate) unclear: Vec<Signed>,
}

impl Corpus {
    pub(crate) fn of(signed: Vec<Signed>, void: Option<&Void>) -> Self {
        let mut corpus = Self {
            counts: Vec::new(),
            void: Vec::new(),
            unclear: Vec::new(),
        };
        for each in signed {
            match void {
                Some(void) if void.has(&each) => corpus.void.push(each),
                Some(void) if void.touches((each.begun, each.ended)) => corpus.unclear.push(each),
                _ => corpus.counts.push(each),
            }
        }
        corpus
    }

    /// Verifies what counts with each client that is installed, and gives the names of those.
    pub(crate) fn verify(&self, instance: &Instance) -> Vec<&'static str> {
        let mut clients = vec!["sigctl"];
        for each in &self.counts {
            run(&mut by_sigctl(instance, each)).unwrap();
        }
        if let Some(cosign) = client::cosign() {
            clients.push("cosign");
            for each in &self.counts {
                let mut verify = cosign::verify(&cosign, instance, &each.bundle);
                run(verify.arg(&each.file)).unwrap();
            }
        }
        if let Some(python) = client::sigstore_python() {
            clients.push("sigstore-python");
            // It finds the bundle of a file beside it.
            let files: Vec<&PathBuf> = self.counts.iter().map(|each| &each.file).collect();
            for some in files.chunks(SOME) {
                let mut verify = sigstore_python::with_kit(&python, instance);
                sigstore_python::verify(&mut verify, instance, PERSON);
                run(verify.args(some)).unwrap();
            }
        }
        clients
    }

    /// Has each be refused that was signed while a key was in other hands.
    pub(crate) fn refuse(&self, instance: &Instance) {
        for each in &self.void {
            let refused = by_sigctl(instance, each).output().unwrap();
            let said = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(!refused.status.success(), "{each:?} counts");
            assert!(said.contains("E-VERIFY-026"), "{each:?}: {said}");
        }
    }
}

fn by_sigctl(instance: &Instance, signed: &Signed) -> Command {
    let mut verify = sigctl();
    verify.env("SIGSTEAD_DIR", instance.directory());
    verify
        .arg("verify")
        .arg("--trusted-root")
        .arg(instance.kit("trusted_root.json"));
    verify
        .args(["--identity", PERSON, "--issuer"])
        .arg(instance.url("oidc"));
    verify.arg("--bundle").args([&signed.bundle, &signed.file]);
    verify
}

/// Files in one command.
const SOME: usize = 60;
