//! `sigctl ceremony certificate`: the draft of what a root's key shall sign.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_ceremony::certificates::{
    CertificateDraft, CertificateWish, Purpose, RootWanted, Term,
};
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::tuf::{Role as _, Root, Signed};
use sigstead_x509::{ExtendedKeyUsage, Name};
use time::{Duration, OffsetDateTime};

use super::super::medium::Medium;
use super::super::new::random_id;
use super::super::refusal::refused;
use super::medium::{CertificateMedium, DRAFT};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::output::Output;
use crate::rotate::{Awaited, ChainRole};
use crate::trust::{self, Repository, parse_term};

/// Which certificate.
#[derive(Args)]
pub(in crate::ceremony) struct Arguments {
    /// The instance's directory.
    directory: PathBuf,

    /// Which rotation waits for it.
    #[arg(value_enum)]
    role: ChainRole,

    /// The medium: a folder that is made, or, with --again, one that has a draft.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,

    /// How long the certificate counts. Default: the authority lifetime of the instance.
    #[arg(long, value_name = "PERIOD", value_parser = parse_term)]
    valid_for: Option<Duration>,

    /// How long a new root counts. Default: the root lifetime of the instance.
    #[arg(long, value_name = "PERIOD", value_parser = parse_term)]
    root_valid_for: Option<Duration>,

    /// How much time those who sign have.
    #[arg(long, value_name = "PERIOD", default_value = "30d", value_parser = parse_term)]
    sign_within: Duration,

    /// Make the next draft of the ceremony that is on the medium. A new root is made again; all sign again.
    #[arg(long)]
    again: bool,
}

#[derive(Serialize)]
struct Drafted {
    medium: PathBuf,
    draft: u32,
    role: &'static str,
    new_root: bool,
    threshold: u32,
}

pub(in crate::ceremony) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = Instance::open(&arguments.directory)?;
    let awaited = arguments.role.awaited(&instance)?;
    let folder = arguments.to.clone();
    let medium = CertificateMedium::of(Medium::at(&folder));
    let (ceremony, number) = match arguments.again {
        true => {
            let draft = medium.draft()?;
            (draft.ceremony, draft.number.saturating_add(1))
        }
        false => {
            medium.files().refuse_existing("")?;
            (random_id()?, 1)
        }
    };
    let draft = draft(&instance, &awaited, &arguments, (ceremony, number))?;
    medium.files().put(DRAFT, &draft.encode())?;
    let drafted = Drafted {
        medium: folder,
        draft: draft.number,
        role: awaited.role,
        new_root: draft.new_root().is_some(),
        threshold: draft.threshold,
    };
    output.print(&drafted, text);
    Ok(())
}

fn draft(
    instance: &Instance,
    awaited: &Awaited,
    arguments: &Arguments,
    (ceremony, number): (String, u32),
) -> Result<CertificateDraft, Failure> {
    let root: Signed<Root> = Repository::of(instance)?.newest_signed()?;
    let role = root.signed.roles.get(Root::NAME);
    let now = SystemClock.now().truncate_to_second();
    let lifetimes = &instance.manifest.lifetimes;
    let (wanted, root_ends) = match &awaited.new_root {
        Some(name) => {
            let length = arguments.root_valid_for;
            let length = length.unwrap_or_else(|| lifetimes.root.time());
            let term = term(name, now, now + length)?;
            let ends = term.not_after;
            (RootWanted::New(term), ends)
        }
        None => (
            RootWanted::Kept {
                certificate: awaited.root_of_now.to_pem(),
            },
            awaited.root_of_now.not_after(),
        ),
    };
    let length = arguments.valid_for;
    let length = length.unwrap_or_else(|| lifetimes.authority.time());
    let wish = CertificateWish {
        instance: instance.manifest.name.clone(),
        ceremony,
        number,
        made_at: now,
        sign_until: now + arguments.sign_within,
        purpose: match awaited.usage {
            ExtendedKeyUsage::TimeStamping => Purpose::TimeStamping,
            _ => Purpose::CodeSigning,
        },
        root: wanted,
        request: awaited.request.clone(),
        certificate: term(&awaited.subject, now, (now + length).min(root_ends))?,
        cross: None,
        witnesses: trust::holders(instance, &root.signed)?,
        threshold: role.map(|role| role.threshold).unwrap_or_default(),
    };
    CertificateDraft::new(wish).map_err(refused)
}

fn term(name: &Name, now: OffsetDateTime, not_after: OffsetDateTime) -> Result<Term, Failure> {
    Ok(Term {
        organization: name.organization.clone(),
        common_name: name.common_name.clone(),
        // Clocks of those who read it may be a little behind.
        not_before: now - Duration::MINUTE,
        not_after,
        serial: serial()?,
    })
}

fn serial() -> Result<String, Failure> {
    let mut octets = [0; 20];
    getrandom::fill(&mut octets).map_err(Failure::randomness)?;
    Ok(hex::encode(octets))
}

fn text(drafted: &Drafted) -> String {
    let next = match drafted.new_root {
        true => {
            "next: `sigctl ceremony make-root` on the machine of the new root's key, then `review` and `sign` there and by each witness"
        }
        false => {
            "next: `sigctl ceremony review` and `sign` on the machine of the root's key and by each witness"
        }
    };
    format!(
        "wrote draft {} of the certificate for {} to {}; {} of the holders of the root of TUF have to attest it\n{next}",
        drafted.draft,
        drafted.role,
        drafted.medium.display(),
        drafted.threshold
    )
}
