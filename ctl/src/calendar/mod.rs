//! `sigctl calendar`: what has to be done when, so that nothing of an instance ends by surprise.

mod entry;
mod ical;

use clap::{Args, ValueEnum};
use serde::Serialize;
use sigstead_kit::{Clock as _, SystemClock};
use time::Duration;

use self::entry::{Entry, entries};
use crate::failure::{Exit, Failure};
use crate::inventory::{self, Item, Renewal, State};
use crate::locate::Where;
use crate::output::{Output, one_line, write_raw};

/// Of which instance, and how far ahead.
#[derive(Args)]
#[command(after_help = "\
The day of an entry is 60 days before something ends, or today if that is past. Ends with 3 if something is due, or could not \
be read.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// How many months ahead, of 30 days each.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=240))]
    months: u16,

    /// In the form that calendars subscribe to (RFC 5545).
    #[arg(long, value_enum)]
    format: Option<Format>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Ical,
}

/// What there is to do, and what nobody has to think of.
#[derive(Serialize)]
struct Calendar {
    name: String,
    entries: Vec<Entry>,
    /// What ends by a rotation alone, at a time that the operator chooses.
    without_end: Vec<Item>,
    /// What services renew by themselves.
    automatic: Vec<Item>,
    /// What could not be read.
    unread: Vec<String>,
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let instance = arguments.instance.open()?;
    let now = SystemClock.now();
    let gathered = inventory::gather(&instance, now).await;
    let until = now + Duration::days(30 * i64::from(arguments.months));
    let (automatic, others): (Vec<_>, Vec<_>) = gathered
        .items
        .into_iter()
        .filter(|item| item.state != State::Retired || item.kind == inventory::Kind::Metadata)
        .partition(|item| matches!(item.renewal, Renewal::Itself));
    let calendar = Calendar {
        entries: entries(&others, now, until),
        without_end: others.into_iter().filter(is_without_end).collect(),
        automatic,
        unread: gathered.unread,
        name: instance.manifest.name.clone(),
    };
    match arguments.format {
        Some(Format::Ical) => {
            write_raw(ical::file(&calendar.name, &calendar.entries, now).as_bytes())
        }
        None => output.print(&calendar, text),
    }
    let is_due = calendar.entries.iter().any(|entry| entry.is_due(now));
    Ok(match is_due || !calendar.unread.is_empty() {
        true => Exit::Warned,
        false => Exit::Done,
    })
}

fn is_without_end(item: &Item) -> bool {
    item.ends.is_none() && matches!(item.renewal, Renewal::Person { .. })
}

fn text(calendar: &Calendar) -> String {
    let entries = calendar.entries.iter().map(Entry::line);
    let without_end = calendar.without_end.iter().map(|item| {
        let how = match &item.renewal {
            Renewal::Person { how } => how.as_str(),
            Renewal::Itself | Renewal::Nobody => "",
        };
        let place = item.place.as_deref();
        let place = place.map_or_else(String::new, |place| format!(" {place}"));
        one_line(&format!("no end      {}{place}: {how}", item.subject))
    });
    let automatic = calendar.automatic.iter().map(|item| {
        let ends = item.ends.map(|ends| ends.date().to_string());
        let ends = ends.unwrap_or_default();
        one_line(&format!(
            "always      {}, good until {ends}: renewed by its service",
            item.subject
        ))
    });
    let unread = calendar.unread.iter();
    let unread = unread.map(|why| one_line(&format!("unread      {why}")));
    let lines = entries.chain(without_end).chain(automatic).chain(unread);
    lines.collect::<Vec<_>>().join("\n")
}
