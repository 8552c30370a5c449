//! The rotation of the logs of Rekor.

mod part;
mod rekor_v1;
mod rekor_v2;
mod service;
mod trial;

use std::marker::PhantomData;

use sigstead_kit::Period;
use sigstead_signer::KeyConfig;
use sigstead_trust_root::{ClientTrustConfig, LogState};
use time::{Duration, OffsetDateTime};

use super::moment::{now, shown};
use super::next_key::refuse_used;
use super::rotation::{OldKey, Rotation, SeenIn, TakesOver, Undo};
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::log::opening;
use crate::trust::{self, Change};
use part::{Interface, LogPlan};

pub(super) use part::NextLog;
pub(super) use rekor_v1::RekorV1;
pub(super) use rekor_v2::RekorV2;

/// A log's key is the log's for ever, so the next key is that of a log of its own. What is announced is that log, with the date
/// from which on clients write to it. No clock changes what the service does.
impl<I: Interface> Rotation for NextLog<I> {
    const ROLE: &'static str = I::ROLE;
    const WHAT: &'static str = I::WHAT;
    const APART_FROM: &'static [&'static str] = &[];
    /// A log is read for ever, and is opened with its key.
    const OLD_KEY: OldKey = OldKey::Needed;
    const TAKES_OVER: TakesOver = I::TAKES_OVER;
    const SEEN_IN: SeenIn = SeenIn::Targets;

    async fn begin(instance: &Instance, _: OffsetDateTime) -> Result<Self, Failure> {
        let old_log = in_service::<I>(instance)?;
        let (next_log, tree_id) = I::name(instance)?;
        Ok(Self {
            old_log,
            next_log,
            tree_id,
            place: opening::free_place(instance, I::FACE)?,
            public_key: Vec::new().into(),
            log_id: Vec::new().into(),
            withdrawn: None,
            interface: PhantomData,
        })
    }

    fn signing_key(instance: &Instance, _: OffsetDateTime) -> Result<Option<KeyConfig>, Failure> {
        let logs = ConfiguredLog::all(instance)?.into_iter();
        let mut of_face = logs.filter(|log| log.face == I::CONFIGURED_FACE);
        Ok(of_face.next_back().map(|log| log.key().clone()))
    }

    /// Each log has its own key.
    fn overlap(&self) -> Duration {
        Duration::ZERO
    }

    fn least_drain(_: &Instance) -> Result<Period, Failure> {
        Ok(DRAIN)
    }

    /// A log has no end of its own.
    fn refuse_early_end(_: &LogPlan<I>) -> Result<(), Failure> {
        Ok(())
    }

    fn keys() -> Vec<String> {
        [trust::ROOT_KEY, trust::TARGETS_KEY]
            .map(str::to_owned)
            .into()
    }

    fn foresee(instance: &Instance, plan: &LogPlan<I>, told: &mut ClientTrustConfig) {
        part::foresee(instance, plan, told);
    }

    async fn check_services(instance: &Instance) -> Result<(), Failure> {
        service::check::<I>(instance, &in_service::<I>(instance)?).await?;
        Change::begin(instance).await.map(drop)
    }

    async fn prepare(instance: &Instance, plan: &mut LogPlan<I>) -> Result<String, Failure> {
        if let Some(at) = &plan.next_key_at {
            let key = opening::key(instance, plan.place()).await?;
            refuse_used(instance, at, key.public_key())?;
        }
        let (public_key, log_id) = I::make(instance, plan).await?;
        plan.role.public_key = public_key;
        plan.role.log_id = log_id;
        Ok(match I::TAKES_OVER {
            TakesOver::AtEnd => format!("made the key of {}", plan.role.next_log),
            _ => format!("opened the log {}", plan.role.next_log),
        })
    }

    async fn try_out(instance: &Instance, plan: &LogPlan<I>) -> Result<String, Failure> {
        let change = Change::begin(instance).await?;
        I::try_out(instance, plan, &change).await?;
        Ok("tried the next log and the draft".to_owned())
    }

    /// A date that clients have stays. A run that was interrupted before they had it may go on long after.
    async fn announce(instance: &Instance, plan: &LogPlan<I>) -> Result<String, Failure> {
        let mut change = Change::begin(instance).await?;
        if !change.is_published(plan.role.log_id.as_slice()) {
            let from = plan.counts_from.max(now() + plan.delay.time());
            let log = plan.announced(instance, from);
            change.append_successor(log, plan.old_until(from))?;
        }
        let versions = change.publish().await?;
        Ok(format!(
            "announced the next log, with {versions}; {}",
            versions.gate
        ))
    }

    /// What is left is the date, which clients were told.
    async fn load(instance: &Instance, plan: &mut LogPlan<I>) -> Result<String, Failure> {
        let from = known(instance, plan)?.and_then(|log| log.offered?.start);
        let from = from.unwrap_or(plan.counts_from);
        plan.signs_from = Some(from);
        let (next, from) = (&plan.role.next_log, shown(from));
        Ok(match I::TAKES_OVER {
            TakesOver::AtEnd => format!("{next} may be opened from {from} on"),
            _ => format!("clients write to {next} from {from} on"),
        })
    }

    fn while_waiting(instance: &Instance) -> Result<(), Failure> {
        trust::write_kit(instance)
    }

    async fn retire(instance: &Instance, plan: &LogPlan<I>) -> Result<String, Failure> {
        let mut change = Change::begin(instance).await?;
        let what = I::end_old(instance, plan, &mut change).await?;
        let versions = change.publish().await?;
        Ok(format!("{what}, with {versions}; {}", versions.gate))
    }

    /// 1. If clients were told, they are called back.
    /// 2. Those that have not heard yet may write to the log from its date on. So it takes entries, which count, until all
    ///    have heard.
    /// 3. The log ends.
    async fn take_back(instance: &Instance, plan: &mut LogPlan<I>) -> Result<Undo, Failure> {
        let Some(known) = known(instance, plan)? else {
            I::remove(instance, &plan.role).await?;
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
                change.publish().await?;
                now()
            }
        };
        plan.role.withdrawn = Some(withdrawn);
        let unused = I::unused_from(plan, withdrawn);
        if now() < unused {
            return Ok(Undo::NotBefore(unused));
        }
        let mut change = Change::begin(instance).await?;
        I::end_next(instance, plan, &mut change).await?;
        change.publish().await?;
        Ok(Undo::Done)
    }
}

/// The name of the log that clients write to.
fn in_service<I: Interface>(instance: &Instance) -> Result<String, Failure> {
    let state = trust::read_state(instance)?;
    let logs = state.signature_logs.iter();
    let of_face = logs.filter(|log| log.face == I::TRUSTED_FACE && log.in_service);
    let names: Vec<_> = of_face
        .filter_map(|log| log.base_url.strip_prefix("https://"))
        .collect();
    match names.as_slice() {
        [name] => Ok((*name).to_owned()),
        _ => Err(Failure::new(
            "E-CTL-351",
            format!(
                "the trust state has {} logs of {} in service, not one",
                names.len(),
                I::ROLE
            ),
            "look at what is published: sigctl trust show",
        )),
    }
}

/// The next log as the trust state has it, if it does.
fn known<I: Interface>(
    instance: &Instance,
    plan: &LogPlan<I>,
) -> Result<Option<LogState>, Failure> {
    let state = trust::read_state(instance)?;
    let mut logs = state.signature_logs.into_iter();
    Ok(logs.find(|log| log.log_id == plan.role.log_id))
}

/// By how much clocks may differ, twice.
const DRAIN: Period = Period::from_minutes(10);
