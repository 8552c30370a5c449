//! A rotation that waits for the chain of its next key, as those see it who bring one.

use std::path::PathBuf;

use sigstead_trust_root::Base64Bytes;
use sigstead_x509::{Certificate, CertificateRequest, ExtendedKeyUsage, Name};
use time::OffsetDateTime;

use super::brought::{self, Files, subject, usage};
use super::part::{ChainPlan, Chains};
use super::role::Authority;
use crate::failure::{Exit, Failure};
use crate::init::certificates::name;
use crate::instance::Instance;
use crate::rotate::plan::Phase;
use crate::rotate::plan_file::PlanFile;
use crate::rotate::root_source::RootSource;

/// What a chain is wanted for.
pub(crate) struct Awaited {
    /// The role of the rotation, and its number.
    pub(crate) role: &'static str,
    pub(crate) number: u32,
    /// What is rotated, for people.
    pub(crate) what: &'static str,
    /// What the key signs.
    pub(crate) usage: ExtendedKeyUsage,
    /// What its certificate is to be called.
    pub(crate) subject: Name,
    /// What a new root may be called; none where that of now stays.
    pub(crate) new_root: Option<Name>,
    /// The root of now.
    pub(crate) root_of_now: Certificate,
    /// The request, PEM, and where it is.
    pub(crate) request: String,
    pub(crate) file: PathBuf,
    /// Until when the chain must count at least.
    pub(crate) counts_until: OffsetDateTime,
}

/// What waits in the open rotation of a role.
pub(in crate::rotate) fn look<A: Authority>(instance: &Instance) -> Result<Awaited, Failure> {
    let plan = PlanFile::look::<Chains<A>>(instance)?;
    let plan = plan.ok_or_else(nothing_awaited::<A>)?;
    refuse_late(&plan)?;
    let file = Files::of(instance, &plan).request;
    if !file.exists() {
        return Err(nothing_awaited::<A>());
    }
    let request = std::fs::read_to_string(&file);
    let request = request.map_err(|error| Failure::file("read", &file, error))?;
    let is_new = plan.root_source() != RootSource::Same;
    let root = plan.role.old_chain.last().map(Base64Bytes::as_slice);
    let root = Certificate::from_der(root.unwrap_or_default());
    Ok(Awaited {
        role: A::ROLE,
        number: plan.number,
        what: A::WHAT,
        usage: usage::<A>(),
        subject: subject(instance, &plan),
        new_root: is_new.then(|| name(instance, &A::root_name(plan.number))),
        root_of_now: root.map_err(|error| Failure::file("read", &file, error))?,
        counts_until: plan.earliest_use() + plan.drain.time(),
        request,
        file,
    })
}

/// Takes a chain for the next key if clients would; only looks at it if `keep` is false.
pub(in crate::rotate) fn bring<A: Authority>(
    instance: &Instance,
    chain: &[Certificate],
    keep: bool,
) -> Result<(), Failure> {
    // Nobody goes on with the rotation meanwhile.
    let file = PlanFile::take::<Chains<A>>(instance)?;
    let awaited = look::<A>(instance)?;
    let plan = file.open::<Chains<A>>()?;
    let request = CertificateRequest::from_pem_or_der(awaited.request.as_bytes());
    let key = request.and_then(|request| request.verify());
    let key = key.map_err(|error| Failure::file("read", &awaited.file, error))?;
    brought::check(instance, &plan, chain, &key)?;
    match keep {
        true => brought::accept(instance, &plan, chain),
        false => Ok(()),
    }
}

fn refuse_late<A: Authority>(plan: &ChainPlan<A>) -> Result<(), Failure> {
    match plan.phase {
        Phase::Planned => Ok(()),
        _ => Err(nothing_awaited::<A>()),
    }
}

fn nothing_awaited<A: Authority>() -> Failure {
    Failure::new(
        "E-CEREMONY-032",
        format!("no rotation of {} waits for a certificate", A::ROLE),
        format!(
            "begin one: sigctl rotate {0} start; or look how far it came: sigctl rotate {0} status",
            A::ROLE
        ),
    )
    .exit(Exit::Refused)
}
