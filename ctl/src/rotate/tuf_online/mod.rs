//! The rotation of the keys of the snapshot and timestamp roles.

mod ceremony;
mod keys;
mod part;
mod successors;

use sigstead_kit::Period;
use sigstead_signer::KeyConfig;
use sigstead_trust_root::tuf::{Role as _, Snapshot, Timestamp};
use time::{Duration, OffsetDateTime};

use super::moment::now;
use super::rotation::{Rotation, SeenIn, TakesOver, Undo};
use super::tuf_service::{self, Open};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::trust::{self, Change, Repository};
use keys::{NextKeys, has_them};
use part::OnlinePlan;
use successors::Successors;

pub(crate) use ceremony::{awaiting_root, signed_by_awaited};
pub(super) use part::OnlineKeys;

/// The root says which keys sign, and clients walk every root. So nothing has to be announced: the service has the keys first,
/// and one root is the switch. The service signs with the old keys too while a client may still be on its way to that root.
impl Rotation for OnlineKeys {
    const ROLE: &'static str = "tuf-online";
    const WHAT: &'static str = "the keys of the snapshot and timestamp roles";
    const APART_FROM: &'static [&'static str] = &["tuf-root", "tuf-targets"];
    const TAKES_OVER: TakesOver = TakesOver::WhenLoaded;
    const SEEN_IN: SeenIn = SeenIn::Root;
    const KEY_NAMES: &'static [&'static str] = &[Snapshot::NAME, Timestamp::NAME];

    async fn begin(instance: &Instance, _: OffsetDateTime) -> Result<Self, Failure> {
        Successors::of(instance)?;
        Ok(Self {
            next_snapshot: None,
            next_timestamp: None,
        })
    }

    fn signing_key(instance: &Instance, _: OffsetDateTime) -> Result<Option<KeyConfig>, Failure> {
        Ok(Some(Successors::of(instance)?.signing_key()))
    }

    fn soak(_: &Instance) -> Result<Period, Failure> {
        Ok(Period::from_seconds(0))
    }

    fn loads_from(plan: &OnlinePlan) -> OffsetDateTime {
        plan.counts_from
    }

    fn least_drain(_: &Instance) -> Result<Period, Failure> {
        Ok(WALK)
    }

    fn overlap(&self) -> Duration {
        WALK.time()
    }

    /// Keys have no end of their own.
    fn refuse_early_end(_: &OnlinePlan) -> Result<(), Failure> {
        Ok(())
    }

    fn keys() -> Vec<String> {
        [trust::ROOT_KEY, trust::TARGETS_KEY]
            .map(str::to_owned)
            .into()
    }

    async fn check_services(instance: &Instance) -> Result<(), Failure> {
        tuf_service::open_keys(instance).await?;
        Change::begin(instance).await.map(drop)
    }

    async fn prepare(instance: &Instance, plan: &mut OnlinePlan) -> Result<String, Failure> {
        keys::make(instance, plan).await?;
        let next = NextKeys::open(instance, plan).await?;
        let (snapshot, timestamp) = next.ids();
        let what = format!("made the keys {snapshot} and {timestamp}");
        plan.role.next_snapshot = Some(snapshot);
        plan.role.next_timestamp = Some(timestamp);
        Ok(what)
    }

    /// What the next keys sign must verify under the draft of the next root, which clients of the root of now must accept.
    async fn try_out(instance: &Instance, plan: &OnlinePlan) -> Result<String, Failure> {
        let next = NextKeys::open(instance, plan).await?;
        let change = Change::begin(instance).await?;
        if change.check_root_key().is_err() {
            next.check(instance, &Repository::of(instance)?.newest()?)
                .await?;
            return Ok("tried the next keys with the next root, which people sign".to_owned());
        }
        let passed = change
            .try_root(&next.draft(instance, &change).await?)
            .await?;
        Ok(format!(
            "tried the next keys with the draft of the next root: {passed}"
        ))
    }

    async fn announce(instance: &Instance, plan: &OnlinePlan) -> Result<String, Failure> {
        Successors::of(instance)?.with(instance, plan)?.write()?;
        has_them(instance, plan).await?;
        Ok("the service has the next keys, and signs with them once a root names them".to_owned())
    }

    /// The service could sign with nothing if it had lost the keys since. A root that several people sign names the keys once
    /// they have signed it, and the ceremony publishes it.
    async fn load(instance: &Instance, plan: &mut OnlinePlan) -> Result<String, Failure> {
        let mut tried = String::new();
        if !plan.role.are_named_by(&Repository::of(instance)?.newest()?) {
            let next = NextKeys::open(instance, plan).await?;
            has_them(instance, plan).await?;
            let change = Change::begin(instance).await?;
            change.check_root_key().map_err(ceremony::awaited)?;
            let draft = next.draft(instance, &change).await?;
            tried = format!("; {}", change.publish_root(draft).await?);
        }
        let version = take_over(instance, plan).await?;
        Ok(format!(
            "published root {version}, by which the next keys sign{tried}"
        ))
    }

    /// An earlier run may not have come as far as writing the kit again, which has the newest root.
    fn while_waiting(instance: &Instance) -> Result<(), Failure> {
        trust::write_kit(instance)
    }

    async fn retire(instance: &Instance, plan: &OnlinePlan) -> Result<String, Failure> {
        let keys = tuf_service::open_keys(instance).await?;
        match plan.role.sign(&keys) {
            true => {
                Ok("clients had their time to find the root that names the next keys".to_owned())
            }
            false => Err(tuf_service::does_not_sign(Self::ROLE)),
        }
    }

    /// 1. The service lets go of the keys, which no root names.
    /// 2. Their files are removed.
    async fn take_back(instance: &Instance, plan: &mut OnlinePlan) -> Result<Undo, Failure> {
        if plan.role.next_snapshot.is_some() {
            if plan.role.are_named_by(&Repository::of(instance)?.newest()?) {
                take_over(instance, plan).await?;
                return Ok(Undo::TooLate);
            }
            Successors::of(instance)?.without(instance, plan).write()?;
            let are_gone = |open: &Open| !plan.role.are_open(open);
            tuf_service::reload_until(instance, Self::ROLE, are_gone).await?;
        }
        keys::remove(instance, plan)?;
        Ok(Undo::Done)
    }
}

/// Does what is left once the root is there that names the next keys. Gives the version that the service shows.
async fn take_over(instance: &Instance, plan: &mut OnlinePlan) -> Result<u64, Failure> {
    let sign = |open: &Open| plan.role.sign(open);
    let version = tuf_service::reload_until(instance, OnlineKeys::ROLE, sign).await?;
    plan.signs_from = Some(now());
    Ok(version)
}

/// More than a client takes from its first request for a root to its last for what the keys of that root sign.
const WALK: Period = Period::from_minutes(10);
