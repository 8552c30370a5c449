//! `sigctl backup list`: which backups are in a place.

use clap::Args;
use serde::Serialize;
use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;

use super::name;
use super::place::Place;
use super::print;
use super::shelf;
use super::target::Target;
use crate::bucket::{Options, UNFINISHED};
use crate::elapsed::period;
use crate::failure::{Exit, Failure};
use crate::interrupt::waiting;
use crate::output::Output;

/// Where they are.
#[derive(Args)]
pub(super) struct Arguments {
    /// The folder, or `s3://BUCKET/PREFIX`.
    #[arg(value_name = "TARGET")]
    place: Target,

    #[command(flatten)]
    bucket: Options,
}

#[derive(Serialize)]
struct Listed {
    /// The newest first.
    backups: Vec<Entry>,
    /// What an interrupted command left; the next backup of the same instance tidies it up.
    unfinished: Vec<Target>,
}

#[derive(Serialize)]
struct Entry {
    file: Target,
    instance: String,
    #[serde(with = "time::serde::rfc3339")]
    began: OffsetDateTime,
    age_seconds: i64,
    file_bytes: u64,
}

/// Goes by names alone, so it needs no passphrase, and says nothing of what is in a backup.
pub(super) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let place = Place::of(arguments.place, &arguments.bucket)?;
    let held = waiting(shelf::held(&place)).await?;
    let now = SystemClock.now();
    let mut listed = Listed {
        backups: Vec::new(),
        unfinished: Vec::new(),
    };
    for held in held {
        let file = place.below(&held.name).target();
        if let Some(name) = held.name.strip_suffix(UNFINISHED) {
            listed.unfinished.extend(name::read(name).map(|_| file));
        } else if let Some((instance, began)) =
            name::read(&held.name).filter(|_| !held.is_unfinished)
        {
            listed.backups.push(Entry {
                age_seconds: (now - began).whole_seconds(),
                file_bytes: held.bytes,
                instance: instance.trim_end_matches('-').to_owned(),
                began,
                file,
            });
        }
    }
    listed
        .backups
        .sort_by_key(|entry| std::cmp::Reverse(entry.began));
    output.print(&listed, text);
    let is_clean = listed.unfinished.is_empty();
    Ok(if is_clean { Exit::Done } else { Exit::Warned })
}

fn text(listed: &Listed) -> String {
    let mut lines: Vec<_> = listed.backups.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("no backup is there".to_owned());
    }
    let unfinished = listed.unfinished.iter();
    lines.extend(unfinished.map(|place| format!("  warn  left by an interrupted backup: {place}")));
    lines.join("\n")
}

fn line(entry: &Entry) -> String {
    let age = period(u64::try_from(entry.age_seconds).unwrap_or_default());
    format!(
        "{}  {}  {age} ago",
        entry.file,
        print::size(entry.file_bytes)
    )
}
