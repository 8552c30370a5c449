//! What a stranger needs to check a ceremony again: no network, no secret.

use serde::{Deserialize, Serialize};
use sigstead_trust_root::tuf::{Root, Signed, Targets};
use time::OffsetDateTime;

use crate::assembly::assemble;
use crate::draft::{Draft, FORMAT};
use crate::encoding::{encode, parse};
use crate::error::Error;
use crate::join::Join;
use crate::lint::{LARGEST_FILE, lint};
use crate::partial::Partial;
use crate::proposal::Proposal;

/// All that went into a ceremony, and what came of it. Nothing of it is there that its holders did not sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    format: u32,
    draft: Draft,
    joins: Vec<Join>,
    signatures: Vec<Partial>,
    /// The next root.
    pub root: Signed<Root>,
    /// The versions of the targets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Signed<Targets>>,
}

impl Transcript {
    /// Makes the root out of the signatures, which must be enough.
    ///
    /// # Errors
    /// If they are not, or one is none, or the proposal breaks a rule, or it is too late.
    pub fn finish(
        proposal: &Proposal,
        signatures: Vec<Partial>,
        now: OffsetDateTime,
    ) -> Result<Self, Error> {
        lint(proposal, now)?;
        let made = assemble(proposal, signatures, now)?;
        let targets = made.targets.iter().map(|targets| targets.encode().len());
        let mut files = targets.chain([made.root.encode().len()]);
        if files.any(|length| length > LARGEST_FILE) {
            return Err(Error::Rule(
                "the next root or a version of the targets is larger than clients read".to_owned(),
            ));
        }
        Ok(Self {
            format: FORMAT,
            draft: proposal.draft().clone(),
            joins: proposal.joins().to_vec(),
            signatures: made.partials,
            root: made.root,
            targets: made.targets,
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
    pub fn signatures(&self) -> &[Partial] {
        &self.signatures
    }

    /// Does the whole ceremony again: every proof of possession, every signature, every rule, both thresholds.
    ///
    /// # Errors
    /// If any part of it does not hold, or the root is not what the parts make.
    pub fn verify(&self) -> Result<Proposal, Error> {
        let proposal = Proposal::new(self.draft.clone(), self.joins.clone())?;
        let signed_at = self.signatures.iter().map(|it| it.statement.signed_at);
        let last = signed_at.max().unwrap_or(self.draft.made_at);
        let again = Self::finish(&proposal, self.signatures.clone(), last)?;
        match again == *self {
            true => Ok(proposal),
            false => Err(Error::Transcript("has another result than its parts make")),
        }
    }
}
