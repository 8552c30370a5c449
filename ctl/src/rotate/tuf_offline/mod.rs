//! The rotation of the keys that the operator signs with: those of the root and targets roles.

mod files;
mod part;
mod role;

use sigstead_kit::Period;
use sigstead_signer::KeyConfig;
use sigstead_trust_root::tuf;
use time::{Duration, OffsetDateTime};

use super::moment::now;
use super::rotation::{Rotation, SeenIn, TakesOver, Undo};
use super::tuf_service::{self, Open};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::operator_key;
use crate::trust::{self, Change, Repository};
use files::Files;
use part::OfflinePlan;
use role::OfflineRole;

pub(super) use part::OfflineKey;
pub(super) use role::{Root, Targets};

/// Clients walk every root, and take each that the one before it lets be. So nothing has to be announced, and one root is the
/// switch.
impl<R: OfflineRole> Rotation for OfflineKey<R> {
    const ROLE: &'static str = R::ROLE;
    const WHAT: &'static str = R::WHAT;
    const APART_FROM: &'static [&'static str] = R::APART_FROM;
    const TAKES_OVER: TakesOver = TakesOver::WhenLoaded;
    const SEEN_IN: SeenIn = SeenIn::Root;

    async fn begin(_: &Instance, _: OffsetDateTime) -> Result<Self, Failure> {
        Ok(Self::new())
    }

    fn signing_key(instance: &Instance, _: OffsetDateTime) -> Result<Option<KeyConfig>, Failure> {
        operator_key::config(instance, &instance.path(R::KEY)).map(Some)
    }

    fn soak(_: &Instance) -> Result<Period, Failure> {
        Ok(Period::from_seconds(0))
    }

    fn loads_from(plan: &OfflinePlan<R>) -> OffsetDateTime {
        plan.counts_from
    }

    fn least_drain(_: &Instance) -> Result<Period, Failure> {
        Ok(Period::from_seconds(0))
    }

    /// No service has it.
    fn overlap(&self) -> Duration {
        Duration::ZERO
    }

    /// Keys have no end of their own.
    fn refuse_early_end(_: &OfflinePlan<R>) -> Result<(), Failure> {
        Ok(())
    }

    fn keys() -> Vec<String> {
        [trust::ROOT_KEY, trust::TARGETS_KEY]
            .map(str::to_owned)
            .into()
    }

    async fn check_services(instance: &Instance) -> Result<(), Failure> {
        tuf_service::open_keys(instance).await?;
        Change::begin(instance).await?.check_root_key()
    }

    async fn prepare(instance: &Instance, plan: &mut OfflinePlan<R>) -> Result<String, Failure> {
        let files = Files::of(instance, plan);
        match &plan.next_key_at {
            None => tuf_service::make_key(instance, &files.next_path())?,
            Some(place) => {
                tuf_service::make_elsewhere(instance, place).await?;
                operator_key::write(&files.next_path(), place)?;
            }
        }
        let id = files.open_next().await?.key().id().to_string();
        let what = format!("made the key {id}");
        plan.role.next_key = Some(id);
        Ok(what)
    }

    async fn try_out(instance: &Instance, plan: &OfflinePlan<R>) -> Result<String, Failure> {
        let next = Files::of(instance, plan).open_next().await?;
        let change = Change::begin(instance).await?;
        let passed = change.try_root(&R::draft(&change, &next).await?).await?;
        Ok(format!(
            "tried the next key with the draft of the next root: {passed}"
        ))
    }

    async fn announce(_: &Instance, _: &OfflinePlan<R>) -> Result<String, Failure> {
        Ok("all is ready for the next root".to_owned())
    }

    /// 1. The targets are published that the next root lets be, and the one of now too.
    /// 2. Once the service shows them, the root that names the next key is published, unless the gate refuses it or an earlier
    ///    run did.
    /// 3. The files change places.
    /// 4. The service shows the root.
    ///
    /// A crash behind 1 leaves clients a whole publication, which says what the one before it said. One behind 2 does too, and
    /// leaves the operator a key that signs no more in the place of the one that does: the next publication is refused until the
    /// rotation goes on.
    async fn load(instance: &Instance, plan: &mut OfflinePlan<R>) -> Result<String, Failure> {
        let files = Files::of(instance, plan);
        let mut tried = String::new();
        if !plan.role.is_named_by(&Repository::of(instance)?.newest()?) {
            let next = files.open_next().await?;
            let change = Change::begin(instance).await?;
            let mut draft = R::draft(&change, &next).await?;
            if let Some(targets) = draft.targets.take() {
                let version = targets.signed.version;
                change.publish_same(targets).await?;
                tuf_service::until_shown(instance, R::ROLE, version).await?;
            }
            tried = format!("; {}", change.publish_root(draft).await?);
        }
        let version = take_over(instance, plan).await?;
        Ok(format!(
            "published root {version}, by which the next key signs; it is at {} now{tried}",
            R::KEY
        ))
    }

    /// An earlier run may not have come as far as writing the kit again, which has the newest root.
    fn while_waiting(instance: &Instance) -> Result<(), Failure> {
        trust::write_kit(instance)
    }

    async fn retire(instance: &Instance, plan: &OfflinePlan<R>) -> Result<String, Failure> {
        let newest = Repository::of(instance)?.newest()?;
        let served = tuf_service::open_keys(instance).await?.root_version();
        if !plan.role.is_named_by(&newest) || served < newest.version {
            return Err(tuf_service::does_not_sign(R::ROLE));
        }
        Ok(format!(
            "the old key signs no more; it is at {}",
            plan.kept()
        ))
    }

    /// What was published cannot be taken back: clients that have the next root take no other.
    async fn take_back(instance: &Instance, plan: &mut OfflinePlan<R>) -> Result<Undo, Failure> {
        if plan.role.is_named_by(&Repository::of(instance)?.newest()?) {
            take_over(instance, plan).await?;
            return Ok(Undo::TooLate);
        }
        Files::of(instance, plan).remove_next()?;
        Ok(Undo::Done)
    }
}

/// Does what is left once the root is there that names the next key. Gives the version that the service shows.
async fn take_over<R: OfflineRole>(
    instance: &Instance,
    plan: &mut OfflinePlan<R>,
) -> Result<u64, Failure> {
    Files::of(instance, plan).change_places()?;
    let newest = Repository::of(instance)?.newest::<tuf::Root>()?.version;
    let is_shown = |open: &Open| open.root_version() >= newest;
    let version = tuf_service::reload_until(instance, R::ROLE, is_shown).await?;
    plan.signs_from = Some(now());
    Ok(version)
}
