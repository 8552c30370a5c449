//! The same requests with one key and with a ring of many, in short rounds that alternate, and while the ring is read again.
//!
//! The keys to come are the key of now, listed again for later times: a request looks at times, and each is opened and held like
//! another. So one run tells what a ring adds to the path of a request, and what a reload does to those that meet it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use sigstead_integration::{Instance, run};
use sigstead_kit::{Clock as _, SystemClock};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::compared::compare;
use crate::table::usage;
use crate::workload::{Arrivals, Load, Measured, Span, drive};
use crate::{requests, runtime};

/// Measures in `rounds` pairs each.
pub(crate) fn rings(programs: &Path, span: Span, rounds: usize) -> Result<()> {
    let one = Instance::create_with(programs, "one-key", &[])?;
    let many = Instance::create_with(programs, "many-keys", &[])?;
    for service in SERVICES {
        list(&many, service)?;
    }
    let [one, many] = [Side::start(one)?, Side::start(many)?];
    runtime()?.block_on(async {
        println!(
            "A: {KEYS_TO_COME} keys to come in each ring   B: none; {rounds} pairs, x above 1: A is better"
        );
        for figure in &FIGURES {
            let mut pairs = Vec::with_capacity(rounds);
            for round in 0..rounds {
                let [first, second] = in_turn(round, &many, &one);
                let first = first.measure(figure, span).await?;
                let second = second.measure(figure, span).await?;
                pairs.push(put_back(round, first, second));
            }
            compare(figure.name, figure.clients, &pairs);
        }
        println!("\nA: the ring is read again within the window   B: it is not");
        for figure in &FIGURES {
            let mut pairs = Vec::with_capacity(rounds);
            for round in 0..rounds {
                let [first, second] = in_turn(round, true, false);
                let first = many.measure_with(figure, span, first).await?;
                let second = many.measure_with(figure, span, second).await?;
                pairs.push(put_back(round, first, second));
            }
            compare(figure.name, figure.clients, &pairs);
            slowest(figure, &pairs);
        }
        Ok(())
    })
}

struct Figure {
    name: &'static str,
    service: &'static str,
    clients: usize,
}

/// An instance that runs, and what is asked of it.
struct Side {
    instance: Instance,
    timestamps: Load,
    certificates: Load,
}

impl Side {
    fn start(instance: Instance) -> Result<Self> {
        instance.up()?;
        Ok(Self {
            timestamps: requests::timestamps(&instance)?,
            certificates: requests::certificates(&instance)?,
            instance,
        })
    }

    async fn measure(&self, figure: &Figure, span: Span) -> Result<Measured> {
        let load = match figure.service {
            "tsa" => &self.timestamps,
            _ => &self.certificates,
        };
        let usage = usage(&self.instance, &[figure.service])?;
        drive(load, Arrivals::Clients(figure.clients), span, &usage).await
    }

    /// The same while the service opens all keys of its ring again, if it is to.
    async fn measure_with(&self, figure: &Figure, span: Span, reload: bool) -> Result<Measured> {
        let pid = self.instance.service(figure.service)?["pid"].to_string();
        let reloading = async {
            tokio::time::sleep(span.warm_up).await;
            match reload {
                true => run(Command::new("kill").args(["-HUP", &pid])).map(drop),
                false => Ok(()),
            }
        };
        let (measured, reloaded) = tokio::join!(self.measure(figure, span), reloading);
        reloaded?;
        measured
    }
}

/// Lists the key of a service again, for times to come.
fn list(instance: &Instance, service: &str) -> Result<()> {
    let folder = instance.directory().join(service);
    let config = fs::read_to_string(folder.join("config.yaml"))?;
    let config: Value = serde_yaml::from_str(&config)?;
    let successors = (1..=KEYS_TO_COME).map(|number| {
        let from = SystemClock.now() + Duration::days(30) + Duration::HOUR * number;
        Ok(json!({"from": written(from)?, "key": config["key"], "chain": config["chain"]}))
    });
    let successors: Vec<_> = successors.collect::<Result<_>>()?;
    let file = config["successors_file"].as_str();
    let file = file.context("the configuration names no successors_file")?;
    let text = serde_yaml::to_string(&json!({"successors": successors}))?;
    fs::write(folder.join(file), text)?;
    Ok(())
}

fn written(time: OffsetDateTime) -> Result<String> {
    let time = time.replace_nanosecond(0)?;
    Ok(time.format(&Rfc3339)?)
}

/// Each is the first as often as the other.
fn in_turn<T>(round: usize, a: T, b: T) -> [T; 2] {
    if round.is_multiple_of(2) {
        [a, b]
    } else {
        [b, a]
    }
}

fn put_back(round: usize, first: Measured, second: Measured) -> (Measured, Measured) {
    let [a, b] = in_turn(round, first, second);
    (a, b)
}

/// What the slowest requests of any round took.
fn slowest(figure: &Figure, pairs: &[(Measured, Measured)]) {
    let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    println!(
        "{:<21} {:>4} clients  slowest ms: A {:.3} B {:.3}, p99 at most: A {:.3} B {:.3}",
        figure.name,
        figure.clients,
        most(&mut pairs.iter().map(|(a, _)| a.max_millis)),
        most(&mut pairs.iter().map(|(_, b)| b.max_millis)),
        most(&mut pairs.iter().map(|(a, _)| a.p99_millis)),
        most(&mut pairs.iter().map(|(_, b)| b.p99_millis)),
    );
}

const SERVICES: [&str; 2] = ["tsa", "ca"];
const KEYS_TO_COME: i32 = 16;
const FIGURES: [Figure; 4] = [
    Figure::of("timestamp", "tsa", 1),
    Figure::of("timestamp", "tsa", 16),
    Figure::of("certificate with SCT", "ca", 1),
    Figure::of("certificate with SCT", "ca", 16),
];

impl Figure {
    const fn of(name: &'static str, service: &'static str, clients: usize) -> Self {
        Self {
            name,
            service,
            clients,
        }
    }
}
