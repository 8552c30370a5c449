//! Which services an instance has.

use crate::instance::{Manifest, SERVICES, Service};

/// The services of an instance, in the order in which they are listed everywhere.
pub(crate) fn of(manifest: &Manifest) -> Vec<Service> {
    let has = |service: &Service| manifest.ct_log.is_own() || *service != Service::Ctlog;
    SERVICES.into_iter().filter(has).collect()
}
