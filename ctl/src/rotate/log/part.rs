//! What the plan says of the logs of Rekor v2.

use serde::{Deserialize, Serialize};
use sigstead_trust_root::{Base64Bytes, LogFace, LogState, TimeRange};
use time::OffsetDateTime;

use crate::instance::{Instance, Service};
use crate::rotate::plan::Plan;

/// The log that takes entries now and the one that follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RekorV2Log {
    /// The name of the one that takes entries now.
    pub(super) old_log: String,
    /// The name of the next one.
    pub(super) next_log: String,
    /// What its files are called in the folder of the service.
    pub(super) place: String,
    /// Its key, DER, once it is open.
    pub(super) public_key: Base64Bytes,
    /// How its entries name it, once it is open.
    pub(super) log_id: Base64Bytes,
    /// Since when it is announced no more, if it was taken back.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) withdrawn: Option<OffsetDateTime>,
}

pub(super) type LogPlan = Plan<RekorV2Log>;

impl LogPlan {
    /// The next log as clients are told of it, who write to it from `from` on. Its signatures count as soon as it is there:
    /// some clients do not look at dates.
    pub(super) fn announced(&self, instance: &Instance, from: OffsetDateTime) -> LogState {
        let role = &self.role;
        LogState {
            face: LogFace::RekorV2,
            base_url: format!("https://{}", role.next_log),
            url: instance.manifest.log_url(Service::Tlog, &role.next_log),
            public_key: role.public_key.clone(),
            log_id: role.log_id.clone(),
            valid_for: TimeRange::since(self.begun),
            in_service: true,
            offered: Some(TimeRange::since(from)),
        }
    }

    /// Until when clients may write to the old log, if they write to the next one from `from` on.
    pub(super) fn old_until(&self, from: OffsetDateTime) -> OffsetDateTime {
        from + self.drain.time()
    }
}
