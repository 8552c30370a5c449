//! The running product, measured through its HTTP faces beside the floors of the same run.
//!
//! In the closed loop each client sends its next request when the last one is answered, over one kept-alive connection;
//! in the open loop requests arrive when they arrive. Everything that is sent is made before the clock starts. Generator,
//! services and floors share the machine's cores.
//!
//! `cargo bench -p sigstead-integration --bench instance [-- SECONDS] [--log] [--sizes]`: `--log` leaves the other
//! services out; `--sizes` fills the log to a million entries and measures on the way; `--keys` measures with the keys of all
//! roles in files, in a token and in an emulation of Vault; `--rings` with one key and with a ring of many. `--programs FOLDER` measures the
//! programs of a folder instead of those of this build; `--beside FOLDER` measures them in pairs with another folder's,
//! `--pairs N` of them (9), `--only NAME` of the figures whose names begin so.

#[path = "../workload/mod.rs"]
mod workload;

mod beside;
mod bound;
mod compared;
mod keys;
mod log;
mod requests;
mod rings;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use sigstead_integration::{Instance, programs};

use beside::{Comparison, beside};
use log::{Log, SIZES, span};
use table::{Table, usage};
use workload::{Arrivals, Floors, Load, Measured, Moment, Span, drive};

const CLIENTS: [usize; 3] = [1, 16, 64];
const LOG_CLIENTS: [usize; 5] = [1, 16, 64, 256, 1_024];

fn main() -> Result<()> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let says = |word: &str| words.iter().any(|each| each == word);
    let value = |word: &str| {
        let position = words.iter().position(|each| each == word)?;
        words.get(position + 1).cloned()
    };
    let programs = value("--programs").map_or_else(programs, PathBuf::from);
    if let Some(other) = value("--beside") {
        let comparison = Comparison {
            ours: programs,
            other: other.into(),
            rounds: value("--pairs").map_or(Ok(9), |pairs| pairs.parse())?,
            window: Duration::from_secs(1),
            only: value("--only").unwrap_or_default(),
        };
        return runtime()?.block_on(beside(&comparison));
    }
    let seconds = words.iter().find_map(|word| word.parse().ok()).unwrap_or(5);
    if says("--rings") {
        let rounds = value("--pairs").map_or(Ok(9), |pairs| pairs.parse())?;
        return rings::rings(&programs, span(seconds), rounds);
    }
    if says("--keys") {
        return keys::keys(&programs, span(seconds));
    }
    let instance = Instance::create_with(&programs, "bench", &[])?;
    let directory = instance.directory();
    let directory = directory.to_str().context("the path is not UTF-8")?;
    let up = instance.json(&["up", directory, "--detach"])?;
    println!("ready after {} ms   (limit 2000)", up["ready_millis"]);
    runtime()?.block_on(async {
            idle(&instance).await?;
            let floors = Floors::measure(instance.work())?;
            floors.print();
            let (mut table, span) = (Table::begin(floors), span(seconds));
            bare(&instance, &mut table, span).await?;
            if !says("--log") && !says("--sizes") {
                services(&instance, &table, span).await?;
            }
            let mut log = Log::new(&instance).await?;
            if says("--sizes") {
                log.sizes(&mut table, &SIZES, span).await?;
            } else {
                log.measure(&mut table, &LOG_CLIENTS, span).await?;
            }
            println!("\nx floor: p50 over the floors of the operation, one after the other on one thread.");
            println!("work: floors plus bare HTTP, over the processor time that the operation took.");
            println!("CPU in all: of the whole run and of the work that was put off, per answer.");
            println!("others%: of the machine, used by other programs; above 3 the row does not count.");
            println!("open loop: Poisson arrivals at 10, 50 and 80 % of the closed loop's best; latency from arrival.");
            Ok(())
        })
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
}

async fn bare(instance: &Instance, table: &mut Table, span: Span) -> Result<()> {
    let ping = requests::ping(instance)?;
    for clients in CLIENTS {
        let measured = run(instance, &["tsa"], &ping, clients, span).await?;
        table.bare(Arrivals::Clients(clients), &measured);
    }
    Ok(())
}

async fn services(instance: &Instance, table: &Table, span: Span) -> Result<()> {
    let timestamps = requests::timestamps(instance)?;
    for clients in CLIENTS {
        let measured = run(instance, &["tsa"], &timestamps, clients, span).await?;
        table.timestamps(Arrivals::Clients(clients), &measured);
    }
    let certificates = requests::certificates(instance)?;
    for clients in CLIENTS {
        let measured = run(instance, &["ca", "ctlog"], &certificates, clients, span).await?;
        table.certificates(Arrivals::Clients(clients), &measured);
    }
    Ok(())
}

async fn run(
    instance: &Instance,
    services: &[&str],
    load: &Load,
    clients: usize,
    span: Span,
) -> Result<Measured> {
    let usage = usage(instance, services)?;
    drive(load, Arrivals::Clients(clients), span, &usage).await
}

/// The idle proof and what the services hold before anyone came.
async fn idle(instance: &Instance) -> Result<()> {
    Moment::others(Duration::from_secs(3)).await?.print();
    let mut total = 0.0;
    println!("idle after start, resident MiB");
    for service in sigstead_integration::SERVICES {
        let resident = usage(instance, &[service])?.resident_mib()?;
        total += resident;
        println!("  {service:<6} {resident:>6.1}");
    }
    println!("  all    {total:>6.1}   (limit 96)");
    Ok(())
}
