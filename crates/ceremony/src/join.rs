//! How a holder answers an invitation.

use serde::{Deserialize, Serialize};
use sigstead_trust_root::tuf::TufKey;
use time::OffsetDateTime;

use crate::draft::Draft;
use crate::encoding::{encode, is_signed, message, parse};
use crate::error::Error;
use crate::holder::Holder;
use crate::name::HolderName;

/// A holder and her key, and the proof that she has its private half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// What is said.
    pub statement: JoinStatement,
    /// The signature of the key over the statement, in hex.
    proof: String,
}

/// Who joins which ceremony with which key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinStatement {
    /// The ceremony, so that a proof is of no use in another one.
    ceremony: String,
    /// The holder with her key.
    pub holder: Holder,
    /// When she answered.
    #[serde(with = "time::serde::rfc3339")]
    pub joined_at: OffsetDateTime,
}

impl JoinStatement {
    /// The statement of somebody who is invited.
    ///
    /// # Errors
    /// If the draft invites nobody of that name, or the clock is behind the draft.
    pub fn new(
        draft: &Draft,
        name: &HolderName,
        key: TufKey,
        until: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<Self, Error> {
        draft.check_invited(name, now)?;
        Ok(Self {
            ceremony: draft.ceremony.clone(),
            holder: Holder {
                name: name.clone(),
                key,
                until,
            },
            joined_at: now,
        })
    }

    /// What the key signs.
    ///
    /// # Errors
    /// If the statement has no canonical form.
    pub fn bytes_to_sign(&self) -> Result<Vec<u8>, Error> {
        message(KIND, self)
    }

    /// The statement with the signature of its key.
    #[must_use]
    pub fn proven_by(self, signature: &[u8]) -> Join {
        Join {
            statement: self,
            proof: hex::encode(signature),
        }
    }
}

impl Join {
    /// Reads the file of a holder. What it proves is not checked yet.
    ///
    /// # Errors
    /// If it is of another shape.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        parse("the file of a holder who joins", json)
    }

    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Who joins.
    #[must_use]
    pub const fn name(&self) -> &HolderName {
        &self.statement.holder.name
    }

    /// Checks that the holder is invited to this ceremony and has the key.
    pub(crate) fn check(&self, draft: &Draft) -> Result<(), Error> {
        let refused = |why| Error::Join {
            name: self.name().clone(),
            why,
        };
        if self.statement.ceremony != draft.ceremony {
            return Err(refused("was brought to another ceremony"));
        }
        draft.check_invites(self.name())?;
        let message = self.statement.bytes_to_sign()?;
        match is_signed(&self.statement.holder.key, &message, &self.proof) {
            true => Ok(()),
            false => Err(refused("does not prove that she has the key")),
        }
    }
}

const KIND: &str = "sigstead ceremony join";
