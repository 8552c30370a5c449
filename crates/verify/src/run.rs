//! The order of the checks.

use sigstead_key::PublicKey;
use sigstead_trust_root::TrustedRoot;

use crate::accepted::{Accepted, Attestation, Signer, VerifiedEntry, VerifiedTime};
use crate::artifact::{Artifact, Digests};
use crate::body::Body;
use crate::body::expected::Expected;
use crate::bundle::{Bundle, Content, Material};
use crate::bundle_entry::LogEntry;
use crate::certificate::Candidate;
use crate::certification::Certification;
use crate::check::Check;
use crate::content::Signed;
use crate::explanation::Trace;
use crate::failure::{Failure, reach};
use crate::policy::{Policy, Wanted};
use crate::statement::Statement;
use crate::trust::{TrustedLog, first};
use crate::{log_entry, time};

/// One bundle, one trusted root, one policy.
pub(crate) struct Run<'a> {
    pub(crate) root: &'a TrustedRoot,
    pub(crate) bundle: &'a Bundle,
    pub(crate) policy: &'a Policy,
}

impl Run<'_> {
    pub(crate) fn verify(
        &self,
        artifact: Artifact<'_>,
        trace: &mut Trace,
    ) -> Result<Accepted, Failure> {
        let Self {
            root,
            bundle,
            policy,
        } = self;
        // 1. The key that is to have signed: certified, or known.
        let key = self.signing_key()?;
        trace.passed(Check::SignerKind, wanted_kind(policy), signer_kind(bundle));

        // 2. What the log entries say, read but not believed: it names the hash functions.
        let bodies: Result<Vec<_>, _> = bundle.entries.iter().map(Body::read).collect();
        let bodies = bodies?;

        // 3. The signature is the key's over the artifact, which is the one that the bundle names, or over an attestation.
        let encoding = self.encoding();
        let digests = self.signed_digests(artifact, encoding.as_deref())?;
        bundle.content.check_stated(&digests)?;
        let signed = Signed {
            bytes: encoding.as_deref().or_else(|| artifact.bytes()),
            digests: &digests,
        };
        let hash = signed.verify(key, &bundle.named_hashes()?, bundle.signature())?;
        let what = format!("a signature of the key {}", key.fingerprint());
        trace.passed(Check::Signature, what, format!("one over {}", hash.name()));

        // 4. The attestation is about the artifact, and of the type that is asked for.
        let artifact = match encoding {
            Some(_) => self.digests(artifact)?,
            None => digests.clone(),
        };
        let attestation = self.attestation(&artifact, trace)?;

        // 5. The log entries are about this signature.
        let expected = Expected {
            bundle,
            signed: &signed,
            key,
        };
        for (entry, body) in bundle.entries.iter().zip(&bodies) {
            expected.check(entry, body)?;
        }

        // 6. When the signature existed, by timestamp authorities, and in which logs that are known and were trusted then.
        let mut times = time::timestamps(root, bundle)?;
        self.check_timestamps(&times, trace)?;
        let mut entries = Vec::new();
        let mut promised = Vec::new();
        for (entry, body) in bundle.entries.iter().zip(&bodies) {
            if let Some((found, promise)) = self.log_entry(entry, body, &times)? {
                policy.check_entry(&found)?;
                trace.passed(
                    Check::EntryBody,
                    "an entry about this signature",
                    tell(&found),
                );
                entries.push(found);
                promised.extend(promise);
            }
        }
        self.check_entries(&entries, &promised, trace)?;
        times.extend(promised);

        // 7. Who held the key at each of those times.
        let signer = match &bundle.material {
            Material::PublicKey => Signer::Key(key.clone()),
            Material::Certificate(leaf) => {
                let certification = Certification { root, policy };
                let signer = certification.signer(Candidate(leaf), &times, trace)?;
                Signer::Identity(Box::new(signer))
            }
        };
        Ok(Accepted {
            signer,
            times,
            entries,
            artifact,
            attestation,
        })
    }

    fn signing_key(&self) -> Result<&PublicKey, Failure> {
        match (&self.bundle.material, &self.policy.signer) {
            (Material::Certificate(leaf), Wanted::Identities(_)) => Ok(leaf.public_key()),
            (Material::PublicKey, Wanted::Key(key)) => Ok(key),
            _ => Err(Failure::unlike(
                Check::SignerKind,
                wanted_kind(self.policy),
                signer_kind(self.bundle),
            )),
        }
    }

    /// The artifact's digests: hashed once, with every hash function that anything here is compared by.
    fn digests(&self, artifact: Artifact<'_>) -> Result<Digests, Failure> {
        match artifact {
            Artifact::Bytes(bytes) => {
                let hashes = self.bundle.hashes(self.policy.wanted_key())?;
                Ok(Digests::of_bytes(&hashes, bytes))
            }
            Artifact::Digests(digests) => Ok(digests.clone()),
        }
    }

    /// What the signature of an envelope is over.
    fn encoding(&self) -> Option<Vec<u8>> {
        match &self.bundle.content {
            Content::Message { .. } => None,
            Content::Envelope {
                payload_type,
                payload,
                ..
            } => Some(sigstead_entry::pae(payload_type, payload)),
        }
    }

    /// The digests of what the signature is over.
    fn signed_digests(
        &self,
        artifact: Artifact<'_>,
        encoding: Option<&[u8]>,
    ) -> Result<Digests, Failure> {
        let Some(bytes) = encoding else {
            return self.digests(artifact);
        };
        let hashes = self.bundle.signature_hashes(self.policy.wanted_key())?;
        Ok(Digests::of_bytes(&hashes, bytes))
    }

    fn attestation(
        &self,
        artifact: &Digests,
        trace: &mut Trace,
    ) -> Result<Option<Attestation>, Failure> {
        let wanted = self.policy.predicate_type.as_deref();
        let Content::Envelope {
            payload_type,
            payload,
            ..
        } = &self.bundle.content
        else {
            return match wanted {
                Some(wanted) => {
                    let found = "a signature over the artifact itself";
                    Err(Failure::unlike(
                        Check::PredicateType,
                        format!("{wanted:?}"),
                        found,
                    ))
                }
                None => Ok(None),
            };
        };
        let statement = Statement::read(payload_type, payload)?;
        let subject = statement.subject(artifact)?.clone();
        let found = format!("{:?}", statement.predicate_type);
        trace.passed(
            Check::Statement,
            "a statement about the artifact",
            format!(
                "{:?} among {} subjects",
                subject.name,
                statement.subjects.len()
            ),
        );
        if let Some(wanted) = wanted {
            let expected = format!("{wanted:?}");
            if wanted != statement.predicate_type {
                return Err(Failure::unlike(Check::PredicateType, expected, found));
            }
            trace.passed(Check::PredicateType, expected, found);
        }
        Ok(Some(Attestation {
            statement,
            subject,
            payload: payload.clone(),
        }))
    }

    fn check_timestamps(&self, times: &[VerifiedTime], trace: &mut Trace) -> Result<(), Failure> {
        let wanted = self.policy.thresholds.timestamps;
        let mut authorities: Vec<_> = times.iter().map(|each| each.url.as_str()).collect();
        authorities.sort_unstable();
        authorities.dedup();
        reach(
            Check::TimestampThreshold,
            wanted,
            authorities.len(),
            "authorities",
        )?;
        for each in times {
            let found = format!("{} of {}", each.time, each.url);
            trace.passed(Check::Timestamp, "a timestamp of the signature", found);
        }
        Ok(())
    }

    /// Verifies an entry in its log; none if the trusted root does not know the log and the policy can do without.
    fn log_entry(
        &self,
        entry: &LogEntry,
        body: &Body,
        times: &[VerifiedTime],
    ) -> Result<Option<(VerifiedEntry, Option<VerifiedTime>)>, Failure> {
        let logs = TrustedLog::of_signatures(self.root, &entry.log_id);
        first(logs.map(|log| log_entry::verify(entry, body.version(), &log?, times)))
    }

    fn check_entries(
        &self,
        entries: &[VerifiedEntry],
        promised: &[VerifiedTime],
        trace: &mut Trace,
    ) -> Result<(), Failure> {
        let thresholds = self.policy.thresholds;
        let stated = self.bundle.entries.len();
        let is_stranger = entries.len() < thresholds.entries && stated >= thresholds.entries;
        if let Some(entry) = self.bundle.entries.first().filter(|_| is_stranger) {
            let found = format!("the log {}", hex::encode(&entry.log_id));
            return Err(Failure::unlike(
                Check::LogUnknown,
                "a log of the trusted root",
                found,
            ));
        }
        reach(
            Check::EntryThreshold,
            thresholds.entries,
            entries.len(),
            "log entries",
        )?;
        reach(
            Check::PromiseThreshold,
            thresholds.promises,
            promised.len(),
            "promises",
        )?;
        trace.passed(
            Check::EntryThreshold,
            format!("at least {} log entries", thresholds.entries),
            entries.len(),
        );
        Ok(())
    }
}

const fn wanted_kind(policy: &Policy) -> &'static str {
    match &policy.signer {
        Wanted::Identities(_) => "a certificate",
        Wanted::Key(_) => "a known key",
    }
}

const fn signer_kind(bundle: &Bundle) -> &'static str {
    match &bundle.material {
        Material::Certificate(_) => "a certificate",
        Material::PublicKey => "a known key",
    }
}

/// Where an entry is, by what its log signed.
fn tell(entry: &VerifiedEntry) -> String {
    let mut told = Vec::new();
    if let (Some(index), Some(size)) = (entry.tree_index, entry.tree_size) {
        told.push(format!("index {index} in a tree of {size} entries"));
    }
    if let Some(index) = entry.promised_index {
        told.push(format!("index {index} by promise"));
    }
    format!("{} of {}", told.join(", "), entry.log_url)
}
