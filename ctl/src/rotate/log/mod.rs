//! The rotation of the log of Rekor v2.

mod part;
mod trial;

use sigstead_archive::LogFace as Kind;
use sigstead_config::Origin;
use sigstead_kit::Period;
use sigstead_proto::admin::v1::{FreezeLogRequest, LogInfo};
use sigstead_trust_root::{LogFace, LogState};
use time::{Duration, OffsetDateTime};

use super::moment::{now, shown};
use super::rotation::{Rotation, Undo};
use crate::admin::refused;
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::log::{self, ended, opening};
use crate::trust::{self, Change};
use part::LogPlan;

pub(super) use part::RekorV2Log;

/// A log's key is the log's for ever, so the next key is that of a log of its own, which is there as soon as it is made. What
/// is announced is that log, with the date from which on clients write to it.
///
/// No clock changes what the service does. Clients who dial a log by its name change over by the date. Where all logs are
/// dialled by one address, the service changes over when the old log is frozen, which is a record in the log.
impl Rotation for RekorV2Log {
    const ROLE: &'static str = "rekor-v2";
    const WHAT: &'static str = "the log of Rekor v2";
    const APART_FROM: &'static [&'static str] = &[];
    /// A log is read for ever, and is opened with its key.
    const KEEPS_OLD_KEY: bool = true;

    fn begin(instance: &Instance, _: OffsetDateTime) -> Result<Self, Failure> {
        let names = ConfiguredLog::all(instance)?.into_iter();
        let names: Vec<_> = names.filter(|log| log.face == Kind::RekorV2).collect();
        let names: Vec<_> = names.iter().map(|log| log.name.as_str()).collect();
        Ok(Self {
            old_log: in_service(instance)?,
            next_log: opening::next_origin(&names).ok_or_else(unnamed)?,
            place: opening::free_place(instance, opening::Face::RekorV2)?,
            public_key: Vec::new().into(),
            log_id: Vec::new().into(),
            withdrawn: None,
        })
    }

    /// Each log has its own key.
    fn overlap(&self) -> Duration {
        Duration::ZERO
    }

    fn least_drain(_: &Instance) -> Result<Period, Failure> {
        Ok(DRAIN)
    }

    /// A log has no end of its own.
    fn refuse_early_end(_: &LogPlan) -> Result<(), Failure> {
        Ok(())
    }

    async fn check_services(instance: &Instance) -> Result<(), Failure> {
        let old = in_service(instance)?;
        find(instance, &old).await?;
        Change::begin(instance).await.map(drop)
    }

    async fn prepare(instance: &Instance, plan: &mut LogPlan) -> Result<String, Failure> {
        let role = &mut plan.role;
        let log = match listed(instance, &role.next_log).await? {
            // An earlier run came as far as that.
            Some(log) => log,
            None => open(instance, role).await?,
        };
        role.public_key = log.public_key.clone().into();
        role.log_id = ended::log_id(&log).into();
        Ok(format!("opened the log {}", role.next_log))
    }

    async fn try_out(instance: &Instance, plan: &LogPlan) -> Result<String, Failure> {
        trial::run(instance, plan).await?;
        Ok("tried the next log and the draft".to_owned())
    }

    /// A date that clients have stays. A run that was interrupted before they had it may go on long after.
    async fn announce(instance: &Instance, plan: &LogPlan) -> Result<String, Failure> {
        let mut change = Change::begin(instance).await?;
        if !change.is_published(plan.role.log_id.as_slice()) {
            let from = plan.counts_from.max(now() + plan.delay.time());
            let log = plan.announced(instance, from);
            change.append_successor(log, plan.old_until(from))?;
        }
        let versions = change.publish(trust::YEAR).await?;
        Ok(format!(
            "announced the next log, with root {} and targets {}",
            versions.root, versions.targets
        ))
    }

    /// The service has the log; what is left is the date, which clients were told.
    async fn load(instance: &Instance, plan: &mut LogPlan) -> Result<String, Failure> {
        let from = known(instance, plan)?.and_then(|log| log.offered?.start);
        let from = from.unwrap_or(plan.counts_from);
        plan.signs_from = Some(from);
        Ok(format!(
            "clients write to {} from {} on",
            plan.role.next_log,
            shown(from)
        ))
    }

    fn while_waiting(instance: &Instance) -> Result<(), Failure> {
        trust::write_kit(instance)
    }

    async fn retire(instance: &Instance, plan: &LogPlan) -> Result<String, Failure> {
        let next = find(instance, &plan.role.next_log).await?;
        if next.frozen {
            return Err(absent(&next.origin));
        }
        let mut change = Change::begin(instance).await?;
        let old = freeze(instance, &plan.role.old_log).await?;
        ended::end_frozen(&mut change, std::slice::from_ref(&old))?;
        let versions = change.publish(trust::YEAR).await?;
        Ok(format!(
            "froze {} at {} entries, with root {} and targets {}",
            old.origin, old.size, versions.root, versions.targets
        ))
    }

    /// 1. If clients were told, they are called back.
    /// 2. Those that have not heard yet may write to the log from its date on. So it takes entries, which count, until all
    ///    have heard.
    /// 3. The log is frozen, and gets an end where it has its last checkpoint.
    async fn take_back(instance: &Instance, plan: &mut LogPlan) -> Result<Undo, Failure> {
        let Some(known) = known(instance, plan)? else {
            // Nobody was told.
            if listed(instance, &plan.role.next_log).await?.is_some() {
                freeze(instance, &plan.role.next_log).await?;
            }
            return Ok(Undo::Done);
        };
        let withdrawn = match plan.role.withdrawn {
            Some(withdrawn) => withdrawn,
            None => {
                plan.signs_from = known.offered.and_then(|offered| offered.start);
                if known.in_service && plan.refuse_late_undo(now()).is_err() {
                    return Ok(Undo::TooLate);
                }
                let mut change = Change::begin(instance).await?;
                change.withdraw_log(known.log_id.as_slice())?;
                change.publish(trust::YEAR).await?;
                now()
            }
        };
        plan.role.withdrawn = Some(withdrawn);
        let heard = withdrawn + plan.delay.time();
        if now() < heard {
            return Ok(Undo::NotBefore(heard));
        }
        let mut change = Change::begin(instance).await?;
        let log = freeze(instance, &plan.role.next_log).await?;
        ended::end_frozen(&mut change, std::slice::from_ref(&log))?;
        change.publish(trust::YEAR).await?;
        Ok(Undo::Done)
    }
}

/// The name of the log that clients write to.
fn in_service(instance: &Instance) -> Result<String, Failure> {
    let state = trust::read_state(instance)?;
    let logs = state.signature_logs.iter();
    let of_v2 = logs.filter(|log| log.face == LogFace::RekorV2 && log.in_service);
    let names: Vec<_> = of_v2
        .filter_map(|log| log.base_url.strip_prefix("https://"))
        .collect();
    match names.as_slice() {
        [name] => Ok((*name).to_owned()),
        _ => Err(Failure::new(
            "E-CTL-351",
            format!(
                "the trust state has {} logs of Rekor v2 in service, not one",
                names.len()
            ),
            "look at what is published: sigctl trust show",
        )),
    }
}

/// The next log as the trust state has it, if it does.
fn known(instance: &Instance, plan: &LogPlan) -> Result<Option<LogState>, Failure> {
    let state = trust::read_state(instance)?;
    let mut logs = state.signature_logs.into_iter();
    Ok(logs.find(|log| log.log_id == plan.role.log_id))
}

/// A log of the running service.
async fn listed(instance: &Instance, name: &str) -> Result<Option<LogInfo>, Failure> {
    let mut logs = log::list(instance).await?.into_iter();
    Ok(logs.find(|log| log.origin == name))
}

async fn find(instance: &Instance, name: &str) -> Result<LogInfo, Failure> {
    listed(instance, name).await?.ok_or_else(|| absent(name))
}

/// Opens the next log, with a key of its own that an earlier run may have made.
async fn open(instance: &Instance, role: &RekorV2Log) -> Result<LogInfo, Failure> {
    let origin: Origin = role.next_log.parse().map_err(|_| unnamed())?;
    let config = opening::describe_v2(instance, &role.place, origin)?;
    let (log, _) = opening::open(instance, &role.place, &config).await?;
    Ok(log)
}

/// Gives a log its last checkpoint, or finds that it has it.
async fn freeze(instance: &Instance, origin: &str) -> Result<LogInfo, Failure> {
    let mut client = log::connect_for_changes(instance).await?;
    let origin = origin.to_owned();
    let frozen = client.freeze_log(FreezeLogRequest { origin }).await;
    Ok(frozen.map_err(refused)?.into_inner())
}

fn unnamed() -> Failure {
    Failure::new(
        "E-CTL-352",
        "the name of the newest log has no number to count on from",
        "open the next log with a name of your choice: sigctl log open --origin NAME, then sigctl log freeze",
    )
}

fn absent(name: &str) -> Failure {
    Failure::new(
        "E-CTL-354",
        format!("the service has no log {name} that takes entries; nothing was ended"),
        "compare `sigctl log info` with the plan: sigctl rotate rekor-v2 status",
    )
}

/// By how much clocks may differ, twice.
const DRAIN: Period = Period::from_minutes(10);
