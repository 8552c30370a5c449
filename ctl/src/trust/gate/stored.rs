//! What was signed under each trust root of the instance, kept to be verified under the next: small bundles, one for each interface of
//! Rekor.

use std::fs;
use std::path::PathBuf;

use sigstead_key::{HashAlgorithm, PublicKey};
use sigstead_trust_root::{TimeRange, TrustedRoot};
use sigstead_verify::{Artifact, Bundle, Pattern, Policy, Signer, Thresholds, Verifier};
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::private;
use crate::trust::repository::replace;

/// A bundle over [`ARTIFACT`].
pub(super) struct Stored {
    /// Of its file, without the ending.
    pub(super) name: String,
    pub(super) bundle: Vec<u8>,
    /// Of a bundle without a certificate, the key whose signature it has.
    pub(super) key: Option<PublicKey>,
}

impl Stored {
    /// All that are kept, by their names.
    pub(super) fn all(instance: &Instance) -> Result<Vec<Self>, Failure> {
        let folder = instance.path(FOLDER);
        let failed = |error| Failure::file("read", &folder, error);
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(ENDING));
            names.extend(name.map(str::to_owned));
        }
        names.sort();
        let read = names.into_iter().map(|name| Self::read(instance, name));
        read.collect()
    }

    fn read(instance: &Instance, name: String) -> Result<Self, Failure> {
        let (path, key) = (bundle_file(instance, &name), key_file(instance, &name));
        let read = |path: &PathBuf| {
            private::read(path, LARGEST).map_err(|error| Failure::file("read", path, error))
        };
        let key = match key.exists() {
            false => None,
            true => {
                let pem = String::from_utf8_lossy(&read(&key)?).into_owned();
                let parsed = PublicKey::from_pem(&pem);
                Some(parsed.map_err(|error| damaged(&key, &error))?)
            }
        };
        let bundle = read(&path)?;
        Bundle::parse(&bundle).map_err(|error| damaged(&path, &error))?;
        Ok(Self { name, bundle, key })
    }

    /// Keeps it, durably.
    pub(super) fn keep(&self, instance: &Instance) -> Result<(), Failure> {
        if let Some(key) = &self.key {
            replace(&key_file(instance, &self.name), key.to_pem().as_bytes())?;
        }
        replace(&bundle_file(instance, &self.name), &self.bundle)
    }

    /// As how strictly a trusted root accepts it: with that many certificate logs that promised. None if it does not.
    pub(super) fn promises(&self, root: &TrustedRoot) -> Option<usize> {
        let most = usize::from(self.key.is_none());
        let mut counts = (0..=most).rev();
        counts.find(|promises| self.verify(root, *promises).is_ok())
    }

    /// Verifies it, with that many certificate logs that promised, and gives whose signature it is and who vouched: nobody's of a
    /// key for once.
    pub(super) fn verify(
        &self,
        root: &TrustedRoot,
        promises: usize,
    ) -> Result<Option<(String, String)>, String> {
        let policy = self.policy()?.with_thresholds(Thresholds {
            timestamps: 1,
            scts: promises,
            ..Thresholds::default()
        });
        let bundle = Bundle::parse(&self.bundle).map_err(|failure| causes(&failure))?;
        let verified =
            Verifier::new(root.clone()).verify(&bundle, Artifact::Bytes(ARTIFACT), &policy);
        Ok(match verified.map_err(|failure| causes(&failure))?.signer {
            Signer::Identity(signer) => Some((signer.identity, signer.issuer)),
            Signer::Key(_) => None,
        })
    }

    fn policy(&self) -> Result<Policy, String> {
        if let Some(key) = &self.key {
            return Ok(Policy::key(key.clone()));
        }
        let any = || Pattern::matching(".+").map_err(|error| error.to_string());
        Ok(Policy::any_identity(vec![(any()?, any()?)]))
    }
}

/// What is signed under a trusted root is named by what counts and has no end there.
pub(super) fn era(root: &TrustedRoot, now: OffsetDateTime) -> String {
    let is_open =
        |range: TimeRange| range.end.is_none() && range.start.is_none_or(|start| start <= now);
    let mut content = Vec::new();
    let logs = root.tlogs.iter().chain(&root.ctlogs);
    for log in logs.filter(|log| is_open(log.public_key.valid_for)) {
        content.extend_from_slice(log.log_id.key_id.as_slice());
    }
    let authorities = &root.certificate_authorities;
    let authorities = authorities.iter().chain(&root.timestamp_authorities);
    for authority in authorities.filter(|it| is_open(it.valid_for)) {
        let leaf = authority.cert_chain.certificates.first();
        content.extend(
            leaf.map(|leaf| HashAlgorithm::Sha256.digest(leaf.raw_bytes.as_slice()))
                .unwrap_or_default(),
        );
    }
    let mut name = hex::encode(HashAlgorithm::Sha256.digest(&content));
    name.truncate(16);
    name
}

fn bundle_file(instance: &Instance, name: &str) -> PathBuf {
    instance.path(FOLDER).join(format!("{name}{ENDING}"))
}

fn key_file(instance: &Instance, name: &str) -> PathBuf {
    instance.path(FOLDER).join(format!("{name}.pub"))
}

fn causes(failure: &sigstead_verify::Failure) -> String {
    sigstead_kit::causes(failure)
}

fn damaged(path: &std::path::Path, cause: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "E-CTL-457",
        format!("{} is not as sigctl wrote it", path.display()),
        "bring it back from a copy; with it the next trust root is tried",
    )
    .because(cause)
}

/// What is signed.
pub(super) const ARTIFACT: &[u8] = b"signed by sigctl before a publication\n";
pub(in crate::trust) const FOLDER: &str = "trust/signed";
const ENDING: &str = ".sigstore.json";
/// More than a bundle with one entry has.
const LARGEST: u64 = 1 << 20;
