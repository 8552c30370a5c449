//! The next keys of the roles that the service signs for every day, where the next root names others.

use std::slice;

use serde::{Deserialize, Serialize};
use sigstead_trust_root::tuf::{Role, Root, Snapshot, Timestamp, TufKey};

use crate::encoding::{is_signed, message};
use crate::error::Error;

/// The next keys of both roles. The office has them, and none of the holders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnlineKeys {
    /// Signs snapshots.
    pub snapshot: OnlineKey,
    /// Signs timestamps.
    pub timestamp: OnlineKey,
}

/// A key, and the proof that who wrote the draft has its private half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnlineKey {
    /// The public half.
    pub key: TufKey,
    /// The signature of the key over [`OnlineKey::bytes_to_sign`], in hex.
    proof: String,
}

/// What a key states: for which role of which ceremony it is.
#[derive(Serialize)]
struct Statement<'a> {
    ceremony: &'a str,
    role: &'a str,
    key: &'a TufKey,
}

impl OnlineKey {
    /// What the key of role `T` signs for a ceremony.
    ///
    /// # Errors
    /// If the statement has no canonical form.
    pub fn bytes_to_sign<T: Role>(ceremony: &str, key: &TufKey) -> Result<Vec<u8>, Error> {
        let statement = Statement {
            ceremony,
            role: T::NAME,
            key,
        };
        message(KIND, &statement)
    }

    /// A key with its signature over those bytes.
    #[must_use]
    pub fn proven_by(key: TufKey, signature: &[u8]) -> Self {
        Self {
            key,
            proof: hex::encode(signature),
        }
    }

    fn check<T: Role>(&self, ceremony: &str) -> Result<(), Error> {
        let message = Self::bytes_to_sign::<T>(ceremony, &self.key)?;
        match is_signed(&self.key, &message, &self.proof) {
            true => Ok(()),
            false => Err(Error::Draft(format!(
                "the next key of the {} role is not proven for this ceremony",
                T::NAME
            ))),
        }
    }
}

impl OnlineKeys {
    /// Checks the proofs.
    pub(crate) fn check(&self, ceremony: &str) -> Result<(), Error> {
        self.snapshot.check::<Snapshot>(ceremony)?;
        self.timestamp.check::<Timestamp>(ceremony)
    }

    /// The root with these keys in place of those that it names.
    pub(crate) fn named_by(&self, root: Root) -> Root {
        root.with_role(Snapshot::NAME, slice::from_ref(&self.snapshot.key), 1)
            .with_role(Timestamp::NAME, slice::from_ref(&self.timestamp.key), 1)
    }

    /// Both, each with the name of its role.
    pub(crate) fn all(&self) -> [(&'static str, &TufKey); 2] {
        [
            (Snapshot::NAME, &self.snapshot.key),
            (Timestamp::NAME, &self.timestamp.key),
        ]
    }
}

const KIND: &str = "sigstead ceremony online key";
