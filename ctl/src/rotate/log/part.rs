//! What the plan says of a log that follows another.

use std::marker::PhantomData;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};
use sigstead_trust_root::{
    Base64Bytes, ClientTrustConfig, LogFace, LogState, PublicKey, TimeRange,
    TransparencyLogInstance,
};
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::log::name::host;
use crate::log::opening::{Face, Place};
use crate::rotate::plan::Plan;
use crate::rotate::rotation::TakesOver;
use crate::trust::Change;

/// What the rotation of the logs of an interface does of its own.
pub(crate) trait Interface: Clone {
    /// As it is typed.
    const ROLE: &'static str;
    /// What is rotated, for people.
    const WHAT: &'static str;
    /// As the service and the commands know it.
    const FACE: Face;
    /// As the trust state knows it.
    const TRUSTED_FACE: LogFace;
    /// As the configuration of the service has it.
    const CONFIGURED_FACE: sigstead_archive::LogFace;
    /// At the end if the next log is opened in the moment in which the old one ends.
    const TAKES_OVER: TakesOver;

    /// The name of the next log, and its number if it is a shard.
    fn name(instance: &Instance) -> Result<(String, Option<NonZeroU64>), Failure>;

    /// Makes what clients are told of, unless an earlier run did, and gives its key, DER, and what its entries name it.
    async fn make(
        instance: &Instance,
        plan: &LogPlan<Self>,
    ) -> Result<(Base64Bytes, Base64Bytes), Failure>;

    /// Refuses what clients would refuse if they were told of it as it is in `change`.
    async fn try_out(
        instance: &Instance,
        plan: &LogPlan<Self>,
        change: &Change<'_>,
    ) -> Result<(), Failure>;

    /// Ends the old log, for which the next one takes entries, and gives the old one its end in the trust state. Says what
    /// was done.
    async fn end_old(
        instance: &Instance,
        plan: &LogPlan<Self>,
        change: &mut Change<'_>,
    ) -> Result<String, Failure>;

    /// Removes what was made, of which nobody was told.
    async fn remove(instance: &Instance, role: &NextLog<Self>) -> Result<(), Failure>;

    /// From when on nobody may write to a log that was announced until `withdrawn`.
    fn unused_from(plan: &LogPlan<Self>, withdrawn: OffsetDateTime) -> OffsetDateTime;

    /// Ends a log that was announced and is taken back.
    async fn end_next(
        instance: &Instance,
        plan: &LogPlan<Self>,
        change: &mut Change<'_>,
    ) -> Result<(), Failure>;
}

/// The log that takes entries now and the one that follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct NextLog<I> {
    /// The name of the one that takes entries now; of a shard, the host.
    pub(super) old_log: String,
    /// The name of the next one, as it stands in its checkpoints.
    pub(super) next_log: String,
    /// The number of a shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tree_id: Option<NonZeroU64>,
    /// What its files are called in the folder of the service.
    pub(super) place: String,
    /// Its key, DER, once it is made.
    pub(super) public_key: Base64Bytes,
    /// How its entries name it, once its key is made.
    pub(super) log_id: Base64Bytes,
    /// Since when it is announced no more, if it was taken back.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) withdrawn: Option<OffsetDateTime>,
    #[serde(skip)]
    pub(super) interface: PhantomData<I>,
}

pub(super) type LogPlan<I> = Plan<NextLog<I>>;

impl<I: Interface> LogPlan<I> {
    /// Where the next log and its key are.
    pub(super) fn place(&self) -> Place<'_> {
        Place {
            face: I::FACE,
            name: &self.role.place,
            key_at: self.next_key_at.as_ref(),
        }
    }

    /// The next log as clients are told of it, who write to it from `from` on. Its signatures count as soon as it may be
    /// there: some clients do not look at dates.
    pub(super) fn announced(&self, instance: &Instance, from: OffsetDateTime) -> LogState {
        let role = &self.role;
        let host = host(&role.next_log);
        LogState {
            face: I::TRUSTED_FACE,
            base_url: format!("https://{host}"),
            url: instance.manifest.log_url(Service::Tlog, host),
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

/// The next log joins, and the old one ends when it may be ended first.
pub(super) fn foresee<I: Interface>(
    instance: &Instance,
    plan: &LogPlan<I>,
    told: &mut ClientTrustConfig,
) {
    let until = plan.old_until(plan.counts_from);
    let old = format!("https://{}", host(&plan.role.old_log));
    let logs = told.trusted_root.tlogs.iter_mut();
    let open = logs.filter(|log| log.public_key.valid_for.end.is_none());
    for log in open.filter(|log| log.base_url == old) {
        log.public_key.valid_for.end = Some(until);
    }
    let next = plan.announced(instance, plan.counts_from);
    told.trusted_root.tlogs.push(TransparencyLogInstance {
        base_url: next.base_url,
        public_key: PublicKey {
            valid_for: next.valid_for,
            ..PublicKey::default()
        },
        ..TransparencyLogInstance::default()
    });
}
