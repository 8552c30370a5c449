//! `sigctl issued`: what the certificate authority of an instance issued, from its record.

use clap::{Args, Subcommand, ValueEnum};
use sigstead_issuance::{Issuance, Outcome};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::output::{Output, printable_json, write_raw};
use crate::reach::Reachable;

mod print;
mod source;

use source::{Filter, Source};

/// What is asked of the record.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List issuances, the newest first.
    List(List),
    /// Show all that is recorded of an issuance.
    Show(Show),
    /// Write issuances as JSON, one a line, the oldest first.
    Export(Export),
}

#[derive(Args)]
struct Place {
    #[command(flatten)]
    instance: Reachable,
    /// Read the files of an authority that does not run.
    #[arg(long)]
    offline: bool,
}

#[derive(Args)]
struct Wanted {
    /// Not before this time, as in 2026-01-31T00:00:00Z.
    #[arg(long, value_parser = parse_time)]
    since: Option<OffsetDateTime>,
    /// Before this time.
    #[arg(long, value_parser = parse_time)]
    until: Option<OffsetDateTime>,
    /// The identity that the certificate certifies.
    #[arg(long)]
    identity: Option<String>,
    /// The issuer as the certificate names it.
    #[arg(long)]
    issuer: Option<String>,
    /// The certificate's serial number, hex.
    #[arg(long, value_parser = parse_serial)]
    serial: Option<String>,
    /// The number that the answer to the request carries as `sigstead-request-id`.
    #[arg(long)]
    request: Option<String>,
    /// How it ended.
    #[arg(long)]
    outcome: Option<Ended>,
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    wanted: Wanted,
    /// How many at most. If there are more, that is said on standard error.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

#[derive(Args)]
struct Show {
    #[command(flatten)]
    place: Place,
    /// The issuance's identifier, or the certificate's serial number in hex.
    issuance: Vec<String>,
}

#[derive(Args)]
struct Export {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    wanted: Wanted,
}

#[derive(Clone, Copy, ValueEnum)]
enum Ended {
    /// It is under way.
    Open,
    /// The certificate was issued.
    Issued,
    /// A step failed; there is no certificate.
    Failed,
    /// The authority ended in between.
    Interrupted,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        Verb::List(list) => show_list(list, output).await,
        Verb::Show(show) => show_one(show, output).await,
        Verb::Export(export) => write_all(export).await,
    }
}

async fn show_list(list: List, output: Output) -> Result<(), Failure> {
    let mut source = open(&list.place).await?;
    let mut filter = list.wanted.into_filter(false);
    let mut found = Vec::new();
    // One more than is shown, which tells whether there are more.
    let wanted = list.limit.saturating_add(1);
    while found.len() < wanted {
        filter.limit = wanted - found.len();
        let page = source.page(&filter).await?;
        found.extend(page.issuances);
        let Some(next) = page.next else { break };
        filter.after = Some(next);
    }
    let are_more = found.len() > list.limit;
    found.truncate(list.limit);
    output.print(&found, |found| print::table(found));
    if are_more {
        output.complain(&print::more(list.limit));
    }
    Ok(())
}

async fn show_one(mut show: Show, output: Output) -> Result<(), Failure> {
    let words = show.place.instance.words(show.issuance);
    let named = match words.as_slice() {
        [word] => parse_serial(word).ok(),
        _ => None,
    };
    let Some(name) = named else {
        return Err(Failure::new(
            "E-CTL-012",
            "name one issuance, by its identifier or the certificate's serial number in hex",
            "sigctl issued list",
        ));
    };
    let mut source = open(&show.place).await?;
    let found = source.one(&name).await?;
    output.print(&found, print::whole);
    Ok(())
}

async fn write_all(export: Export) -> Result<(), Failure> {
    let mut source = open(&export.place).await?;
    let mut filter = export.wanted.into_filter(true);
    loop {
        let page = source.page(&filter).await?;
        for issuance in &page.issuances {
            // It was read from JSON.
            let line = serde_json::to_string(issuance).unwrap_or_default();
            write_raw(format!("{}\n", printable_json(&line)).as_bytes());
        }
        let Some(next) = page.next else { return Ok(()) };
        filter.after = Some(next);
    }
}

/// All issuances since a time, the oldest first: from the service, or from its files while it does not run.
pub(crate) async fn since(
    instance: &Instance,
    since: OffsetDateTime,
) -> Result<Vec<Issuance>, Failure> {
    let of_service = match Source::service(instance).await {
        Ok(source) => all_since(source, since).await,
        Err(failure) => Err(failure),
    };
    match of_service {
        Err(failure) if failure.ends() == Exit::Unreachable => {
            all_since(Source::files(instance)?, since).await
        }
        answered => answered,
    }
}

async fn all_since(mut source: Source, since: OffsetDateTime) -> Result<Vec<Issuance>, Failure> {
    let mut filter = Filter {
        since: Some(since),
        oldest_first: true,
        ..Filter::default()
    };
    let mut found = Vec::new();
    loop {
        let page = source.page(&filter).await?;
        found.extend(page.issuances);
        let Some(next) = page.next else {
            return Ok(found);
        };
        filter.after = Some(next);
    }
}

async fn open(place: &Place) -> Result<Source, Failure> {
    if place.offline {
        return Source::files(&place.instance.here()?);
    }
    Source::service(&place.instance.open()?).await
}

impl Wanted {
    fn into_filter(self, oldest_first: bool) -> Filter {
        Filter {
            since: self.since,
            until: self.until,
            identity: self.identity,
            issuer: self.issuer,
            serial: self.serial,
            request: self.request,
            outcome: self.outcome.map(Outcome::from),
            oldest_first,
            limit: 0,
            after: None,
        }
    }
}

impl From<Ended> for Outcome {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Open => Self::Open,
            Ended::Issued => Self::Issued,
            Ended::Failed => Self::Failed,
            Ended::Interrupted => Self::Interrupted,
        }
    }
}

fn parse_time(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "write a time such as 2026-01-31T00:00:00Z".to_owned())
}

/// As the record has it: forty small digits. Other programs print colons, capitals, and no leading zeros.
fn parse_serial(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(|each| *each != ':').collect();
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digits.len() {
        // An issuance's identifier.
        32 if is_hex => Ok(digits.to_lowercase()),
        1..=40 if is_hex => Ok(format!("{:0>40}", digits.to_lowercase())),
        _ => Err("write up to 40 hexadecimal digits".to_owned()),
    }
}

/// A message of the service, as the record has it.
fn decoded(json: &str) -> Result<Issuance, Failure> {
    serde_json::from_str(json).map_err(|error| Failure::service("ca", "the issuance record", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_may_be_written_as_other_programs_print_them() {
        let padded = format!("{}0abc", "0".repeat(36));
        for text in ["abc", "0A:BC", padded.as_str()] {
            assert_eq!(parse_serial(text), Ok(padded.clone()), "{text}");
        }
        for text in ["", "xyz", &"a".repeat(41)] {
            assert!(parse_serial(text).is_err(), "{text}");
        }
        assert_eq!(parse_serial(&"A".repeat(32)), Ok("a".repeat(32)));
    }

    #[test]
    fn times_are_those_of_rfc_3339() {
        assert!(parse_time("2026-01-31T00:00:00Z").is_ok());
        assert!(parse_time("yesterday").is_err());
    }
}
