//! `sigctl doctor`: everything of an instance that can be wrong, and what to do about it.
//!
//! The checks are data: each subject has its list, and [`SUBJECTS`] has them all. First what several checks need is
//! gathered, files into a `Patient` and what the services say into `Answers`, each piece waited for no longer than it may
//! take; then every check judges by itself, in a thread of its own, so that a disk that hangs takes no other check with it.
//! A check that cannot look because of what another one tells says so instead of telling it again.

mod answers;
pub(crate) mod bounded;
mod certificates;
mod check;
mod config;
mod disk;
mod files;
pub(crate) mod finding;
mod key_ring;
mod keys;
mod logs;
pub(crate) mod machine;
mod metadata;
mod others;
mod outside;
mod page;
mod patient;
mod published;
mod reach;
pub(crate) mod report;
pub(crate) mod room;
mod roots;
mod running;
mod served;
mod served_logs;
pub(crate) mod table;
#[cfg(test)]
mod tests;
mod tls;
mod trust;
mod windows;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures::future::join_all;
use sigstead_kit::Clock as _;

use self::answers::{Answers, Trial};
use self::bounded::within;
use self::check::{Check, Look, Subject};
use self::finding::Unseen;
use self::patient::Patient;
use self::report::{Examined, Report};
use crate::failure::{Exit, Failure};
use crate::input;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::profile::Profile;
use crate::token;

/// What is looked at, and how closely.
#[derive(Args)]
#[command(after_help = "\
Ends with 0 if all is well, 3 if there are warnings only, 1 if there is a fault. `sigctl explain CODE` says more of each \
finding.

A signature is tried through all services, and its entry stays in the logs: on a dev instance with a token that is made for \
it, on any other with that of --identity-token-file.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// Look at files only, and open no connection.
    #[arg(long)]
    offline: bool,

    /// Show every check, also those that found nothing.
    #[arg(long)]
    all: bool,

    /// Try no signature.
    #[arg(long, conflicts_with_all = ["offline", "identity_token_file"])]
    no_sign: bool,

    /// A file with an identity token to try a signature with; - for standard input.
    #[arg(long, conflicts_with = "offline")]
    identity_token_file: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let clock = sigstead_kit::SystemClock;
    let instance = arguments.instance.open()?;
    let mut patient = Patient::read(instance, clock.now(), key_ring::open).await?;
    let answers = match arguments.offline {
        true => None,
        false => {
            let trial = trial(&patient.instance, &arguments).await?;
            Some(Arc::new(Answers::ask(&patient.instance, trial).await?))
        }
    };
    // What was signed meanwhile is no later than this.
    patient.now = clock.now();
    let patient = Arc::new(patient);
    let examined = examine(&patient, answers.as_ref()).await;
    let report = report(&patient.instance, examined);
    output.print(&report, |report| report.text(arguments.all));
    Ok(report.exit())
}

fn report(instance: &Instance, examined: Vec<Examined<Look>>) -> Report {
    let directory = instance.directory().to_owned();
    Report::new(instance.manifest.name.clone(), directory, examined)
}

/// With whose token a signature is tried.
async fn trial(instance: &Instance, arguments: &Arguments) -> Result<Trial, Failure> {
    if arguments.no_sign {
        return Ok(Trial::Not("--no-sign".to_owned()));
    }
    if let Some(file) = &arguments.identity_token_file {
        let token = String::from_utf8_lossy(&input::read(file)?)
            .trim()
            .to_owned();
        return Ok(Trial::Token(token));
    }
    if instance.manifest.profile != Profile::Dev {
        let why = "this instance makes no tokens for tests; --identity-token-file brings one";
        return Ok(Trial::Not(why.to_owned()));
    }
    // Why there is none is told by the check of the keys.
    let address = format!("doctor@{}", instance.manifest.domain());
    Ok(match token::make(instance, &address).await {
        Ok(token) => Trial::Token(token),
        Err(failure) => Trial::Not(failure.whole()),
    })
}

/// Makes every check; those of the services only if they were asked.
async fn examine(patient: &Arc<Patient>, answers: Option<&Arc<Answers>>) -> Vec<Examined<Look>> {
    let made = all(answers.is_some()).map(|(subject, check)| async move {
        let (patient, answers) = (Arc::clone(patient), answers.cloned());
        let seen = within(PATIENCE, move || match (check.look, answers) {
            (Look::Files(look), _) => look(&patient),
            (Look::Services(look), Some(answers)) => look(&patient, &answers),
            (Look::Services(_), None) => Err(Unseen::new("the services were not asked")),
        });
        Examined {
            subject,
            check,
            seen: seen.await.unwrap_or_else(|| Err(Unseen::new(LATE))),
        }
    });
    join_all(made).await
}

/// Every check with its subject, in the order in which they are told.
fn all(with_services: bool) -> impl Iterator<Item = (&'static Subject, &'static Check)> {
    let checks = SUBJECTS
        .iter()
        .flat_map(|subject| subject.checks.iter().map(move |check| (subject, check)));
    checks.filter(move |(_, check)| with_services || matches!(check.look, Look::Files(_)))
}

static SUBJECTS: [Subject; 14] = [
    config::CONFIG,
    others::OTHERS,
    keys::KEYS,
    certificates::CERTIFICATES,
    tls::TLS,
    metadata::METADATA,
    trust::TRUST,
    logs::LOGS,
    files::FILES,
    disk::MACHINE,
    running::RUNNING,
    served_logs::SERVED_LOGS,
    served::SERVED,
    reach::REACH,
];

const LATE: &str = "it did not come to its end; the disk may hang";
const PATIENCE: Duration = Duration::from_secs(20);
