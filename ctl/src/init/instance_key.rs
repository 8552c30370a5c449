//! The keys of an instance, by name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use sigstead_key::Algorithm;
use sigstead_signer::KeyConfig;

use crate::instance::{Instance, Manifest, Service};
use crate::key::KeyRole;

/// Where those keys are that are in no file.
pub(super) type Places = BTreeMap<InstanceKey, KeyConfig>;

/// A key that `init` makes and that may be elsewhere than in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum InstanceKey {
    CaRoot,
    Ca,
    TsaRoot,
    Tsa,
    Ctlog,
    RekorV1,
    RekorV2,
    Oidc,
    TufRoot,
    TufTargets,
    TufSnapshot,
    TufTimestamp,
    AdminCa,
    TlsCa,
}

impl InstanceKey {
    /// As it is typed.
    pub(super) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Whether it is a root of an authority that clients trust.
    pub(super) const fn is_root_of_clients(self) -> bool {
        matches!(self, Self::CaRoot | Self::TsaRoot)
    }

    /// Whether an instance has such a key.
    pub(super) fn is_of(self, manifest: &Manifest) -> bool {
        match self {
            Self::Ctlog => manifest.ct_log.is_own(),
            Self::TlsCa => manifest.tls,
            _ => true,
        }
    }

    /// The file of the key, in the folder of its service or, if the operator signs with it, in that of the instance.
    pub(super) const fn file(self) -> (Option<Service>, &'static str) {
        match self {
            Self::CaRoot => (None, "trust/ca-root.key"),
            Self::Ca => (Some(Service::Ca), "keys/ca.key"),
            Self::TsaRoot => (None, "trust/tsa-root.key"),
            Self::Tsa => (Some(Service::Tsa), "keys/tsa.key"),
            Self::Ctlog => (Some(Service::Ctlog), "keys/ctlog.key"),
            Self::RekorV1 => (Some(Service::Tlog), "keys/rekor-v1.key"),
            Self::RekorV2 => (Some(Service::Tlog), "keys/rekor-v2.key"),
            Self::Oidc => (Some(Service::Oidc), "keys/oidc.key"),
            Self::TufRoot => (None, crate::trust::ROOT_KEY),
            Self::TufTargets => (None, crate::trust::TARGETS_KEY),
            Self::TufSnapshot => (Some(Service::Tuf), "keys/snapshot.key"),
            Self::TufTimestamp => (Some(Service::Tuf), "keys/timestamp.key"),
            Self::AdminCa => (None, "trust/admin-ca.key"),
            Self::TlsCa => (None, "trust/tls-ca.key"),
        }
    }

    /// The same in an instance.
    pub(super) fn path(self, instance: &Instance) -> PathBuf {
        match self.file() {
            (Some(service), file) => instance.service(service).join(file),
            (None, file) => instance.path(file),
        }
    }

    /// Of which algorithm the key is made.
    pub(super) const fn algorithm(self) -> Algorithm {
        match self {
            Self::CaRoot | Self::TsaRoot | Self::AdminCa | Self::TlsCa => {
                Algorithm::EcdsaP384Sha384
            }
            Self::Oidc => Algorithm::RsaPkcs1v15_2048Sha256,
            _ => Algorithm::EcdsaP256Sha256,
        }
    }

    /// What clients must take it for.
    pub(super) const fn role(self) -> KeyRole {
        match self {
            Self::CaRoot | Self::Ca | Self::AdminCa | Self::TlsCa => KeyRole::Ca,
            Self::TsaRoot | Self::Tsa => KeyRole::Tsa,
            Self::Ctlog => KeyRole::Ctlog,
            Self::RekorV1 => KeyRole::RekorV1,
            Self::RekorV2 => KeyRole::RekorV2,
            Self::Oidc => KeyRole::Oidc,
            Self::TufRoot | Self::TufTargets | Self::TufSnapshot | Self::TufTimestamp => {
                KeyRole::Tuf
            }
        }
    }
}
