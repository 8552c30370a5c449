//! The authorities whose chains may come from elsewhere, by their names.

use std::path::PathBuf;

use clap::ValueEnum;
use sigstead_trust_root::Base64Bytes;
use sigstead_x509::Certificate;

use super::authority::{Authority, Awaited, bring, key_of_now, look};
use super::ca::{Ca, Intermediate, Root};
use super::tsa::Tsa;
use crate::failure::Failure;
use crate::instance::Instance;

/// Where the key of the root of one of the certificate authority's chains is, if it is in the instance.
pub(crate) fn root_key_of(instance: &Instance, chain: &[Base64Bytes]) -> Result<PathBuf, Failure> {
    key_of_now(instance, <Ca<Root> as Authority>::FILES.root, chain)
}

/// The rotation of an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChainRole {
    /// The intermediate of the certificate authority.
    CaIntermediate,
    /// The root of the certificate authority, and an intermediate of it.
    CaRoot,
    /// The timestamp authority.
    Tsa,
}

impl ChainRole {
    /// What its open rotation waits for.
    pub(crate) fn awaited(self, instance: &Instance) -> Result<Awaited, Failure> {
        match self {
            Self::CaIntermediate => look::<Ca<Intermediate>>(instance),
            Self::CaRoot => look::<Ca<Root>>(instance),
            Self::Tsa => look::<Tsa>(instance),
        }
    }

    /// Refuses a chain that its open rotation cannot take.
    pub(crate) fn check(self, instance: &Instance, chain: &[Certificate]) -> Result<(), Failure> {
        self.bring(instance, chain, false)
    }

    /// Gives its open rotation a chain, with which `resume` goes on.
    pub(crate) fn accept(self, instance: &Instance, chain: &[Certificate]) -> Result<(), Failure> {
        self.bring(instance, chain, true)
    }

    fn bring(self, instance: &Instance, chain: &[Certificate], keep: bool) -> Result<(), Failure> {
        match self {
            Self::CaIntermediate => bring::<Ca<Intermediate>>(instance, chain, keep),
            Self::CaRoot => bring::<Ca<Root>>(instance, chain, keep),
            Self::Tsa => bring::<Tsa>(instance, chain, keep),
        }
    }
}
