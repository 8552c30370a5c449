//! What the plan says of a log of certificates that follows another.

use serde::{Deserialize, Serialize};
use sigstead_trust_root::{
    Base64Bytes, ClientTrustConfig, LogFace, LogState, PublicKey, TimeRange,
    TransparencyLogInstance,
};
use time::OffsetDateTime;

use super::window::Window;
use crate::instance::{Instance, Service};
use crate::rotate::plan::Plan;

/// The log that certificates are entered into now and the one that follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::rotate) struct NextCtLog {
    /// The name of the one of now.
    pub(super) old_log: String,
    /// How its promises name it.
    pub(super) old_id: Base64Bytes,
    /// The name of the next one.
    pub(super) next_log: String,
    /// What its files are called in the folders of the services.
    pub(super) place: String,
    /// Its key, DER, once it is made.
    pub(super) public_key: Base64Bytes,
    /// How its promises name it, once its key is made.
    pub(super) log_id: Base64Bytes,
    /// Which certificates it takes; `None` of a log that takes all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) window: Option<Window>,
}

/// As it is typed.
pub(super) const ROLE: &str = "ct";

pub(super) type CtPlan = Plan<NextCtLog>;

impl NextCtLog {
    /// When the first certificate is issued that is for the next log, if the authority is told of it now.
    pub(super) fn first_use(&self, now: OffsetDateTime) -> OffsetDateTime {
        let opens = self.window.and_then(|window| window.first_issued());
        opens.map_or(now, |opens| opens.max(now))
    }
}

impl CtPlan {
    /// From when on the authority may be told of the next log, once clients are: one that waits for its window is told as soon as
    /// they have had their time, so that no certificate is without a log.
    pub(super) fn tells_authority_from(&self) -> OffsetDateTime {
        let announced_at = self.steps.last().map_or(self.begun, |step| step.at);
        match self.role.window {
            Some(window) if window.from.is_some() => announced_at + window.soak.time(),
            _ => self.earliest_use(),
        }
    }

    /// The next log as clients are told of it. Its promises count as soon as it may be there.
    pub(super) fn announced(&self, instance: &Instance) -> LogState {
        let role = &self.role;
        LogState {
            face: LogFace::CertificateTransparency,
            base_url: format!("https://{}", role.next_log),
            url: instance.manifest.log_url(Service::Ctlog, &role.next_log),
            public_key: role.public_key.clone(),
            log_id: role.log_id.clone(),
            valid_for: TimeRange::since(self.begun),
            in_service: true,
            offered: None,
        }
    }
}

/// What clients are told in the end: the next log, and when the old one ends, which is not before the drain is over.
pub(super) fn foresee(plan: &CtPlan, told: &mut ClientTrustConfig) {
    let logs = &mut told.trusted_root.ctlogs;
    let mut old = logs.iter_mut();
    if let Some(old) = old.find(|log| log.log_id.key_id == plan.role.old_id) {
        let end = plan.counts_from + plan.drain.time();
        old.public_key.valid_for.end.get_or_insert(end);
    }
    logs.push(TransparencyLogInstance {
        base_url: format!("https://{}", plan.role.next_log),
        public_key: PublicKey {
            valid_for: TimeRange::since(plan.begun),
            ..PublicKey::default()
        },
        ..TransparencyLogInstance::default()
    });
}
