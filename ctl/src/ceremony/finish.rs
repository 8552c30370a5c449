//! `sigctl ceremony finish`: from signatures to a root that clients have.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_ceremony::{Proposal, Transcript};
use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;

use super::certificates;
use super::medium::{Medium, ROOT, TRANSCRIPT};
use super::refusal::refused;
use super::rehearsal::rehearse;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::recorded::Recorded;
use crate::rotate;
use crate::rotations;
use crate::trust::{self, Purpose, RootPublication, SignedByPeople};

/// Which instance, and which medium.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The medium.
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,

    /// Something that was signed with is to count no more, as after an emergency: signatures by it need not verify by what is
    /// published.
    #[arg(long)]
    end: bool,

    /// Only say whether it could be finished now; nothing is published or written.
    #[arg(long)]
    check: bool,
}

#[derive(Serialize)]
struct Finished {
    root: u64,
    #[serde(with = "time::serde::rfc3339")]
    expires: OffsetDateTime,
    signed_by: Vec<String>,
    words: String,
    published: bool,
    /// The versions of the targets that were signed, of which the first is published.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    targets: Vec<u64>,
    /// The operator's keys that sign nothing any more, where their files are still there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    of_no_use: Vec<PathBuf>,
}

/// 1. The medium must be of this instance and follow the newest root; the rules are looked at, the signatures put together,
///    and the result read as clients read it, by those that are installed too.
/// 2. The transcript, the names of the holders and the targets that were signed ahead are kept with the instance.
/// 3. The first of these targets and the root are published, and the client kit begins with that.
/// 4. The root and the transcript go to the medium.
///
/// A crash before 3 leaves clients the root before, and the command is run again; behind it, the command run again finds the
/// root published and does what is left.
pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let medium = Medium::at(&arguments.from);
    if certificates::are_on(&medium)? {
        if arguments.end {
            return Err(Failure::new(
                "E-CTL-012",
                "--end is about what the root of TUF publishes, and the medium has certificates",
                "leave --end out",
            ));
        }
        return certificates::finish::run(&instance, medium, arguments.check, output).await;
    }
    let proposal = medium.proposal()?;
    let _rotations = rotations::Turn::take(&instance, "tuf-root")?;
    let publication = RootPublication::begin(&instance)?;
    let kept = instance.path(&format!(
        "trust/ceremonies/root-{}.json",
        proposal.next().version
    ));
    let transcript = match interrupted(&publication, &proposal, &kept)? {
        Some(transcript) => transcript,
        None => assemble(&publication, &instance, &medium, &proposal).await?,
    };
    let signed = signed(&instance, &proposal, &transcript, arguments.end).await?;
    publication.check(&signed).await?;
    let finished = finished(&instance, &proposal, &transcript, !arguments.check);
    if !arguments.check {
        let asked = [("root", finished.root.to_string())];
        let recorded = Recorded::begin(&instance, "sigctl ceremony finish", &asked).await?;
        let done = async {
            keep(&instance, &proposal, &transcript, &kept)?;
            publication.publish(signed).await
        };
        recorded.end(done.await).await?;
        medium.put(ROOT, &transcript.root.encode())?;
        medium.put(TRANSCRIPT, &transcript.encode())?;
    }
    output.print(&finished, text);
    Ok(())
}

/// What is published of it, and what the next keys of the service sign for the gate.
async fn signed(
    instance: &Instance,
    proposal: &Proposal,
    transcript: &Transcript,
    is_end: bool,
) -> Result<SignedByPeople, Failure> {
    let purpose = match is_end {
        true => Purpose::End,
        false => Purpose::GoOn,
    };
    let targets = transcript.targets.first().cloned();
    let online = match &proposal.draft().online {
        Some(drafted) => rotate::signed_by_awaited(instance, drafted, targets.as_ref()).await?,
        None => None,
    };
    Ok(SignedByPeople {
        root: transcript.root.clone(),
        targets: targets.map(|targets| (targets, purpose)),
        online,
    })
}

/// The transcript of an earlier run that came as far as the publication.
fn interrupted(
    publication: &RootPublication<'_>,
    proposal: &Proposal,
    kept: &std::path::Path,
) -> Result<Option<Transcript>, Failure> {
    if publication.newest()?.signed != *proposal.next() {
        return Ok(None);
    }
    let json = std::fs::read(kept).map_err(|error| Failure::file("read", kept, error))?;
    Transcript::parse(&json).map(Some).map_err(refused)
}

async fn assemble(
    publication: &RootPublication<'_>,
    instance: &Instance,
    medium: &Medium<'_>,
    proposal: &Proposal,
) -> Result<Transcript, Failure> {
    refuse_rotations(instance)?;
    refuse_other_instance(publication, instance, proposal)?;
    if let Some(targets) = &proposal.draft().targets {
        publication.refuse_other_targets(targets)?;
    }
    rehearse(proposal).await?;
    let now = SystemClock.now();
    Transcript::finish(proposal, medium.partials()?, now).map_err(refused)
}

/// A rotation that makes the next root too would find another one in its place. One of the keys of the service waits instead
/// until the operator or the people sign it.
fn refuse_rotations(instance: &Instance) -> Result<(), Failure> {
    let roles = ["tuf-root", "tuf-targets"].into_iter();
    let mut open = roles.filter(|role| rotations::open_plan(instance, role).exists());
    let Some(role) = open.next() else {
        return Ok(());
    };
    Err(Failure::new(
        "E-CEREMONY-023",
        format!("a rotation of {role} is open, which makes the next root too"),
        format!("end it first: sigctl rotate {role} resume, or undo"),
    )
    .exit(Exit::Refused))
}

fn refuse_other_instance(
    publication: &RootPublication<'_>,
    instance: &Instance,
    proposal: &Proposal,
) -> Result<(), Failure> {
    let draft = proposal.draft();
    let version = draft.before.signed.version;
    let had = publication.version(version)?;
    if draft.instance != instance.manifest.name || had.as_ref() != Some(&draft.before) {
        return Err(Failure::new(
            "E-CEREMONY-004",
            format!(
                "the medium is of another instance: its root {version} of {} is none that {} published",
                draft.instance, instance.manifest.name
            ),
            "bring the medium of this instance, or name the instance of this medium",
        )
        .exit(Exit::Refused));
    }
    let newest = publication.newest()?.signed.version;
    match newest == version {
        true => Ok(()),
        false => Err(Failure::new(
            "E-CEREMONY-005",
            format!(
                "the draft is of root {}, and root {newest} is published already",
                version + 1
            ),
            "begin again with `sigctl ceremony new`",
        )
        .exit(Exit::Refused)),
    }
}

/// What must be there once the root is.
fn keep(
    instance: &Instance,
    proposal: &Proposal,
    transcript: &Transcript,
    kept: &std::path::Path,
) -> Result<(), Failure> {
    let draft = proposal.draft();
    let holders = draft.holders_before.iter().chain(proposal.holders());
    trust::remember_holders(instance, holders.cloned().collect())?;
    if let Some(targets) = &draft.targets {
        trust::keep_ahead(instance, targets, &transcript.targets)?;
    }
    let failed = |error| Failure::file("write", kept, error);
    sigstead_durable::create_directory(sigstead_durable::parent(kept)).map_err(failed)?;
    sigstead_durable::replace(kept, &transcript.encode()).map_err(failed)
}

fn finished(
    instance: &Instance,
    proposal: &Proposal,
    transcript: &Transcript,
    published: bool,
) -> Finished {
    let signatures = transcript.signatures().iter();
    let targets = transcript.targets.iter().map(|it| it.signed.version);
    let targets: Vec<_> = targets.collect();
    let of_targets = (!targets.is_empty()).then_some(trust::TARGETS_KEY);
    let operators = [trust::ROOT_KEY].into_iter().chain(of_targets);
    let operators = operators.map(|place| instance.path(place));
    Finished {
        root: proposal.next().version,
        expires: proposal.next().expires,
        signed_by: signatures.map(|it| it.statement.name.to_string()).collect(),
        words: proposal.digest().words(),
        published,
        targets,
        of_no_use: operators.filter(|path| path.exists()).collect(),
    }
}

fn text(finished: &Finished) -> String {
    let signed_by = finished.signed_by.join(", ");
    if !finished.published {
        return format!(
            "root {} could be published now, signed by {signed_by}; nothing was changed",
            finished.root
        );
    }
    let mut lines = vec![
        format!(
            "published root {}, signed by {signed_by}, valid until {}; the tuf service takes it up within seconds",
            finished.root,
            finished.expires.date()
        ),
        "the transcript is on the medium and in trust/ceremonies of the instance".to_owned(),
    ];
    if let [first, ahead @ ..] = finished.targets.as_slice() {
        let ahead: Vec<_> = ahead.iter().map(u64::to_string).collect();
        lines.push(match ahead.is_empty() {
            true => format!("published targets {first} with it"),
            false => format!(
                "published targets {first} with it; targets {} are kept in trust/ahead for the rotations that need them",
                ahead.join(", ")
            ),
        });
    }
    lines.extend(finished.of_no_use.iter().map(|key| {
        format!(
            "{} signs nothing any more: destroy it, and its copies",
            key.display()
        )
    }));
    lines.join("\n")
}
