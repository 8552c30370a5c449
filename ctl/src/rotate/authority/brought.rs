//! A chain for the next key that somebody else issued: a request goes out, and what comes back is looked at as clients will.

use std::path::PathBuf;

use sigstead_key::PublicKey;
use sigstead_signer::Signer;
use sigstead_trust_root::Base64Bytes;
use sigstead_x509::{
    Certificate, ExtendedKeyUsage, Name, Rank, Rule, Unfit, UnsignedRequest, Validity, Wanted,
};

use super::part::ChainPlan;
use super::role::Authority;
use super::root::place;
use crate::failure::{Exit, Failure};
use crate::init::certificates::name;
use crate::instance::Instance;
use crate::replace::replace;
use crate::rotate::moment::now;
use crate::rotate::root_source::RootSource;
use crate::trust::{self, AuthorityKind};

/// The chain that was accepted for the next key.
///
/// 1. The request is written, unless an earlier run came as far as that.
/// 2. If a chain was accepted, it is checked again: time has passed since, and files can be changed.
/// 3. A new root goes to where roots are looked for, without a key.
///
/// # Errors
/// If nothing was accepted yet: somebody is waited for.
pub(super) async fn chain<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
    key: &dyn Signer,
) -> Result<Vec<Certificate>, Failure> {
    let files = Files::of(instance, plan);
    if !files.request.exists() {
        let request = request(instance, plan, key).await?;
        write(&files.request, &request)?;
    }
    if !files.answer.exists() {
        return Err(awaited::<A>(instance, plan, &files)?);
    }
    let chain = read(&files.answer)?;
    check(instance, plan, &chain, key.public_key())?;
    if let (RootSource::Elsewhere, Some(root)) = (plan.root_source(), chain.last()) {
        write(&place(instance, A::FILES.root, plan.number), &root.to_pem())?;
    }
    Ok(chain)
}

/// Accepts a chain for the next key, from which `resume` goes on.
pub(super) fn accept<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
    chain: &[Certificate],
) -> Result<(), Failure> {
    let pem: String = chain.iter().map(Certificate::to_pem).collect();
    write(&Files::of(instance, plan).answer, &pem)
}

/// Refuses a chain that some client would, or that is not what the rotation is about.
pub(super) fn check<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
    chain: &[Certificate],
    key: &PublicKey,
) -> Result<(), Failure> {
    let known = known(instance)?;
    let now = now();
    let signs_from = plan.counts_from.max(now + plan.delay.time());
    let wanted = Wanted {
        key,
        usage: usage::<A>(),
        time: Validity {
            not_before: now,
            not_after: signs_from + plan.drain.time(),
        },
        known: &known,
    };
    sigstead_x509::check_brought(chain, &wanted).map_err(|unfit| refused(&unfit))?;
    check_root(plan, chain, &known)
}

/// The root of a chain is the one of now where that stays, and one that nobody knows where it does not: to take a root back takes
/// it from those who accept it.
fn check_root<A: Authority>(
    plan: &ChainPlan<A>,
    chain: &[Certificate],
    known: &[Certificate],
) -> Result<(), Failure> {
    let of_now = plan.role.old_chain.last().map(Base64Bytes::as_slice);
    let root = chain.last();
    let (is_right, why) = match plan.root_source() {
        RootSource::Same => (
            root.map(Certificate::to_der) == of_now,
            "ends at another root than that of now",
        ),
        RootSource::Here | RootSource::Elsewhere => (
            !root.is_some_and(|root| known.contains(root)),
            "ends at a root that clients have already, and a new one was asked for",
        ),
    };
    match is_right {
        true => Ok(()),
        false => Err(Failure::new(
            "E-CEREMONY-043",
            format!("the chain {why}"),
            "take this rotation back with `undo`, and begin the one that you mean: with --root same or --root elsewhere, as docs/rotating.md says",
        )
        .exit(Exit::Refused)),
    }
}

/// The files of a request and of its answer.
pub(super) struct Files {
    pub(super) request: PathBuf,
    pub(super) answer: PathBuf,
}

impl Files {
    pub(super) fn of<A: Authority>(instance: &Instance, plan: &ChainPlan<A>) -> Self {
        let stem = format!("{FOLDER}/{}-{}", A::ROLE, plan.number);
        Self {
            request: instance.path(&format!("{stem}.csr")),
            answer: instance.path(&format!("{stem}.pem")),
        }
    }

    /// Removes both.
    pub(super) fn remove(&self) -> Result<(), Failure> {
        for path in [&self.request, &self.answer] {
            if path.exists() {
                sigstead_durable::remove(path)
                    .map_err(|error| Failure::file("remove", path, error))?;
            }
        }
        Ok(())
    }
}

/// What the subject of the next certificate is called.
pub(super) fn subject<A: Authority>(instance: &Instance, plan: &ChainPlan<A>) -> Name {
    name(instance, &A::subject(plan))
}

pub(super) const fn usage<A: Authority>() -> ExtendedKeyUsage {
    match A::KIND {
        AuthorityKind::Certificate => ExtendedKeyUsage::CodeSigning,
        AuthorityKind::Timestamp => ExtendedKeyUsage::TimeStamping,
    }
}

async fn request<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
    key: &dyn Signer,
) -> Result<String, Failure> {
    let rank = match A::KIND {
        AuthorityKind::Certificate => Rank::CodeSigningIssuer,
        AuthorityKind::Timestamp => Rank::TimeStamper,
    };
    let path = Files::of(instance, plan).request;
    let failed = |error: &dyn std::fmt::Display| Failure::file("make", &path, error);
    let subject = subject(instance, plan);
    let unsigned = UnsignedRequest::of_authority(key.public_key(), &subject, rank);
    let unsigned = unsigned.map_err(|error| failed(&error))?;
    let signature = key.sign(unsigned.bytes_to_sign()).await;
    let signature = signature.map_err(|error| failed(&error))?;
    unsigned
        .sign_with(&signature)
        .map_err(|error| failed(&error))
}

/// All certificates that clients know.
fn known(instance: &Instance) -> Result<Vec<Certificate>, Failure> {
    let state = trust::read_state(instance)?;
    let authorities = [&state.certificate_authorities, &state.timestamp_authorities];
    let chains = authorities.into_iter().flat_map(|each| each.newest_first());
    let certificates = chains.flat_map(|chain| &chain.chain);
    Ok(certificates
        .filter_map(|der| Certificate::from_der(der.as_slice()).ok())
        .collect())
}

fn read(path: &std::path::Path) -> Result<Vec<Certificate>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::file("read", path, error);
    let pem = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    Certificate::chain_from_pem(&pem).map_err(|error| failed(&error))
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    let failed = |error| Failure::file("write", path, error);
    sigstead_durable::create_directory(sigstead_durable::parent(path)).map_err(failed)?;
    replace(path, text.as_bytes()).map_err(failed)
}

/// What is said while nobody has brought a chain.
fn awaited<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
    files: &Files,
) -> Result<Failure, Failure> {
    let role = A::ROLE;
    let here = match plan.root_source() {
        RootSource::Same => {
            let key = super::root::key_of_now(instance, A::FILES.root, &plan.role.old_chain)?;
            format!(
                "; or, where the key of the root is a file, bring it back to {} for this step",
                key.display()
            )
        }
        RootSource::Here | RootSource::Elsewhere => String::new(),
    };
    Ok(Failure::new(
        "E-CEREMONY-031",
        format!(
            "the next key of {} waits for its certificate; its request is {}",
            A::NAME,
            files.request.display()
        ),
        format!(
            "have the key of the root sign it (sigctl ceremony certificate), or a company's authority, whose chain `sigctl authority accept` takes{here}; then: sigctl rotate {role} resume"
        ),
    )
    .exit(Exit::Waiting))
}

fn refused(unfit: &Unfit) -> Failure {
    let (code, remedy) = told(unfit.rule);
    Failure::new(code, unfit.to_string(), remedy).exit(Exit::Refused)
}

/// The code of a rule, and what to do.
const fn told(rule: Rule) -> (&'static str, &'static str) {
    match rule {
        Rule::Key => (
            "E-CEREMONY-033",
            "have the request of this rotation signed: sigctl authority request",
        ),
        Rule::Order => (
            "E-CEREMONY-034",
            "write the certificate of the key first, each followed by its issuer, and the self-signed root last",
        ),
        Rule::Algorithm => (
            "E-CEREMONY-035",
            "have it issued below an authority with another key",
        ),
        Rule::Authority => (
            "E-CEREMONY-036",
            "have it issued with the basic constraints and the key usage that the request asks for",
        ),
        Rule::PathLength => (
            "E-CEREMONY-037",
            "have it issued with the path length that the request asks for, below authorities that allow it",
        ),
        Rule::Purpose => (
            "E-CEREMONY-038",
            "have it issued with the extended key usage that the request asks for, below authorities that do not exclude it",
        ),
        Rule::Constraints => (
            "E-CEREMONY-039",
            "have it issued below an authority without these constraints",
        ),
        Rule::Name => (
            "E-CEREMONY-040",
            "have it issued with the subject that the request has",
        ),
        Rule::Identifiers => (
            "E-CEREMONY-041",
            "have it issued with the identifiers of its key and of its issuer's key",
        ),
        Rule::Time => (
            "E-CEREMONY-042",
            "have it issued for longer, or from now on, below authorities that count as long; look at this machine's clock",
        ),
    }
}

const FOLDER: &str = "trust/requests";
