//! The rotation of the key of the issuer.

mod key;
mod part;
mod successors;
mod trial;

use sigstead_config::oidc::KEY_SET_LIFETIME;
use sigstead_kit::Period;
use sigstead_signer::KeyConfig;
use time::{Duration, OffsetDateTime};

use super::moment::{now, shown};
use super::next_key;
use super::rotation::{Rotation, Undo};
use super::soak::SKEW;
use crate::failure::Failure;
use crate::instance::Instance;
use part::OidcPlan;
use successors::Successors;

pub(super) use part::OidcKey;

/// Nothing is signed by an authority: the next key is announced by the key set of the issuer itself, from which the service
/// drops the old one when its last token has ended.
impl Rotation for OidcKey {
    const ROLE: &'static str = "oidc";
    const WHAT: &'static str = "the key of the issuer";
    const APART_FROM: &'static [&'static str] = &[];

    async fn begin(instance: &Instance, now: OffsetDateTime) -> Result<Self, Failure> {
        let listed = Successors::of(instance)?;
        Ok(Self {
            old_key: key::open(instance, &listed.signing_key(now)).await?.id,
            next_key: None,
            lives_on: listed.key_lives_on(),
        })
    }

    fn signing_key(instance: &Instance, now: OffsetDateTime) -> Result<Option<KeyConfig>, Failure> {
        Ok(Some(Successors::of(instance)?.signing_key(now)))
    }

    /// The certificate authority asks for the key set again after ten minutes at most; others keep it for as long as it says.
    fn soak(_: &Instance) -> Result<Period, Failure> {
        let kept = Duration::max(KEY_SET_LIFETIME, ASKED_AGAIN);
        let seconds = (kept + ASKED_AGAIN_AFTER_FAILURE).whole_seconds();
        Ok(Period::from_seconds(
            seconds.unsigned_abs() + SKEW.duration().as_secs(),
        ))
    }

    fn least_drain(instance: &Instance) -> Result<Period, Failure> {
        Ok(Successors::of(instance)?.key_lives_on())
    }

    fn overlap(&self) -> Duration {
        self.lives_on.time()
    }

    /// Keys have no end of their own.
    fn refuse_early_end(_: &OidcPlan) -> Result<(), Failure> {
        Ok(())
    }

    /// The keys of an issuer are its own alone.
    fn keys() -> Vec<String> {
        Vec::new()
    }

    async fn check_services(instance: &Instance) -> Result<(), Failure> {
        successors::open_keys(instance).await?;
        trial::check_authority(instance).await
    }

    async fn prepare(instance: &Instance, plan: &mut OidcPlan) -> Result<String, Failure> {
        let made = key::make(instance, plan).await?;
        if made.id == plan.role.old_key {
            return Err(next_key::already_known(
                &plan.key_config(instance),
                &made.id,
            ));
        }
        let what = format!("made the key {}", made.id);
        plan.role.next_key = Some(made.id);
        Ok(what)
    }

    /// The certificate authority can try it only once it is published: see [`Self::load`].
    async fn try_out(instance: &Instance, plan: &OidcPlan) -> Result<String, Failure> {
        let next = key::next(instance, plan).await?;
        trial::sign(instance, next.key.as_ref()).await?;
        Ok("signed a token with the next key".to_owned())
    }

    async fn announce(instance: &Instance, plan: &OidcPlan) -> Result<String, Failure> {
        list(instance, plan).await?;
        Ok("the issuer shows the next key".to_owned())
    }

    /// The key set is read by the certificate authority, which must accept what the next key signs. If it does not, the key is
    /// taken out of the set before its time comes.
    async fn load(instance: &Instance, plan: &mut OidcPlan) -> Result<String, Failure> {
        let from = list(instance, plan).await?;
        let next = key::next(instance, plan).await?;
        if let Err(refused) = trial::run(instance, next.key.as_ref()).await {
            Successors::of(instance)?.without(plan).write()?;
            successors::take_up(instance, plan, false).await?;
            return Err(refused);
        }
        plan.signs_from = Some(from);
        Ok(format!(
            "the certificate authority accepts tokens of the next key, which signs from {} on",
            shown(from)
        ))
    }

    fn while_waiting(_: &Instance) -> Result<(), Failure> {
        Ok(())
    }

    async fn retire(instance: &Instance, plan: &OidcPlan) -> Result<String, Failure> {
        if !signs(instance, plan).await? {
            return Err(Failure::new(
                "E-CTL-333",
                "the issuer does not sign with the next key; the rotation was not ended",
                "compare its clock and oidc/successors.yaml with the plan: sigctl rotate oidc status",
            ));
        }
        let unused = plan.signs_from.unwrap_or_else(now) + plan.role.overlap();
        Ok(format!(
            "the old key signs no more, and is in the key set until {}",
            shown(unused)
        ))
    }

    /// 1. The service lets go of the key, which no token is of.
    /// 2. The file of the key is removed.
    async fn take_back(instance: &Instance, plan: &mut OidcPlan) -> Result<Undo, Failure> {
        let listed = Successors::of(instance)?;
        if let Some(from) = listed.start_of(plan) {
            plan.signs_from = Some(from);
            if plan.refuse_late_undo(now()).is_err() {
                return Ok(Undo::TooLate);
            }
            listed.without(plan).write()?;
        }
        if plan.role.next_key.is_some() {
            // An earlier run may not have come as far as having the service let go of it in time.
            let from = plan.signs_from;
            if let Some(from) = from.filter(|from| *from <= now())
                && signs(instance, plan).await?
            {
                Successors::of(instance)?
                    .with(instance, plan, from)?
                    .write()?;
                return Ok(Undo::TooLate);
            }
            successors::take_up(instance, plan, false).await?;
        }
        key::remove(instance, plan)?;
        Ok(Undo::Done)
    }
}

/// Has the service show the key, unless it does already, and gives the time from which on it signs with it.
///
/// A run that was interrupted may go on long after; readers of the key set have their time all the same.
async fn list(instance: &Instance, plan: &OidcPlan) -> Result<OffsetDateTime, Failure> {
    let listed = Successors::of(instance)?;
    let from = match listed.start_of(plan) {
        Some(from) => from,
        None => {
            let from = plan.counts_from.max(now() + plan.delay.time() + TAKEN_UP);
            listed.with(instance, plan, from)?.write()?;
            from
        }
    };
    successors::take_up(instance, plan, true).await?;
    Ok(from)
}

/// Whether the running service signs with the next key.
async fn signs(instance: &Instance, plan: &OidcPlan) -> Result<bool, Failure> {
    let keys = successors::open_keys(instance).await?;
    let is_next = |id: &str| plan.role.next_key.as_deref() == Some(id);
    Ok(keys.iter().any(|key| key.signs && is_next(&key.key_id)))
}

/// See `pause` of the crate that keeps the keys of issuers: from a fetch to the next, and from a failed one.
const ASKED_AGAIN: Duration = Duration::minutes(10);
const ASKED_AGAIN_AFTER_FAILURE: Duration = Duration::minutes(5);
/// Longer than the service takes to open a key.
const TAKEN_UP: Duration = Duration::seconds(2);
