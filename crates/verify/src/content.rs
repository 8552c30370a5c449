//! The signature over the artifact, and what a log must say about it.

use serde::Deserialize;
use sigstead_key::{Algorithm, HashAlgorithm, PublicKey};

use crate::failure::{Failing as _, ensure};
use crate::{Artifact, Check, Content, Failure};

impl Content {
    /// Verifies that the signature is one of `key` over the artifact.
    pub(crate) fn verify(&self, artifact: &Artifact<'_>, key: &PublicKey) -> Result<(), Failure> {
        match self {
            Self::Message { digest, signature } => {
                if let Some((algorithm, stated)) = digest {
                    let is_same = artifact
                        .digest(*algorithm)
                        .is_none_or(|known| known == *stated);
                    ensure(is_same, Check::ArtifactDigest)?;
                }
                verify_message(artifact, key, signature)
            }
            Self::Envelope {
                payload_type,
                payload,
                signature,
            } => {
                let signed = sigstead_entry::pae(payload_type, payload);
                verify_message(&Artifact::Bytes(&signed), key, signature)?;
                verify_statement(payload_type, payload, artifact)
            }
        }
    }

    /// The digest that the log's entry must have: of the artifact, or of the envelope's signed form.
    pub(crate) fn digest(
        &self,
        artifact: &Artifact<'_>,
        algorithm: HashAlgorithm,
    ) -> Option<Vec<u8>> {
        match self {
            Self::Message { .. } => artifact.digest(algorithm),
            Self::Envelope {
                payload_type,
                payload,
                ..
            } => Some(algorithm.digest(&sigstead_entry::pae(payload_type, payload))),
        }
    }
}

fn verify_message(
    artifact: &Artifact<'_>,
    key: &PublicKey,
    signature: &[u8],
) -> Result<(), Failure> {
    let algorithm = match key.algorithm() {
        // Clients sign digests with Ed25519 keys where a log is to check the signature, and messages elsewhere.
        Algorithm::Ed25519 => match artifact {
            Artifact::Bytes(bytes) if key.verify(bytes, signature).is_ok() => return Ok(()),
            _ => Algorithm::Ed25519Ph,
        },
        algorithm => algorithm,
    };
    let digest = artifact
        .digest(algorithm.hash())
        .failing(Check::ArtifactDigest)?;
    key.verify_prehashed(algorithm, &digest, signature)
        .failing(Check::Signature)
}

/// in-toto Statement v1 §Schema: the artifact is one of the subjects.
fn verify_statement(
    payload_type: &str,
    payload: &[u8],
    artifact: &Artifact<'_>,
) -> Result<(), Failure> {
    ensure(payload_type == IN_TOTO, Check::Statement)?;
    let statement: Statement = serde_json::from_slice(payload).failing(Check::Statement)?;
    // Another type may mean something else by its subjects.
    ensure(
        STATEMENT_TYPES.contains(&statement.statement_type.as_str()),
        Check::Statement,
    )?;
    let is_subject = statement.subject.iter().any(|subject| {
        // Every digest that can be compared must be the artifact's, and at least one can.
        let known = [
            (&subject.digest.sha256, HashAlgorithm::Sha256),
            (&subject.digest.sha384, HashAlgorithm::Sha384),
            (&subject.digest.sha512, HashAlgorithm::Sha512),
        ];
        let mut compared = known.into_iter().filter_map(|(stated, algorithm)| {
            let digest = artifact.digest(algorithm)?;
            Some(stated.as_ref()?.eq_ignore_ascii_case(&hex::encode(digest)))
        });
        compared
            .next()
            .is_some_and(|first| first && compared.all(|each| each))
    });
    ensure(is_subject, Check::Statement)
}

#[derive(Deserialize)]
struct Statement {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    digest: SubjectDigest,
}

/// Digests of other hashes are not compared.
#[derive(Deserialize)]
struct SubjectDigest {
    sha256: Option<String>,
    sha384: Option<String>,
    sha512: Option<String>,
}

const IN_TOTO: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPES: [&str; 2] = [
    "https://in-toto.io/Statement/v0.1",
    "https://in-toto.io/Statement/v1",
];
