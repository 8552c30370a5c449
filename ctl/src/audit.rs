//! `sigctl audit`: what administrators did, from the records that the services keep, whether they run or not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use sigstead_audit::{Defect, Error, Event, Found, Head, Outcome, Place, Record, read};
use sigstead_kit::Listeners;
use time::format_description::well_known::Rfc3339;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::{Output, one_line, write_raw};
use crate::{recorded, services};

/// What is asked of the records.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List what was done, the oldest first.
    List(Which),
    /// Check that no record was changed, taken out, moved or cut off, and print how far each comes.
    Verify(Verify),
    /// Write all records as JSON, one a line, the oldest first.
    Export(Which),
}

#[derive(Args)]
struct Which {
    #[command(flatten)]
    instance: Where,
    /// The records of this service only.
    #[arg(long)]
    service: Option<Service>,
}

#[derive(Args)]
struct Verify {
    #[command(flatten)]
    which: Which,
    /// What was printed before and kept elsewhere, as COUNT:SHA-256: the record must still hold all of that. Needs --service.
    #[arg(long, requires = "service")]
    head: Option<Head>,
}

/// The record of a service, or of `sigctl` itself.
struct Kept {
    writer: &'static str,
    found: Found,
}

/// An act, with what came of it.
#[derive(Serialize)]
struct Shown<'a> {
    service: &'static str,
    sequence: u64,
    time: String,
    name: &'a str,
    serial: &'a str,
    role: &'a str,
    method: &'a str,
    arguments: Option<&'a BTreeMap<String, String>>,
    request_id: Option<&'a str>,
    /// `done`, `failed`, `refused`, or `unknown` if the service ended in between.
    outcome: &'static str,
    code: Option<&'a str>,
}

/// A record that is whole.
#[derive(Serialize)]
struct Whole {
    service: &'static str,
    records: u64,
    head: String,
}

/// A record as it is exported.
#[derive(Serialize)]
struct Exported<'a> {
    service: &'static str,
    #[serde(flatten)]
    record: &'a Record,
}

pub(crate) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        Verb::List(which) => list(&which, output),
        Verb::Verify(verify) => check(&verify, output),
        Verb::Export(which) => export(&which),
    }
}

fn list(which: &Which, output: Output) -> Result<(), Failure> {
    let kept = which.read()?;
    let shown: Vec<_> = kept.iter().flat_map(acts).collect();
    output.print(&shown, |shown| table(shown));
    changed(&kept)
}

fn check(verify: &Verify, output: Output) -> Result<(), Failure> {
    let kept = verify.which.read()?;
    changed(&kept)?;
    for Kept { writer, found } in &kept {
        if let Some(head) = &verify.head {
            found.check(head).map_err(|defect| shows(writer, &defect))?;
        }
    }
    let whole: Vec<_> = kept
        .iter()
        .map(|Kept { writer, found }| Whole {
            service: writer,
            records: found.head.count,
            head: found.head.to_string(),
        })
        .collect();
    output.print(&whole, |whole| {
        let line = |each: &Whole| {
            let Whole {
                service,
                records,
                head,
            } = each;
            format!("{service:6}  {records} records, whole; head {head}")
        };
        whole.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn export(which: &Which) -> Result<(), Failure> {
    let kept = which.read()?;
    for Kept { writer, found } in &kept {
        for record in &found.records {
            let line = Exported {
                service: writer,
                record,
            };
            let mut line = serde_json::to_vec(&line)
                .map_err(|error| Failure::service(writer, "its record", error))?;
            line.push(b'\n');
            write_raw(&line);
        }
    }
    changed(&kept)
}

impl Which {
    fn read(&self) -> Result<Vec<Kept>, Failure> {
        let instance = self.instance.open()?;
        let mut kept = Vec::new();
        for service in services::of(&instance.manifest) {
            if self.service.is_some_and(|wanted| wanted != service) {
                continue;
            }
            if let Some(place) = place(&instance, service)? {
                kept.push(Kept::read(service.name(), &place)?);
            }
        }
        let own = recorded::place(&instance);
        if self.service.is_none() && own.records.exists() {
            kept.push(Kept::read("sigctl", &own)?);
        }
        Ok(kept)
    }
}

impl Kept {
    fn read(writer: &'static str, place: &Place) -> Result<Self, Failure> {
        let found = read(place).map_err(|error| unreadable(writer, &error))?;
        Ok(Self { writer, found })
    }
}

/// The heads on this machine that know more than the records of a copy have: until they are moved away, nothing is done for
/// administrators.
pub(crate) fn heads_ahead(instance: &Instance) -> Result<Vec<PathBuf>, Failure> {
    let mut ahead = Vec::new();
    for service in services::of(&instance.manifest) {
        ahead.extend(place(instance, service)?.and_then(head_ahead));
    }
    ahead.extend(head_ahead(recorded::place(instance)));
    Ok(ahead)
}

/// A record that cannot be read is no reason to hold up who looks for heads.
fn head_ahead(place: Place) -> Option<PathBuf> {
    let defect = read(&place).ok()?.defect?;
    let is_ahead = matches!(defect, Defect::Short { .. } | Defect::OtherHead(_));
    place
        .beside
        .is_some()
        .then_some(place.head)
        .filter(|_| is_ahead)
}

/// What every configuration has.
#[derive(serde::Deserialize)]
struct Configured {
    listeners: Listeners,
}

/// Where the record of a service is, if it has an admin interface.
fn place(instance: &Instance, service: Service) -> Result<Option<Place>, Failure> {
    place_of(&instance.service(service))
}

/// The files of all records of acts that there are, each with whose it is.
pub(crate) fn files(instance: &Instance) -> Result<Vec<(&'static str, PathBuf)>, Failure> {
    let mut files = Vec::new();
    for service in services::of(&instance.manifest) {
        let place = place(instance, service)?;
        files.extend(place.map(|place| (service.name(), place.records)));
    }
    files.push(("sigctl", recorded::place(instance).records));
    Ok(files)
}

/// The head of the record of the service whose configuration is in a folder, if it knows more than the record has.
pub(crate) fn head_ahead_of(folder: &Path) -> Result<Option<PathBuf>, Failure> {
    Ok(place_of(folder)?.and_then(head_ahead))
}

fn place_of(folder: &Path) -> Result<Option<Place>, Failure> {
    let path = folder.join("config.yaml");
    let text =
        std::fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, error))?;
    let name = path.display().to_string();
    let configured: Configured = sigstead_kit::parse_config(&name, &text)
        .map_err(|error| Failure::file("understand", &path, error))?;
    let admin = configured.listeners.admin;
    Ok(admin.map(|admin| Place::of(&admin).within(folder)))
}

fn acts(kept: &Kept) -> Vec<Shown<'_>> {
    let records = &kept.found.records;
    let ends: BTreeMap<_, _> = records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Ended { act, outcome, code } => Some((*act, (*outcome, code.as_deref()))),
            _ => None,
        })
        .collect();
    let shown = records.iter().filter_map(|record| {
        let (who, method, arguments, request_id, (outcome, code)) = match &record.event {
            Event::Begun {
                who,
                method,
                arguments,
                request_id,
            } => {
                let ended = match ends.get(&record.sequence) {
                    Some((Outcome::Done, _)) => ("done", None),
                    Some((Outcome::Failed, code)) => ("failed", *code),
                    None => ("unknown", None),
                };
                (who, method, Some(arguments), request_id.as_deref(), ended)
            }
            Event::Refused { who, method, code } => {
                (who, method, None, None, ("refused", Some(code.as_str())))
            }
            Event::Ended { .. } => return None,
        };
        Some(Shown {
            service: kept.writer,
            sequence: record.sequence,
            time: record.time.format(&Rfc3339).unwrap_or_default(),
            name: &who.name,
            serial: &who.serial,
            role: &who.role,
            method,
            arguments,
            request_id,
            outcome,
            code,
        })
    });
    shown.collect()
}

fn table(shown: &[Shown<'_>]) -> String {
    if shown.is_empty() {
        return "nothing was done".to_owned();
    }
    let line = |each: &Shown<'_>| {
        let arguments = each.arguments.into_iter().flatten();
        let arguments = arguments.map(|(name, value)| format!(" {name}={value}"));
        let method = each.method.rsplit('/').next().unwrap_or(each.method);
        let code = each.code.map(|code| format!(" {code}")).unwrap_or_default();
        one_line(&format!(
            "{}  {:5}  {} ({})  {method}{}: {}{code}",
            each.time,
            each.service,
            each.name,
            each.role,
            arguments.collect::<String>(),
            each.outcome,
        ))
    };
    shown.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn changed(kept: &[Kept]) -> Result<(), Failure> {
    for Kept { writer, found } in kept {
        if let Some(defect) = &found.defect {
            return Err(shows(writer, defect));
        }
    }
    Ok(())
}

fn shows(writer: &str, defect: &Defect) -> Failure {
    Failure::new(
        "E-CTL-370",
        format!("the record of what administrators did at {writer} is not what was written"),
        "find out who could write it, keep the folder as it is for that, and compare with an export or a head that was kept \
         elsewhere; `sigctl explain E-AUDIT-002` says how to go on",
    )
    .because(defect)
}

fn unreadable(writer: &str, error: &Error) -> Failure {
    let cause = sigstead_kit::causes(error);
    match error {
        Error::Head { .. }
        | Error::Records {
            source: sigstead_store::Error::Damaged { .. },
            ..
        } => Failure::new(
            "E-CTL-370",
            format!("the record of what administrators did at {writer} is damaged"),
            "find out who could write it, and look at the disk; `sigctl explain E-AUDIT-003` says how to go on",
        )
        .because(cause),
        _ => Failure::file("read the record of", Path::new(writer), cause),
    }
}
