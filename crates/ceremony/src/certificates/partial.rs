//! What one key signed: certificates, if it is a root's, and what its holder saw.

use serde::{Deserialize, Serialize};
use sigstead_key::PublicKey;
use time::OffsetDateTime;

use super::proposal::{CertificateProposal, root_name};
use crate::encoding::{encode, message, parse};
use crate::error::Error;
use crate::name::HolderName;
use crate::statement::Statement;

/// The signature of a key over a certificate, and over the statement of who saw which draft when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificatePartial {
    /// What is said.
    pub statement: Statement<String>,
    /// Over the certificate that the key issues, in hex: this is what clients see. A witness has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    /// Over the statement, in hex: this is for the transcript.
    attestation: String,
}

/// What a key has to sign.
#[derive(Debug)]
pub struct CertificateToSign {
    statement: Statement<String>,
    /// The certificate that it issues, if it is a root's.
    pub certificate: Option<Vec<u8>>,
    /// The statement.
    pub attested: Vec<u8>,
}

/// What a key signed of what it has to.
#[derive(Debug)]
pub struct CertificateSignatures {
    /// Over the certificate.
    pub certificate: Option<Vec<u8>>,
    /// Over the statement.
    pub attested: Vec<u8>,
}

/// A key that signs here.
struct Signatory {
    name: HolderName,
    key: PublicKey,
    /// What it signs that clients see.
    certificate: Option<Vec<u8>>,
}

impl CertificateToSign {
    /// What the holder of `key` has to sign of a proposal.
    ///
    /// # Errors
    /// If the key is nobody's here or has ended, or the clock is off, or it is too late.
    pub fn new(
        proposal: &CertificateProposal,
        key: &PublicKey,
        now: OffsetDateTime,
    ) -> Result<Self, Error> {
        proposal.check_clock(now)?;
        let signatory = signatory(proposal, &key.log_id().to_string(), now)?;
        let key = key.log_id().to_string();
        let statement = Statement::new(proposal.subject(), signatory.name, key, now);
        Ok(Self {
            certificate: signatory.certificate,
            attested: message(KIND, &statement)?,
            statement,
        })
    }

    /// Both signatures, with what they are over.
    #[must_use]
    pub fn signed(self, signatures: &CertificateSignatures) -> CertificatePartial {
        CertificatePartial {
            statement: self.statement,
            certificate: signatures.certificate.as_ref().map(hex::encode),
            attestation: hex::encode(&signatures.attested),
        }
    }
}

impl CertificatePartial {
    /// Reads the file of a signature, which is not checked yet.
    ///
    /// # Errors
    /// If it is of another shape.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        parse("the file of a signature", json)
    }

    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// The name of its file, without an ending.
    #[must_use]
    pub fn file_stem(&self) -> String {
        self.statement.file_stem()
    }

    /// Whether it is over this proposal, and not over another draft.
    #[must_use]
    pub fn is_over(&self, proposal: &CertificateProposal) -> bool {
        self.statement.is_about(proposal.subject())
    }

    /// Checks that its holder signed the proposal, in time.
    pub(super) fn check(&self, proposal: &CertificateProposal) -> Result<(), Error> {
        let statement = &self.statement;
        let refused = |why| statement.refused(why);
        let signatory = signatory(proposal, &statement.key, statement.signed_at)?;
        statement.check_name(&signatory.name)?;
        let attested = message(KIND, statement)?;
        if !is_signed(&signatory.key, &attested, &self.attestation) {
            return Err(refused("does not verify: its file was changed"));
        }
        statement.check_subject(proposal.subject())?;
        let is_certified = match (&signatory.certificate, &self.certificate) {
            (Some(bytes), Some(signature)) => is_signed(&signatory.key, bytes, signature),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !is_certified {
            return Err(refused("does not verify over the certificate"));
        }
        proposal.check_clock(statement.signed_at)
    }

    /// Over the certificate.
    pub(super) fn over_certificate(&self) -> Option<Vec<u8>> {
        hex::decode(self.certificate.as_ref()?).ok()
    }
}

/// Whose key it is in this ceremony.
fn signatory(
    proposal: &CertificateProposal,
    key: &str,
    now: OffsetDateTime,
) -> Result<Signatory, Error> {
    let is_it = |public: &PublicKey| public.log_id().to_string() == key;
    let root = proposal.root().public_key();
    if is_it(root) {
        return Ok(Signatory {
            name: root_name()?,
            key: root.clone(),
            certificate: Some(proposal.certificate()?.bytes_to_sign().to_vec()),
        });
    }
    if let Some((cross, before)) = proposal.cross()?
        && is_it(before.public_key())
    {
        return Ok(Signatory {
            name: ROOT_BEFORE
                .parse()
                .map_err(|_| Error::Draft("the root before has no name".to_owned()))?,
            key: before.public_key().clone(),
            certificate: Some(cross.bytes_to_sign().to_vec()),
        });
    }
    for witness in &proposal.draft().witnesses {
        if let Some(public) = witness.key.public_key()
            && is_it(&public)
        {
            witness.check_end(now)?;
            return Ok(Signatory {
                name: witness.name.clone(),
                key: public,
                certificate: None,
            });
        }
    }
    Err(Error::NotAHolder {
        key: key.to_owned(),
    })
}

fn is_signed(key: &PublicKey, message: &[u8], signature: &str) -> bool {
    hex::decode(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

const ROOT_BEFORE: &str = "root-before";
const KIND: &str = "sigstead certificate signature";
