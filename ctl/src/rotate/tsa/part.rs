//! What the plan says of the timestamp authority, and the files of its next key.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sigstead_trust_root::{AuthorityState, Base64Bytes, TimeRange};

use crate::rotate::plan::Plan;

/// The chains of the timestamp authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TsaKey {
    /// The URL that clients dial.
    pub(super) url: String,
    /// The chain of the key that signs now, DER.
    pub(super) old_chain: Vec<Base64Bytes>,
    /// The chain of the next key, once it is made.
    pub(super) next_chain: Vec<Base64Bytes>,
}

pub(super) type TsaPlan = Plan<TsaKey>;

impl TsaPlan {
    /// The file of the next key, in the folder of the service.
    pub(super) fn key(&self) -> PathBuf {
        PathBuf::from(format!("keys/tsa-{}.key", self.number))
    }

    /// The file of its chain, in the folder of the service.
    pub(super) fn chain(&self) -> PathBuf {
        PathBuf::from(format!("chain-{}.pem", self.number))
    }

    /// The next chain as clients are told of it.
    pub(super) fn announced(&self) -> AuthorityState {
        AuthorityState {
            url: self.role.url.clone(),
            chain: self.role.next_chain.clone(),
            valid_for: TimeRange::since(self.counts_from),
            in_service: true,
        }
    }
}
