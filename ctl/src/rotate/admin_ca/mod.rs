//! The rotation of the authority of the admin interfaces.

mod files;
mod part;

use sigstead_kit::Period;
use sigstead_signer::KeyConfig;
use sigstead_x509::Certificate;
use time::{Duration, OffsetDateTime};

use super::leaves::{
    self, Admin, Dialled, Kind, Pair, open_authority, refuse_other, running, take_up, wait_until,
};
use super::moment::now;
use super::rotation::{Rotation, TakesOver, Undo};
use super::soak::SKEW;
use crate::failure::Failure;
use crate::init::certificates::Holder;
use crate::instance::Instance;
use crate::{administrators, operator_key, reload, tls_files};
use files::{Files, NAME};
use part::AuthorityPlan;

pub(super) use part::AdminAuthority;

/// Services trust both authorities before anything of the next one is used. People who trust the authority of now accept what
/// the next one issues, because services show with it the certificate that the one of now gave the next one. So nobody waits.
/// The authority before leaves when the last of what it issued has ended.
impl Rotation for AdminAuthority {
    const ROLE: &'static str = NAME;
    const WHAT: &'static str = "the authority of the admin interfaces";
    const APART_FROM: &'static [&'static str] = &[<Admin as Kind>::ROLE];
    const TAKES_OVER: TakesOver = TakesOver::WhenLoaded;

    async fn begin(instance: &Instance, _: OffsetDateTime) -> Result<Self, Failure> {
        Admin::check(instance)?;
        let former = open_authority(instance, NAME).await?.certificate;
        refuse_ended(instance)?;
        Ok(Self {
            former: hex::encode(former.sha256()),
            operator: operator(instance)?,
            next: None,
        })
    }

    fn signing_key(instance: &Instance, _: OffsetDateTime) -> Result<Option<KeyConfig>, Failure> {
        operator_key::config(instance, &instance.path("trust/admin-ca.key")).map(Some)
    }

    fn soak(_: &Instance) -> Result<Period, Failure> {
        Ok(Period::from_seconds(0))
    }

    fn loads_from(plan: &AuthorityPlan) -> OffsetDateTime {
        plan.counts_from
    }

    fn overlap(&self) -> Duration {
        Duration::ZERO
    }

    /// As long as somebody else has a certificate that the authority of now issued.
    fn least_drain(instance: &Instance) -> Result<Period, Failure> {
        let operator = operator(instance)?;
        let authority = tls_files::certificate(&instance.path("trust/admin-ca.pem"))?;
        let good = administrators::good_of(instance, &authority)?.into_iter();
        let ends = good.filter(|(serial, _)| *serial != operator);
        let last = ends.map(|(_, end)| end).max().unwrap_or_else(now);
        let seconds = (last - now()).whole_seconds().max(0);
        Ok(Period::from_seconds(seconds.unsigned_abs()))
    }

    /// What ends with the authority of now is replaced.
    fn refuse_early_end(_: &AuthorityPlan) -> Result<(), Failure> {
        Ok(())
    }

    /// A service that does not run takes what is there at its start.
    fn keys() -> Vec<String> {
        vec!["trust/admin-ca.key".to_owned()]
    }

    async fn check_services(_: &Instance) -> Result<(), Failure> {
        Ok(())
    }

    async fn prepare(instance: &Instance, plan: &mut AuthorityPlan) -> Result<String, Failure> {
        let files = Files::of(instance, plan);
        let next = files.make().await?;
        plan.role.next = Some(hex::encode(next.sha256()));
        let (authority, above) = files.open_next().await?;
        for pair in Admin::pairs(instance) {
            // The tools show theirs to services only, which trust the next authority itself.
            let above: &[Certificate] = match pair.service {
                Some(_) => &above,
                None => &[],
            };
            pair.make(instance, &authority, above, now() - SKEW.time())
                .await?;
        }
        Ok("made the next authority, and certificates of it".to_owned())
    }

    async fn try_out(instance: &Instance, plan: &AuthorityPlan) -> Result<String, Failure> {
        tried(instance, plan).await?;
        Ok(
            "each is of its key, of the next authority, and through it of the one of now"
                .to_owned(),
        )
    }

    async fn announce(instance: &Instance, plan: &AuthorityPlan) -> Result<String, Failure> {
        let files = Files::of(instance, plan);
        let (next, _) = files.open_next().await?;
        let former = former(&files, plan)?;
        files.trust(&[&former, &next.certificate])?;
        let next = Pair::of_operator(instance);
        let next = (next.next_file("pem"), next.next_file("key"));
        let running = running(instance).await?;
        reload::ask(instance, &running).await?;
        for service in running {
            let dialled = Dialled::admin(instance, service, next.clone());
            wait_until(&dialled, (Self::ROLE, service), |_| true).await?;
        }
        Ok("the services trust both authorities".to_owned())
    }

    async fn load(instance: &Instance, plan: &mut AuthorityPlan) -> Result<String, Failure> {
        if !has_begun(instance, plan)? {
            tried(instance, plan).await?;
        }
        take_over(instance, plan).await?;
        Ok(
            "the services show certificates of the next authority, which issues from now on"
                .to_owned(),
        )
    }

    fn while_waiting(_: &Instance) -> Result<(), Failure> {
        Ok(())
    }

    /// Nobody needs the authority before once all that it issued to others is revoked.
    fn is_free(instance: &Instance, plan: &AuthorityPlan) -> Result<bool, Failure> {
        let mut trusted = Files::of(instance, plan).trusted()?.into_iter();
        let Some(former) = trusted.find(|each| is(each, &plan.role.former)) else {
            return Ok(true);
        };
        let good = administrators::good_of(instance, &former)?;
        Ok(good.keys().all(|serial| *serial == plan.role.operator))
    }

    /// 1. What the authority before issued is revoked, so that it counts no more on open connections either.
    /// 2. Services and tools trust the next authority alone, and services show nothing else with theirs.
    async fn retire(instance: &Instance, plan: &AuthorityPlan) -> Result<String, Failure> {
        let files = Files::of(instance, plan);
        let trusted = files.trusted()?;
        let next = trusted.first().filter(|next| is_next(next, plan));
        let next = next.ok_or_else(|| {
            Failure::new(
                "E-CTL-345",
                "trust/admin-ca.pem does not begin with the next authority; the rotation was not ended",
                "compare it with the plan: sigctl rotate admin-ca status",
            )
        })?;
        for former in trusted.iter().filter(|each| is(each, &plan.role.former)) {
            let good = administrators::good_of(instance, former)?.into_keys();
            let good: Vec<_> = good.collect();
            administrators::end(instance, &good).await?;
        }
        files.trust(&[next])?;
        Admin::pairs(instance).iter().try_for_each(Pair::shorten)?;
        let dialled = |service| Admin::dialled(instance, service);
        take_up(instance, Self::ROLE, &Admin::pairs(instance), dialled).await?;
        Ok(format!(
            "the authority before is trusted no more; its key is at {}",
            files.kept().display()
        ))
    }

    /// 1. Services and tools trust the authority of now alone.
    /// 2. What was made is removed.
    async fn take_back(instance: &Instance, plan: &mut AuthorityPlan) -> Result<Undo, Failure> {
        if has_begun(instance, plan)? {
            take_over(instance, plan).await?;
            return Ok(Undo::TooLate);
        }
        let files = Files::of(instance, plan);
        files.trust(&[&former(&files, plan)?])?;
        let pairs = Admin::pairs(instance);
        let dialled = |service| Admin::dialled(instance, service);
        take_up(instance, Self::ROLE, &pairs, dialled).await?;
        pairs.iter().try_for_each(Pair::remove_next)?;
        files.remove_next()?;
        Ok(Undo::Done)
    }
}

/// The certificate with which the tools of the instance administer it, by its serial number.
/// Each service is asked over its certificate whether it trusts both authorities.
fn refuse_ended(instance: &Instance) -> Result<(), Failure> {
    for pair in Admin::pairs(instance) {
        if pair.current()?.not_after() <= now() {
            return Err(Failure::new(
                "E-CTL-346",
                format!("the certificate of {} has ended", pair.place()),
                "replace the certificates of the authority of now first: sigctl rotate admin start; if that authority has \
                 ended too, stop the services before",
            ));
        }
    }
    Ok(())
}

fn operator(instance: &Instance) -> Result<String, Failure> {
    administrators::serial_of(&Pair::of_operator(instance).current()?)
}

fn is(certificate: &Certificate, sha256: &str) -> bool {
    hex::encode(certificate.sha256()) == sha256
}

fn is_next(certificate: &Certificate, plan: &AuthorityPlan) -> bool {
    plan.role
        .next
        .as_deref()
        .is_some_and(|next| is(certificate, next))
}

/// The authority of now, as the plan says.
fn former(files: &Files<'_>, plan: &AuthorityPlan) -> Result<Certificate, Failure> {
    let mut trusted = files.trusted()?.into_iter();
    let former = trusted.find(|each| is(each, &plan.role.former));
    former.ok_or_else(|| {
        Failure::new(
            "E-CTL-345",
            "trust/admin-ca.pem has not the authority of now",
            "bring it back from a copy, and go on: sigctl rotate admin-ca resume",
        )
    })
}

/// Whether a certificate of the next authority is in use.
fn has_begun(instance: &Instance, plan: &AuthorityPlan) -> Result<bool, Failure> {
    let files = Files::of(instance, plan);
    let mut trusted = files.trusted()?.into_iter();
    let Some(next) = trusted.find(|each| is_next(each, plan)) else {
        return Ok(false);
    };
    for pair in Admin::pairs(instance) {
        if pair.current()?.verify_signed_by(&next).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Refuses what was made if it is not whole.
async fn tried(instance: &Instance, plan: &AuthorityPlan) -> Result<(), Failure> {
    let files = Files::of(instance, plan);
    let (next, above) = files.open_next().await?;
    let former = former(&files, plan)?;
    let place = "trust/admin-ca";
    if !is_next(&next.certificate, plan)
        || next.signer.public_key() != next.certificate.public_key()
    {
        let why = "it is not the one that was made";
        return Err(leaves::refused(NAME, place, why));
    }
    for certified in &above {
        refuse_other(NAME, place, certified, &former)?;
    }
    for pair in Admin::pairs(instance) {
        let leaf = pair.next()?;
        refuse_other(NAME, &pair.place(), &leaf, &next.certificate)?;
    }
    Ok(())
}

/// 1. Services and tools get certificates of the next authority, and services show them.
/// 2. The next authority issues.
async fn take_over(instance: &Instance, plan: &mut AuthorityPlan) -> Result<(), Failure> {
    let files = Files::of(instance, plan);
    let trusted = files.trusted()?;
    let next = trusted.iter().find(|each| is_next(each, plan));
    let next = next.ok_or_else(|| {
        Failure::new(
            "E-CTL-345",
            "trust/admin-ca.pem has not the next authority",
            "bring it back from a copy, and go on: sigctl rotate admin-ca resume",
        )
    })?;
    let pairs = Admin::pairs(instance);
    for pair in &pairs {
        if pair.current()?.verify_signed_by(next).is_ok() {
            continue;
        }
        if pair.holder == Holder::Owner {
            administrators::keep_former(instance, &pair.current()?)?;
        }
        pair.install()?;
    }
    let dialled = |service| Admin::dialled(instance, service);
    take_up(instance, NAME, &pairs, dialled).await?;
    pairs.iter().try_for_each(Pair::settle)?;
    files.change_places()?;
    files.trust(&[next, &former(&files, plan)?])?;
    files.remove_next()?;
    plan.signs_from = Some(now());
    Ok(())
}
