//! A new root, brought by the one who made its key.

use serde::{Deserialize, Serialize};
use sigstead_key::PublicKey;
use sigstead_x509::{CaKind, CaProfile, Certificate, UnsignedCertificate};
use time::OffsetDateTime;

use super::draft::{CertificateDraft, Term, unreadable};
use crate::encoding::{encode, parse};
use crate::error::Error;

/// The certificate that the key of a new root signed for itself, which proves that it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootBrought {
    /// The ceremony for which it was made.
    ceremony: String,
    /// When, by the clock of the machine of its key.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// The certificate, PEM.
    certificate: String,
}

impl RootBrought {
    /// A root for the ceremony of a draft.
    #[must_use]
    pub fn new(draft: &CertificateDraft, root: &Certificate, made_at: OffsetDateTime) -> Self {
        Self {
            ceremony: draft.ceremony.clone(),
            made_at,
            certificate: root.to_pem(),
        }
    }

    /// What a key signs to be the root that a draft wants.
    ///
    /// # Errors
    /// If a name has no DER form.
    pub fn to_sign(term: &Term, key: &PublicKey) -> Result<UnsignedCertificate, Error> {
        let profile = CaProfile {
            subject: term.name(),
            public_key: key.clone(),
            validity: term.validity(),
            kind: CaKind::Root,
            serial: term.serial()?,
        };
        profile.self_signed().map_err(unreadable("the new root"))
    }

    /// Reads the file. What it says is not checked yet.
    ///
    /// # Errors
    /// If it is of another shape.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        parse("the file of a new root", json)
    }

    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// The certificate, which must be to the byte what the draft says and signed with its own key.
    pub(super) fn check(&self, draft: &CertificateDraft) -> Result<Certificate, Error> {
        let what = "the new root";
        if self.ceremony != draft.ceremony {
            return Err(Error::Draft(format!(
                "{what} was made for another ceremony"
            )));
        }
        let term = draft
            .new_root()
            .ok_or_else(|| Error::Draft(format!("{what} is none that the draft wants")))?;
        let root = Certificate::from_pem(&self.certificate).map_err(unreadable(what))?;
        root.verify_signed_by(&root).map_err(unreadable(what))?;
        let wanted = Self::to_sign(term, root.public_key())?;
        match wanted.bytes_to_sign() == root.tbs_der() {
            true => Ok(root),
            false => Err(Error::Draft(format!(
                "{what} says something else than the draft"
            ))),
        }
    }
}
