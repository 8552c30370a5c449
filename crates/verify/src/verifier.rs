//! The order of the checks.

use sigstead_key::PublicKey;
use sigstead_trust_root::TrustedRoot;

use crate::body::Expected;
use crate::certificate::Candidate;
use crate::failure::{Failing as _, ensure};
use crate::trust::TrustedLog;
use crate::{
    Accepted, Artifact, Bundle, Check, Failure, Material, Policy, Signer, TimeSource, VerifiedTime,
    log_entry, time,
};

/// Verifies bundles against one trusted root.
#[derive(Debug, Clone)]
pub struct Verifier {
    root: TrustedRoot,
}

impl Verifier {
    /// A verifier that trusts what `root` says.
    #[must_use]
    pub const fn new(root: TrustedRoot) -> Self {
        Self { root }
    }

    /// Runs all checks (Sigstore client specification §4). The first that fails is the one that is told.
    ///
    /// # Errors
    /// If a check fails.
    pub fn verify(
        &self,
        bundle: &Bundle,
        artifact: Artifact<'_>,
        policy: &Policy,
    ) -> Result<Accepted, Failure> {
        // 1. The key that is to have signed: certified, or known.
        let key = signing_key(bundle, policy)?;

        // 2. The signature is that key's, over this artifact.
        bundle.content.verify(&artifact, key)?;

        // 3. The log entry is about this signature.
        let version = Expected {
            bundle,
            artifact,
            key,
        }
        .check()?;

        // 4. The entry is in a log that is known, which signed for it.
        let log = TrustedLog::of_signatures(&self.root, &bundle.entry.log_id)?;
        let promised = log_entry::check(&bundle.entry, version, &log)?;

        // 5. When the signature existed. Version 2 of the log states no time.
        let mut times = time::timestamps(&self.root, bundle)?;
        times.extend(promised.map(|time| VerifiedTime {
            time,
            source: TimeSource::Log,
        }));
        check_times(&times, &log, policy)?;

        // 6. Who held the key at each of those times.
        let signer = match &bundle.material {
            Material::PublicKey => Signer::Key(key.clone()),
            Material::Certificate {
                leaf,
                intermediates,
            } => self.check_certificate(
                &Candidate {
                    leaf,
                    intermediates,
                },
                &times,
                policy,
            )?,
        };
        Ok(Accepted {
            signer,
            times,
            log_index: bundle.entry.log_index,
            log_url: log.instance.base_url.clone(),
        })
    }

    fn check_certificate(
        &self,
        candidate: &Candidate<'_>,
        times: &[VerifiedTime],
        policy: &Policy,
    ) -> Result<Signer, Failure> {
        let mut issuer = None;
        for each in times {
            issuer = Some(candidate.issuer_at(&self.root, each.time)?);
        }
        candidate.check_scts(&self.root, &issuer.failing(Check::TimeMissing)?)?;
        candidate.check_identity(policy)
    }
}

fn signing_key<'a>(bundle: &'a Bundle, policy: &'a Policy) -> Result<&'a PublicKey, Failure> {
    match (&bundle.material, policy) {
        (Material::Certificate { leaf, .. }, Policy::Identity { .. }) => Ok(leaf.public_key()),
        (Material::PublicKey, Policy::Key(key)) => Ok(key),
        _ => Err(Check::SignerKind.into()),
    }
}

fn check_times(
    times: &[VerifiedTime],
    log: &TrustedLog<'_>,
    policy: &Policy,
) -> Result<(), Failure> {
    // A known key does not expire; a certificate does, minutes after it was issued.
    let needs_time = matches!(policy, Policy::Identity { .. });
    ensure(!needs_time || !times.is_empty(), Check::TimeMissing)?;
    // A log without a beginning could have signed before it existed.
    ensure(
        log.instance.public_key.valid_for.start.is_some(),
        Check::LogTime,
    )?;
    ensure(
        times.iter().all(|each| log.is_trusted_at(each.time)),
        Check::LogTime,
    )
}
