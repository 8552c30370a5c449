//! `sigctl ceremony finish`: from signatures to a root that clients have.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_ceremony::{Proposal, Transcript};
use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;

use super::medium::{Medium, ROOT, TRANSCRIPT};
use super::refusal::refused;
use super::rehearsal::rehearse;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::recorded::Recorded;
use crate::rotations;
use crate::trust::{self, RootPublication};

/// Which instance, and which medium.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The medium.
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,

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
    /// The operator's key that signs no root any more, where its file is still there.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_no_use: Option<PathBuf>,
}

/// 1. The medium must be of this instance and follow the newest root; the rules are looked at, the signatures put together,
///    and the result read as clients read it, by those that are installed too.
/// 2. The transcript and the names of the holders are kept with the instance.
/// 3. The root is published, and the client kit begins with it.
/// 4. The root and the transcript go to the medium.
///
/// A crash before 3 leaves clients the root before, and the command is run again; behind it, the command run again finds the
/// root published and does what is left.
pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let medium = Medium::at(&arguments.from);
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
    publication.check(&transcript.root).await?;
    let finished = finished(&instance, &proposal, &transcript, !arguments.check);
    if !arguments.check {
        let asked = [("root", finished.root.to_string())];
        let recorded = Recorded::begin(&instance, "sigctl ceremony finish", &asked).await?;
        let done = async {
            keep(&instance, &proposal, &transcript, &kept)?;
            publication.publish(transcript.root.clone()).await
        };
        recorded.end(done.await).await?;
        medium.put(ROOT, &transcript.root.encode())?;
        medium.put(TRANSCRIPT, &transcript.encode())?;
    }
    output.print(&finished, text);
    Ok(())
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
    rehearse(proposal).await?;
    let now = SystemClock.now();
    Transcript::finish(proposal, medium.partials()?, now).map_err(refused)
}

/// A rotation that makes the next root too would find another one in its place.
fn refuse_rotations(instance: &Instance) -> Result<(), Failure> {
    let roles = ["tuf-root", "tuf-online", "tuf-targets"].into_iter();
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
    let operators = instance.path(trust::ROOT_KEY);
    Finished {
        root: proposal.next().version,
        expires: proposal.next().expires,
        signed_by: signatures.map(|it| it.statement.name.to_string()).collect(),
        words: proposal.digest().words(),
        published,
        of_no_use: operators.exists().then_some(operators),
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
    lines.extend(finished.of_no_use.iter().map(|key| {
        format!(
            "{} signs no root any more: destroy it, and its copies",
            key.display()
        )
    }));
    lines.join("\n")
}
