//! Certificates of TLS with their keys, as the configurations name them.

use std::path::PathBuf;

use super::configs::{Configs, at};
use crate::instance::{Instance, Service};

/// A certificate and the key of it.
pub(crate) struct Pair {
    /// What it is for, as people call it.
    pub(crate) name: String,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) purpose: Purpose,
}

/// What a certificate of TLS is shown for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To clients.
    Public,
    /// To the operator.
    Admin,
    /// By the operator.
    Operator,
    /// By the authority to a CT log.
    Submitter,
}

/// All pairs, that of the operator last.
pub(crate) fn all(instance: &Instance, configs: &Configs) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (service, listeners) in configs.listeners() {
        let public = listeners.public.tls.as_ref();
        let admin = listeners.admin.as_ref().map(|admin| &admin.tls);
        let both = [
            ("TLS", Purpose::Public, public),
            ("administration", Purpose::Admin, admin),
        ];
        let named = both
            .into_iter()
            .filter_map(|(name, purpose, tls)| Some((name, purpose, tls?)));
        pairs.extend(named.map(|(name, purpose, tls)| Pair {
            name: format!("{name} of {}", service.name()),
            certificate: at(instance, service, &tls.certificate),
            key: at(instance, service, &tls.key),
            purpose,
        }));
    }
    let ca = configs.ca().ok();
    let logs = ca.into_iter().flat_map(|ca| ca.ct_log.logs());
    pairs.extend(logs.filter_map(|log| {
        let tls = log.identity.as_ref()?;
        Some(Pair {
            name: format!("ca for {}", log.url),
            certificate: at(instance, Service::Ca, &tls.certificate),
            key: at(instance, Service::Ca, &tls.key),
            purpose: Purpose::Submitter,
        })
    }));
    pairs.push(Pair {
        name: "the operator".to_owned(),
        certificate: instance.path("trust/admin-client.pem"),
        key: instance.path("trust/admin-client.key"),
        purpose: Purpose::Operator,
    });
    pairs
}
