//! The rotation of certificates of TLS that authorities of the instance issue, with their keys.

mod authority;
mod kind;
mod pair;
mod part;
mod shown;

use sigstead_kit::{Administrator, Period};
use time::{Duration, OffsetDateTime};

use super::moment::now;
use super::rotation::{OldKey, Rotation, TakesOver, Undo};
use super::soak::SKEW;
use crate::administrators;
use crate::failure::Failure;
use crate::init::certificates::Holder;
use crate::instance::Instance;
use part::LeavesPlan;

pub(super) use authority::{open as open_authority, refuse_other, refused};
pub(super) use kind::{Admin, Kind, Tls};
pub(super) use pair::Pair;
pub(super) use part::Leaves;
pub(super) use shown::{Dialled, running, take_up, wait_until};

/// Those who look at a certificate trust its authority, which stays. So nothing has to be announced.
impl<K: Kind> Rotation for Leaves<K> {
    const ROLE: &'static str = K::ROLE;
    const WHAT: &'static str = K::WHAT;
    const APART_FROM: &'static [&'static str] = K::APART_FROM;
    const OLD_KEY: OldKey = OldKey::Replaced;
    const TAKES_OVER: TakesOver = TakesOver::WhenLoaded;

    async fn begin(instance: &Instance, _: OffsetDateTime) -> Result<Self, Failure> {
        K::check(instance)?;
        authority::open(instance, K::AUTHORITY).await?;
        let mut pairs = K::pairs(instance).into_iter();
        let operator = pairs.find(|pair| pair.holder == Holder::Owner);
        let former = operator.map(|pair| pair.current()).transpose()?;
        let former = former.and_then(|former| Administrator::of(former.to_der()).ok());
        Ok(Self::new(former.map(|former| former.serial)))
    }

    fn soak(_: &Instance) -> Result<Period, Failure> {
        Ok(Period::from_seconds(0))
    }

    fn loads_from(plan: &LeavesPlan<K>) -> OffsetDateTime {
        plan.counts_from
    }

    /// The key before is nowhere once the next certificate is in use.
    fn overlap(&self) -> Duration {
        Duration::ZERO
    }

    fn least_drain(_: &Instance) -> Result<Period, Failure> {
        Ok(Period::from_seconds(0))
    }

    /// What has ended can be replaced too.
    fn refuse_early_end(_: &LeavesPlan<K>) -> Result<(), Failure> {
        Ok(())
    }

    /// A service that does not run takes the next certificate at its start.
    fn keys() -> Vec<String> {
        vec![format!("trust/{}.key", K::AUTHORITY)]
    }

    async fn check_services(_: &Instance) -> Result<(), Failure> {
        Ok(())
    }

    async fn prepare(instance: &Instance, plan: &mut LeavesPlan<K>) -> Result<String, Failure> {
        let authority = authority::open(instance, K::AUTHORITY).await?;
        for pair in K::pairs(instance) {
            pair.make(instance, &authority, &[], now() - SKEW.time())
                .await?;
            let next = pair.next()?;
            plan.role
                .next
                .insert(pair.place(), hex::encode(next.sha256()));
        }
        Ok(format!(
            "made {} keys and certificates",
            plan.role.next.len()
        ))
    }

    async fn try_out(instance: &Instance, plan: &LeavesPlan<K>) -> Result<String, Failure> {
        let authority = authority::open(instance, K::AUTHORITY).await?.certificate;
        for pair in K::pairs(instance) {
            let next = tried(plan, &pair)?;
            refuse_other(K::ROLE, &pair.place(), &next, &authority)?;
        }
        Ok("each is of its key and of the authority".to_owned())
    }

    async fn announce(_: &Instance, _: &LeavesPlan<K>) -> Result<String, Failure> {
        Ok("the authority is known to all, and nobody has to be told".to_owned())
    }

    async fn load(instance: &Instance, plan: &mut LeavesPlan<K>) -> Result<String, Failure> {
        for pair in K::pairs(instance) {
            if !is_in_use(plan, &pair)? {
                tried(plan, &pair)?;
            }
        }
        take_over(instance, plan).await?;
        Ok("the services show the next certificates".to_owned())
    }

    fn while_waiting(_: &Instance) -> Result<(), Failure> {
        Ok(())
    }

    async fn retire(instance: &Instance, plan: &LeavesPlan<K>) -> Result<String, Failure> {
        let mut others = Vec::new();
        for pair in K::pairs(instance) {
            // The operator's is renewed by itself.
            if pair.holder != Holder::Owner && !is_in_use(plan, &pair)? {
                others.push(pair.place());
            }
        }
        K::end_former(instance, plan.role.former.as_deref()).await?;
        Ok(match others.as_slice() {
            [] => "the certificates before are out of use".to_owned(),
            others => format!(
                "the certificates before are out of use; others than this plan's are in {}",
                others.join(", ")
            ),
        })
    }

    async fn take_back(instance: &Instance, plan: &mut LeavesPlan<K>) -> Result<Undo, Failure> {
        for pair in K::pairs(instance) {
            if is_in_use(plan, &pair)? {
                take_over(instance, plan).await?;
                return Ok(Undo::TooLate);
            }
        }
        for pair in K::pairs(instance) {
            pair.remove_next()?;
        }
        Ok(Undo::Done)
    }
}

/// The next certificate of a pair, which is the one that the plan says was made.
fn tried<K: Kind>(
    plan: &LeavesPlan<K>,
    pair: &Pair,
) -> Result<sigstead_x509::Certificate, Failure> {
    let next = pair.next();
    let next = next.map_err(|why| refused(K::ROLE, &pair.place(), &why.whole()))?;
    match plan.role.next.get(&pair.place()) {
        Some(made) if *made == hex::encode(next.sha256()) => Ok(next),
        _ => {
            let why = "it is not the one that was made";
            Err(refused(K::ROLE, &pair.place(), why))
        }
    }
}

fn is_in_use<K>(plan: &LeavesPlan<K>, pair: &Pair) -> Result<bool, Failure> {
    let current = hex::encode(pair.current()?.sha256());
    Ok(plan.role.next.get(&pair.place()) == Some(&current))
}

/// Puts all pairs in their places, and is done when the services that run show them.
async fn take_over<K: Kind>(instance: &Instance, plan: &mut LeavesPlan<K>) -> Result<(), Failure> {
    let pairs = K::pairs(instance);
    for pair in &pairs {
        if is_in_use(plan, pair)? {
            continue;
        }
        if pair.holder == Holder::Owner {
            // What cannot be listed cannot be revoked.
            administrators::keep_former(instance, &pair.current()?)?;
        }
        pair.install()?;
    }
    let dialled = |service| K::dialled(instance, service);
    take_up(instance, K::ROLE, &pairs, dialled).await?;
    pairs.iter().try_for_each(Pair::settle)?;
    plan.signs_from = Some(now());
    Ok(())
}
