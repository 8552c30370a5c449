//! What the plan says of an authority.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sigstead_trust_root::{AuthorityState, Base64Bytes};

use crate::rotate::plan::Plan;
use crate::rotate::root_source::RootSource;

/// The chains of an authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::rotate) struct Chains<A> {
    /// The URL that clients dial.
    pub(super) url: String,
    /// The chain of the key that signs now, DER.
    pub(in crate::rotate) old_chain: Vec<Base64Bytes>,
    /// The chain of the next key, once it is made.
    pub(super) next_chain: Vec<Base64Bytes>,
    /// Where the root of the next chain comes from, if not from where that of this role usually does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) root: Option<RootSource>,
    #[serde(skip)]
    authority: PhantomData<A>,
}

pub(in crate::rotate) type ChainPlan<A> = Plan<Chains<A>>;

impl<A> Chains<A> {
    /// Nothing is made yet.
    pub(super) fn of(old: &AuthorityState) -> Self {
        Self {
            url: old.url.clone(),
            old_chain: old.chain.clone(),
            next_chain: Vec::new(),
            root: None,
            authority: PhantomData,
        }
    }
}
