//! A medium with a draft of certificates.

use std::path::PathBuf;

use sigstead_ceremony::certificates::{
    CertificateDraft, CertificatePartial, CertificateProposal, CertificateTranscript, RootBrought,
};

use super::super::medium::{Medium, SIGNATURES, none};
use super::super::refusal::refused;
use crate::failure::Failure;

/// The medium. Nothing on it is taken for what it says it is.
pub(super) struct CertificateMedium<'a>(Medium<'a>);

impl<'a> CertificateMedium<'a> {
    pub(super) const fn of(medium: Medium<'a>) -> Self {
        Self(medium)
    }

    pub(super) const fn files(&self) -> &Medium<'a> {
        &self.0
    }

    /// The draft, which must be there.
    pub(super) fn draft(&self) -> Result<CertificateDraft, Failure> {
        let draft = self.0.find(DRAFT)?;
        let draft = draft.ok_or_else(|| none(&self.0.path("")))?;
        CertificateDraft::parse(&draft).map_err(|error| self.0.named(DRAFT, error))
    }

    /// What is to be signed.
    pub(super) fn proposal(&self) -> Result<CertificateProposal, Failure> {
        let brought = self.0.find(BROUGHT)?;
        let brought = brought.map(|json| RootBrought::parse(&json));
        let brought = brought.transpose();
        let brought = brought.map_err(|error| self.0.named(BROUGHT, error))?;
        CertificateProposal::new(self.draft()?, brought).map_err(refused)
    }

    /// The signatures so far.
    pub(super) fn partials(&self) -> Result<Vec<CertificatePartial>, Failure> {
        self.0.all(
            SIGNATURES,
            CertificatePartial::parse,
            CertificatePartial::file_stem,
        )
    }

    /// The file of a signature, and whether one over this proposal is there. What is over another makes room.
    pub(super) fn place_of(
        &self,
        partial: &CertificatePartial,
        proposal: &CertificateProposal,
    ) -> Result<String, Failure> {
        let file = format!("{SIGNATURES}/{}.json", partial.file_stem());
        let there = self.0.find(&file)?;
        let there = there.map(|json| CertificatePartial::parse(&json));
        let there = there.transpose().map_err(refused)?;
        if there.is_some_and(|there| there.is_over(proposal)) {
            self.0.refuse_existing(&file)?;
        }
        Ok(file)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }
}

/// Whether a medium has a draft of certificates.
pub(in crate::ceremony) fn are_on(medium: &Medium<'_>) -> Result<bool, Failure> {
    Ok(medium.find(DRAFT)?.is_some())
}

/// Whether a transcript is one of certificates. What it says is read afterwards.
pub(in crate::ceremony) fn is_transcript(json: &[u8]) -> bool {
    CertificateTranscript::parse(json).is_ok()
}

pub(super) const DRAFT: &str = "certificates.json";
pub(super) const CHAIN: &str = "chain.pem";
/// The new root, as the one brought it who made its key.
pub(super) const BROUGHT: &str = "joins/root.json";
