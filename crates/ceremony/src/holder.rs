//! People who hold a key of the root role.

use serde::{Deserialize, Serialize};
use sigstead_trust_root::tuf::{TufKey, TufKeyId};
use time::OffsetDateTime;

use crate::error::Error;
use crate::name::HolderName;

/// A person, or a safe, and the key that she holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// What she is called in the ceremony.
    pub name: HolderName,
    /// The public half of her key.
    pub key: TufKey,
    /// When she is to have another key, if the key has a planned end.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub until: Option<OffsetDateTime>,
}

impl Holder {
    /// The identifier of her key.
    #[must_use]
    pub fn key_id(&self) -> TufKeyId {
        self.key.id()
    }

    /// The first digits of the key's identifier, by which people tell keys apart.
    #[must_use]
    pub fn short_key_id(&self) -> String {
        self.key_id().to_string().chars().take(8).collect()
    }

    /// Refuses a key whose planned end is past.
    pub(crate) fn check_end(&self, now: OffsetDateTime) -> Result<(), Error> {
        match self.until {
            Some(until) if until <= now => Err(Error::KeyEnded {
                name: self.name.clone(),
                until,
            }),
            _ => Ok(()),
        }
    }
}
