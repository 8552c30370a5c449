//! What the plan says of certificates.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::rotate::plan::Plan;

/// The certificates of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Leaves<K> {
    /// The next ones by their places, once they are made: SHA-256, hex.
    pub(super) next: BTreeMap<String, String>,
    /// The serial number of the operator's of now, if it is of this kind.
    pub(super) former: Option<String>,
    #[serde(skip)]
    kind: PhantomData<K>,
}

pub(super) type LeavesPlan<K> = Plan<Leaves<K>>;

impl<K> Leaves<K> {
    /// Nothing is made yet.
    pub(super) const fn new(former: Option<String>) -> Self {
        Self {
            next: BTreeMap::new(),
            former,
            kind: PhantomData,
        }
    }
}
