//! `sigctl probe`: signs for real again and again, as a client of the instance does, and measures what comes of it.
//!
//! A `Prober` makes rounds; what came of a `Round` is told by a `Report` and counted by `Metrics`. A round takes its steps
//! whatever came of those before, as far as they do not need them, so that one fault is named by one step.

mod growth;
mod head;
mod memory;
mod metrics;
mod prober;
mod report;
mod round;
mod step;
mod target;
mod trust;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use prometheus::Registry;
use sigstead_kit::{Clock as _, OpsServer, Period, SystemClock};
use tokio::time::{MissedTickBehavior, interval};

use self::memory::Memory;
use self::metrics::Metrics;
use self::prober::Prober;
use self::report::{Report, differs};
use self::target::{Asked, Target};
use crate::failure::{Exit, Failure};
use crate::interrupt::waiting;
use crate::output::Output;
use crate::token_source::TokenSource;
use crate::up::Ends;

/// What is probed, how often, and where it is told.
#[derive(Args)]
#[command(after_help = "\
Each round fetches the trust root, signs a few bytes, verifies them, asks each log whether it continues what it showed before, \
and reads an old entry back. What is signed stays in the logs.

With --once it ends with 0 if all is well, 3 if the trust root ends within a day, 4 if something cannot be reached, 5 if \
something must not be trusted, such as a log that went back, and 1 if anything else is wrong.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: Asked,

    #[command(flatten)]
    token: TokenSource,

    /// How long from the beginning of a round to that of the next.
    #[arg(long, value_name = "PERIOD", default_value = "1m", value_parser = every)]
    every: Period,

    /// Make one round, say what came of it, and end.
    #[arg(long, conflicts_with = "listen")]
    once: bool,

    /// Where Prometheus reads the measurements at /metrics, such as 127.0.0.1:9464.
    #[arg(long, value_name = "ADDRESS", required_unless_present = "once")]
    listen: Option<SocketAddr>,

    /// The file that remembers what each log showed, which must not be restored together with the instance. Default: one
    /// for the instance, in the state folder of the user.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let target = Target::open(&arguments.target)?;
    let state = arguments.state.map_or_else(|| usual_state(&target), Ok)?;
    let mut prober = Prober {
        memory: Memory::open(&state)?,
        token: arguments.token,
        target,
        trust: None,
    };
    let Some(address) = arguments.listen else {
        let made = async { Ok(prober.round(SystemClock.now()).await) };
        let round = waiting(made).await?;
        Report::new(&prober.target.name, &round).print(output);
        return Ok(round.exit());
    };
    if prober.token.is_standard_input() {
        return Err(Failure::new(
            "E-CTL-012",
            "standard input has one token, and each round needs one",
            "name a file that is renewed, or --identity-token-command",
        ));
    }
    let registry = Registry::new();
    let metrics = Metrics::register(&registry)?;
    let server = OpsServer::bind("probe", address, registry).await;
    let server = server.map_err(|error| unbound(address, &error))?;
    let mut ends = Ends::listen()?;
    output.progress(&format!(
        "measurements are at http://{}/metrics",
        server.address()
    ));
    tokio::select! {
        () = ends.any() => {}
        () = server.run() => {}
        () = rounds(prober, arguments.every, &metrics, output) => {}
    }
    Ok(Exit::Done)
}

/// Makes rounds without end. One that takes longer than its time is followed by the next at once.
async fn rounds(mut prober: Prober, every: Period, metrics: &Metrics, output: Output) {
    let mut ticks = interval(every.duration());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = None;
    loop {
        ticks.tick().await;
        let round = prober.round(SystemClock.now()).await;
        metrics.count(&round);
        if differs(&round, &mut before) {
            Report::new(&prober.target.name, &round).print(output);
        }
    }
}

/// An interval of nothing would be no pause at all.
fn every(text: &str) -> Result<Period, String> {
    let period: Period = text.parse().map_err(|error| format!("{error}"))?;
    match period >= SHORTEST {
        true => Ok(period),
        false => Err("write at least 1s: each round stays in the logs".to_owned()),
    }
}

fn usual_state(target: &Target) -> Result<PathBuf, Failure> {
    let id = target
        .instance
        .as_ref()
        .and_then(|it| it.manifest.id.as_deref());
    let place = sigstead_kit::user_state_directory().zip(id);
    let place = place.map(|(folder, id)| folder.join(format!("sigstead/probe/{id}.json")));
    place.ok_or_else(|| {
        Failure::new(
            "E-CTL-012",
            "no file is named that remembers what the logs showed",
            "name one with --state, outside of the instance",
        )
    })
}

fn unbound(address: SocketAddr, cause: &sigstead_kit::Error) -> Failure {
    Failure::new(
        "E-CTL-408",
        format!("nobody can read measurements at {address}"),
        "stop what listens there, or choose another --listen",
    )
    .because(sigstead_kit::causes(cause))
}

const SHORTEST: Period = Period::from_seconds(1);
