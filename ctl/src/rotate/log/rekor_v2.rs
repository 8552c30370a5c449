//! Logs of Rekor v2 follow one another side by side, each under a name of its own.

use std::num::NonZeroU64;

use sigstead_archive::LogFace as Kind;
use sigstead_config::Origin;
use sigstead_trust_root::{Base64Bytes, LogFace};
use time::OffsetDateTime;

use super::part::{Interface, LogPlan, NextLog};
use super::service::{freeze, listed, taking};
use super::trial;
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::log::{ended, opening};
use crate::rotate::rotation::TakesOver;
use crate::trust::Change;

/// The next log is there as soon as it is made, and clients who dial it by its name change over by the date. Where all logs
/// are dialled by one address, the service changes over when the old log is frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RekorV2;

impl Interface for RekorV2 {
    const ROLE: &'static str = "rekor-v2";
    const WHAT: &'static str = "the log of Rekor v2";
    const FACE: opening::Face = opening::Face::RekorV2;
    const TRUSTED_FACE: LogFace = LogFace::RekorV2;
    const CONFIGURED_FACE: Kind = Kind::RekorV2;
    const TAKES_OVER: TakesOver = TakesOver::AtItsTime;

    fn name(instance: &Instance) -> Result<(String, Option<NonZeroU64>), Failure> {
        let names = ConfiguredLog::all(instance)?.into_iter();
        let names: Vec<_> = names.filter(|log| log.face == Kind::RekorV2).collect();
        let names: Vec<_> = names.iter().map(|log| log.name.as_str()).collect();
        let next = opening::next_origin(&names).ok_or_else(unnamed)?;
        Ok((next, None))
    }

    async fn make(
        instance: &Instance,
        plan: &LogPlan<Self>,
    ) -> Result<(Base64Bytes, Base64Bytes), Failure> {
        let role = &plan.role;
        let log = match listed(instance, &role.next_log).await? {
            // An earlier run came as far as that.
            Some(log) => log,
            None => {
                let origin: Origin = role.next_log.parse().map_err(|_| unnamed())?;
                let config = opening::describe_v2(instance, plan.place(), origin)?;
                opening::open(instance, plan.place(), &config).await?.0
            }
        };
        let log_id = ended::log_id(&log);
        Ok((log.public_key.into(), log_id.into()))
    }

    async fn try_out(
        instance: &Instance,
        plan: &LogPlan<Self>,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        let next = plan.announced(instance, plan.counts_from);
        let draft = change.successor_draft(next, plan.old_until(plan.counts_from))?;
        trial::run(instance, &plan.role, &draft).await
    }

    async fn end_old(
        instance: &Instance,
        plan: &LogPlan<Self>,
        change: &mut Change<'_>,
    ) -> Result<String, Failure> {
        taking::<Self>(instance, &plan.role.next_log).await?;
        let old = freeze(instance, &plan.role.old_log).await?;
        ended::end_frozen(change, std::slice::from_ref(&old))?;
        Ok(format!("froze {} at {} entries", old.origin, old.size))
    }

    async fn remove(instance: &Instance, role: &NextLog<Self>) -> Result<(), Failure> {
        if listed(instance, &role.next_log).await?.is_some() {
            freeze(instance, &role.next_log).await?;
        }
        Ok(())
    }

    /// Clients that have not heard yet may write to it from its date on.
    fn unused_from(plan: &LogPlan<Self>, withdrawn: OffsetDateTime) -> OffsetDateTime {
        withdrawn + plan.delay.time()
    }

    /// It ends where it has its last checkpoint, since what it took counts.
    async fn end_next(
        instance: &Instance,
        plan: &LogPlan<Self>,
        change: &mut Change<'_>,
    ) -> Result<(), Failure> {
        let log = freeze(instance, &plan.role.next_log).await?;
        ended::end_frozen(change, std::slice::from_ref(&log))
    }
}

fn unnamed() -> Failure {
    Failure::new(
        "E-CTL-352",
        "the name of the newest log has no number to count on from",
        "open the next log with a name of your choice: sigctl log open --origin NAME, then sigctl log freeze",
    )
}
