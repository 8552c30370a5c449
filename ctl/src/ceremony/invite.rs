//! `sigctl ceremony invite`: a holder answers her invitation.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_ceremony::{Draft, HolderName, JoinStatement};
use sigstead_kit::{Clock as _, SystemClock};
use time::{Duration, OffsetDateTime};

use super::key::{HoldersKey, Kind};
use super::medium::{Medium, join_file};
use super::refusal::refused;
use crate::failure::Failure;
use crate::output::Output;
use crate::trust::{TufSigner, parse_term};

/// Who answers.
#[derive(Args)]
pub(super) struct Arguments {
    /// The medium.
    medium: PathBuf,

    /// The name under which she is invited.
    #[arg(long)]
    name: HolderName,

    #[command(flatten)]
    key: HoldersKey,

    /// Of which algorithm the key is made.
    #[arg(long, value_enum, default_value_t = Kind::EcdsaP256)]
    algorithm: Kind,

    /// When the key is to be replaced at the latest. Default: it has no planned end.
    #[arg(long, value_name = "PERIOD", value_parser = parse_term)]
    valid_for: Option<Duration>,
}

#[derive(Serialize)]
struct Joined {
    name: HolderName,
    key: String,
    file: String,
}

/// 1. The draft, the name and the clock are looked at, and what would be written over.
/// 2. The key is made, on this machine.
/// 3. Its public half and the proof go to the medium.
///
/// A crash behind 2 leaves a key that nobody knows; another one is made under another name.
pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let medium = Medium::at(&arguments.medium);
    let draft = medium.draft()?;
    let now = now();
    let until = arguments.valid_for.map(|length| now + length);
    draft.check_invited(&arguments.name, now).map_err(refused)?;
    medium.refuse_existing(&join_file(&arguments.name))?;
    arguments.key.refuse_existing().await?;
    let key = arguments.key.make(arguments.algorithm).await?;
    let joined = join(&medium, &draft, arguments.name, &key, until, now).await?;
    output.print(&joined, |joined| {
        format!(
            "{} joins with key {}; {} was written, and nothing else on the medium changed\n\
             the key stays on this machine: keep it and its passphrase apart, and make a copy of both",
            joined.name,
            joined.key.get(..8).unwrap_or_default(),
            joined.file
        )
    });
    Ok(())
}

async fn join(
    medium: &Medium<'_>,
    draft: &Draft,
    name: HolderName,
    key: &TufSigner,
    until: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<Joined, Failure> {
    let statement = JoinStatement::new(draft, &name, key.key().clone(), until, now);
    let statement = statement.map_err(refused)?;
    let message = statement.bytes_to_sign().map_err(refused)?;
    let join = statement.proven_by(&key.sign_bytes("join", &message).await?);
    let file = join_file(join.name());
    medium.put(&file, &join.encode())?;
    Ok(Joined {
        name,
        key: key.key().id().to_string(),
        file,
    })
}

/// Files tell times by the second.
fn now() -> OffsetDateTime {
    SystemClock.now().truncate_to_second()
}
