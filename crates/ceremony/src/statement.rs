//! What is said beside a signature: who signed which draft, and when.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::encoding::whole_seconds;
use crate::error::Error;
use crate::name::HolderName;
use crate::words::Digest;

/// Who signed which draft, and when. `K` is how the ceremony names a key: a root of TUF by the identifier of TUF, a certificate
/// by the SHA-256 of the key's SPKI in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement<K> {
    ceremony: String,
    /// The number of the draft.
    draft: u32,
    /// The digest of what was signed, in hex.
    digest: String,
    /// Who signed.
    pub name: HolderName,
    /// With which key.
    pub key: K,
    /// When, by the clock of the machine.
    #[serde(with = "time::serde::rfc3339")]
    pub signed_at: OffsetDateTime,
}

/// What a statement is about: one draft of one ceremony, and all that follows from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) ceremony: &'a str,
    pub(crate) draft: u32,
    pub(crate) digest: &'a Digest,
}

impl<K: Display> Statement<K> {
    pub(crate) fn new(subject: Subject<'_>, name: HolderName, key: K, now: OffsetDateTime) -> Self {
        Self {
            ceremony: subject.ceremony.to_owned(),
            draft: subject.draft,
            digest: subject.digest.to_string(),
            signed_at: whole_seconds(now),
            name,
            key,
        }
    }

    /// Whether it is about this draft, and not about another one.
    pub(crate) fn is_about(&self, subject: Subject<'_>) -> bool {
        self.ceremony == subject.ceremony
            && self.draft == subject.draft
            && self.digest == subject.digest.to_string()
    }

    /// # Errors
    /// If it is about another draft.
    pub(crate) fn check_subject(&self, subject: Subject<'_>) -> Result<(), Error> {
        match self.is_about(subject) {
            true => Ok(()),
            false => Err(Error::OtherDraft {
                name: self.name.clone(),
                signed: self.draft,
                current: subject.draft,
            }),
        }
    }

    /// # Errors
    /// If the key is not the one of whoever says so.
    pub(crate) fn check_name(&self, holder: &HolderName) -> Result<(), Error> {
        match self.name == *holder {
            true => Ok(()),
            false => Err(self.refused("is with the key of somebody else")),
        }
    }

    /// Why the signature that says this does not count.
    pub(crate) fn refused(&self, why: &'static str) -> Error {
        Error::Signature {
            name: self.name.clone(),
            why,
        }
    }

    /// The name of the signature's file, without an ending: a holder who gets a new key signs with both.
    pub(crate) fn file_stem(&self) -> String {
        let key: String = self.key.to_string().chars().take(8).collect();
        format!("{}-{key}", self.name)
    }
}
