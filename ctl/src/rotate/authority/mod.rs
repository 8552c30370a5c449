//! The rotation of the key of an authority: what is announced is the chain of the next one, which joins the trust state.

mod awaited;
mod brought;
mod key;
mod part;
mod private_service;
mod role;
mod root;
mod successors;
mod trial;

use sigstead_config::successors::OVERLAP;
use sigstead_kit::Period;
use sigstead_signer::KeyConfig;
use sigstead_trust_root::{Base64Bytes, CertificateAuthority, ClientTrustConfig, TimeRange};
use sigstead_x509::Certificate;
use time::{Duration, OffsetDateTime};

use super::moment::{now, shown};
use super::root_source::RootSource;
use super::rotation::{Rotation, SeenIn, Undo};
use crate::cluster::each_pod;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::trust::{self, Change};
use successors::{Successors, is_of};

pub(crate) use awaited::Awaited;
pub(super) use awaited::{bring, look};
pub(super) use part::{ChainPlan, Chains};
pub(super) use private_service::{Owner, start as start_private};
pub(super) use role::{Authority, Files};
pub(super) use root::{
    key_of_now, place as root_place, read as read_certificate, remove as remove_root,
};
pub(super) use trial::refused;

impl<A: Authority> Rotation for Chains<A> {
    const ROLE: &'static str = A::ROLE;
    const WHAT: &'static str = A::WHAT;
    const APART_FROM: &'static [&'static str] = A::APART_FROM;
    const SEEN_IN: SeenIn = SeenIn::Targets;

    async fn begin(instance: &Instance, now: OffsetDateTime) -> Result<Self, Failure> {
        Successors::<A>::of(instance)?;
        let state = trust::read_state(instance)?;
        let chains = A::KIND.chains(&state);
        // None is in service if the key was ended because it was in other hands.
        let old = chains
            .at(now)
            .or_else(|| chains.newest_first().first().copied());
        let old = old.ok_or_else(|| {
            Failure::new(
                "E-CTL-282",
                format!("the trust state has no chain of {} in service", A::NAME),
                "look at what is published: sigctl trust show",
            )
        })?;
        Ok(Self::of(old))
    }

    fn with_root(mut self, instance: &Instance, root: Option<RootSource>) -> Result<Self, Failure> {
        let usual = A::ROOTS.first().copied().unwrap_or(RootSource::Same);
        let is_here = || root::is_here(instance, A::FILES.root, &self.old_chain);
        let chosen = match root {
            Some(root) if !A::ROOTS.contains(&root) => return Err(no_such_root::<A>()),
            Some(root) => root,
            // Who keeps the key of one root elsewhere keeps that of the next one there too.
            None if usual == RootSource::Here && !is_here()? => RootSource::Elsewhere,
            None => usual,
        };
        self.root = Some(chosen).filter(|chosen| *chosen != usual);
        Ok(self)
    }

    fn signing_key(instance: &Instance, now: OffsetDateTime) -> Result<Option<KeyConfig>, Failure> {
        Successors::<A>::of(instance)?.signing_key(now).map(Some)
    }

    fn overlap(&self) -> Duration {
        OVERLAP
    }

    fn least_drain(instance: &Instance) -> Result<Period, Failure> {
        Ok(A::least_drain(instance)?.max(DRAIN))
    }

    /// Between the two nothing could be signed.
    fn refuse_early_end(plan: &ChainPlan<A>) -> Result<(), Failure> {
        let leaf = plan.role.old_chain.first().map(Base64Bytes::as_slice);
        let leaf = Certificate::from_der(leaf.unwrap_or_default());
        let leaf =
            leaf.map_err(|error| Failure::service(A::SERVICE.name(), &plan.role.url, error))?;
        if leaf.not_after() > plan.counts_from {
            return Ok(());
        }
        Err(Failure::new(
            "E-CTL-287",
            format!(
                "the certificate of now ends on {}, before the next key signs",
                shown(leaf.not_after())
            ),
            "let the next key sign sooner: --in PERIOD --accept-short-times; clients that do not look in time refuse it",
        ))
    }

    fn keys() -> Vec<String> {
        let own = [trust::ROOT_KEY, trust::TARGETS_KEY].map(str::to_owned);
        let root = A::ROOTS.contains(&RootSource::Same);
        let root = root.then(|| format!("trust/{}.key", A::FILES.root));
        root.into_iter().chain(own).collect()
    }

    fn foresee(_: &Instance, plan: &ChainPlan<A>, told: &mut ClientTrustConfig) {
        let chains = A::KIND.trusted(&mut told.trusted_root);
        for chain in chains.iter_mut() {
            let certificates = chain.cert_chain.certificates.iter();
            if certificates
                .map(|it| &it.raw_bytes)
                .eq(&plan.role.old_chain)
            {
                chain.valid_for.end = Some(plan.counts_from + plan.drain.time());
            }
        }
        chains.push(CertificateAuthority {
            uri: plan.role.url.clone(),
            valid_for: TimeRange::since(plan.chain_from()),
            ..CertificateAuthority::default()
        });
    }

    async fn check_services(instance: &Instance) -> Result<(), Failure> {
        A::open_keys(instance).await?;
        Change::begin(instance).await.map(drop)
    }

    async fn prepare(instance: &Instance, plan: &mut ChainPlan<A>) -> Result<String, Failure> {
        let chain = key::make(instance, plan).await?;
        plan.role.next_chain = chain.iter().map(|each| each.to_der().into()).collect();
        A::admit(instance, plan).await?;
        let key = chain.first().map(|leaf| leaf.public_key().fingerprint());
        Ok(format!("made the key {}", key.unwrap_or_default()))
    }

    async fn try_out(instance: &Instance, plan: &ChainPlan<A>) -> Result<String, Failure> {
        trial::run(instance, plan).await?;
        Ok("tried the next key and the draft".to_owned())
    }

    async fn announce(instance: &Instance, plan: &ChainPlan<A>) -> Result<String, Failure> {
        let mut change = Change::begin(instance).await?;
        change.append_chain(A::KIND, plan.announced())?;
        let versions = change.publish().await?;
        Ok(format!(
            "announced the next key, with {versions}; {}",
            versions.gate
        ))
    }

    /// A run that was interrupted after the publication may go on long after; clients have their time all the same.
    async fn load(instance: &Instance, plan: &mut ChainPlan<A>) -> Result<String, Failure> {
        let mut listed = Successors::<A>::of(instance)?;
        let from = match listed.start_of(plan) {
            // An earlier run came as far as that, and the service may have read it.
            Some(from) => from,
            None => {
                let from = plan.earliest_use().max(now() + SOONEST);
                listed.add(instance, plan, from)?;
                listed.write()?;
                from
            }
        };
        successors::take_up(instance, plan, true).await?;
        // A service that took the key up only now has signed with the old one until now.
        let from = from.max(now());
        plan.signs_from = Some(from);
        Ok(format!(
            "gave the next key to the service, which signs with it from {} on",
            shown(from)
        ))
    }

    fn while_waiting(instance: &Instance) -> Result<(), Failure> {
        trust::write_kit(instance)
    }

    async fn retire(instance: &Instance, plan: &ChainPlan<A>) -> Result<String, Failure> {
        if !signs(instance, plan).await? {
            return Err(Failure::new(
                "E-CTL-291",
                format!(
                    "{} does not sign with the next key; the old one was not ended",
                    A::NAME
                ),
                format!(
                    "compare its clock and {}/successors.yaml with the plan: sigctl rotate {} status",
                    A::SERVICE.name(),
                    A::ROLE
                ),
            ));
        }
        let end = plan.old_end().unwrap_or_else(now);
        let mut change = Change::begin(instance).await?;
        let end = change.end_chain_as_signed(A::KIND, &plan.role.old_chain, end)?;
        let versions = change.publish().await?;
        Ok(format!(
            "ended the old key at {}, with {versions}; {}",
            shown(end),
            versions.gate
        ))
    }

    /// 1. The service lets go of the key.
    /// 2. If clients were told, the chain ends where it begins, so that it counts for no signature, and that is published.
    /// 3. Those who took its root before take it no more, and the files of the key are removed.
    async fn take_back(instance: &Instance, plan: &mut ChainPlan<A>) -> Result<Undo, Failure> {
        if let_go(instance, plan).await? == Undo::TooLate {
            return Ok(Undo::TooLate);
        }
        let mut change = Change::begin(instance).await?;
        let chain = &plan.role.next_chain;
        if change.has_chain(A::KIND, chain) {
            change.end_chain(A::KIND, chain, plan.end_if_undone(now()))?;
            change.publish().await?;
        }
        A::dismiss(instance, plan).await?;
        key::remove(instance, plan)?;
        Ok(Undo::Done)
    }
}

fn no_such_root<A: Authority>() -> Failure {
    let roots = A::ROOTS
        .iter()
        .filter_map(clap::ValueEnum::to_possible_value);
    let roots: Vec<_> = roots.map(|root| root.get_name().to_owned()).collect();
    Failure::new(
        "E-CTL-510",
        format!("the rotation of {} takes no such root", A::WHAT),
        format!("write --root with one of: {}", roots.join(", ")),
    )
    .exit(Exit::Usage)
}

async fn let_go<A: Authority>(
    instance: &Instance,
    plan: &mut ChainPlan<A>,
) -> Result<Undo, Failure> {
    let mut listed = Successors::<A>::of(instance)?;
    if let Some(from) = listed.start_of(plan) {
        plan.signs_from = Some(from);
        if plan.refuse_late_undo(now()).is_err() {
            return Ok(Undo::TooLate);
        }
        listed.remove(plan);
        listed.write()?;
    }
    let Some(from) = plan.signs_from else {
        return Ok(Undo::Done);
    };
    // An earlier run may not have come as far as having the service let go of it in time.
    if signs(instance, plan).await? {
        listed.add(instance, plan, from)?;
        listed.write()?;
        return Ok(Undo::TooLate);
    }
    successors::take_up(instance, plan, false).await?;
    Ok(Undo::Done)
}

/// Whether the running service signs with the next key, all processes of it.
async fn signs<A: Authority>(instance: &Instance, plan: &ChainPlan<A>) -> Result<bool, Failure> {
    let is_next = |key: &_| is_of(key, &plan.role.next_chain);
    for process in each_pod(instance, A::SERVICE).await? {
        let keys = A::open_keys(&process).await?;
        if !keys.iter().any(|key| key.signs && is_next(key)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Longer than the service takes to open a key, so that it has the key before it signs with it.
const SOONEST: Duration = Duration::seconds(2);
/// As long as a service that is started again still has the key of before open.
const DRAIN: Period = Period::from_minutes(10);
