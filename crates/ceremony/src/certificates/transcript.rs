//! What a stranger needs to check certificates again: no network, no secret.

use serde::{Deserialize, Serialize};
use sigstead_x509::Certificate;
use time::OffsetDateTime;

use super::count::certificate_tally;
use super::draft::CertificateDraft;
use super::issued::Issued;
use super::lint::{lint_certificates, lint_issued};
use super::partial::CertificatePartial;
use super::proposal::CertificateProposal;
use super::root::RootBrought;
use crate::clock::TOLERANCE;
use crate::draft::FORMAT;
use crate::encoding::{encode, parse};
use crate::error::Error;

/// All that went into a ceremony, and the certificates that came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateTranscript {
    format: u32,
    draft: CertificateDraft,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    root: Option<RootBrought>,
    signatures: Vec<CertificatePartial>,
    /// The chain, PEM: the certificate of the key first, its root last.
    pub chain: String,
    /// The new root as the one before certifies it, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross: Option<String>,
}

impl CertificateTranscript {
    /// Makes the certificates out of the signatures, which must be enough.
    ///
    /// # Errors
    /// If they are not, or one is none, or a certificate breaks a rule, or it is too late.
    pub fn finish(
        proposal: &CertificateProposal,
        signatures: Vec<CertificatePartial>,
        now: OffsetDateTime,
    ) -> Result<Self, Error> {
        lint_certificates(proposal, now)?;
        let mut signatures: Vec<_> = signatures
            .into_iter()
            .filter(|it| it.is_over(proposal))
            .collect();
        let dates = signatures.iter().map(|it| it.statement.signed_at);
        if let Some(latest) = dates.max().filter(|latest| *latest > now + TOLERANCE) {
            return Err(Error::Clock { now, latest });
        }
        let tally = certificate_tally(proposal, &signatures)?;
        if !tally.is_met() {
            return Err(Error::Uncertified(Box::new(tally)));
        }
        signatures.sort_by(|one, other| one.statement.key.cmp(&other.statement.key));
        let issued = Issued::by(proposal, &signatures)?;
        lint_issued(proposal, &issued)?;
        let chain = [&issued.certificate, proposal.root()];
        Ok(Self {
            format: FORMAT,
            draft: proposal.draft().clone(),
            root: proposal.brought().cloned(),
            signatures,
            chain: chain.into_iter().map(Certificate::to_pem).collect(),
            cross: issued.cross.as_ref().map(Certificate::to_pem),
        })
    }

    /// Reads a transcript, which is not checked yet.
    ///
    /// # Errors
    /// If it is of another shape or format.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let transcript: Self = parse("the transcript", json)?;
        match transcript.format == FORMAT {
            true => Ok(transcript),
            false => Err(Error::Format {
                what: "the transcript",
                found: transcript.format,
            }),
        }
    }

    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// The signatures, by their keys.
    #[must_use]
    pub fn signatures(&self) -> &[CertificatePartial] {
        &self.signatures
    }

    /// Does the whole ceremony again: every proof of possession, every signature, every rule.
    ///
    /// # Errors
    /// If any part of it does not hold, or the certificates are not what the parts make.
    pub fn verify(&self) -> Result<CertificateProposal, Error> {
        let proposal = CertificateProposal::new(self.draft.clone(), self.root.clone())?;
        let signed_at = self.signatures.iter().map(|it| it.statement.signed_at);
        let last = signed_at.max().unwrap_or(self.draft.made_at);
        let again = Self::finish(&proposal, self.signatures.clone(), last)?;
        match again == *self {
            true => Ok(proposal),
            false => Err(Error::Transcript("has another result than its parts make")),
        }
    }
}
