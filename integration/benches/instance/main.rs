//! The running product, measured through its HTTP faces beside the floors of the same run.
//!
//! A closed loop: each client sends its next request when the last one is answered, over one kept-alive connection.
//! Everything that is sent is made before the clock starts. Generator, services and floors share the machine's cores.
//!
//! `cargo bench -p sigstead-integration [-- SECONDS]`

mod floor;
mod load;

use std::time::Duration;

use anyhow::{Context, Result};
use integration::Instance;

use floor::Floor;
use load::{Measured, Request, Usage};

const CLIENTS: [usize; 3] = [1, 16, 64];

fn main() -> Result<()> {
    let seconds = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(5);
    let instance = Instance::create("bench", &[])?;
    let directory = instance.directory();
    let up = instance.json(&[
        "up",
        directory.to_str().context("the path is not UTF-8")?,
        "--detach",
    ])?;
    println!("ready after {} ms   (limit 2000)", up["ready_millis"]);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(measure(&instance, Duration::from_secs(seconds)))
}

async fn measure(instance: &Instance, time: Duration) -> Result<()> {
    idle(instance)?;
    let floors = floor::measure(instance.work())?;
    println!("\nfloors of this run, one thread");
    println!("  P-256 verify        {:>9.1} us", floors.verify_micros);
    println!("  P-256 sign          {:>9.1} us", floors.sign_micros);
    println!("  append + fdatasync  {:>9.1} us", floors.sync_micros);

    let mut table = Table::begin();
    let ping = Request::get(&instance.url("tsa"), "/ping")?;
    for clients in CLIENTS {
        let usage = Usage::of(instance, &["tsa"])?;
        let measured = load::run(std::slice::from_ref(&ping), clients, time, usage).await?;
        table.bare(clients, &measured);
    }
    let queries = load::timestamp_queries(instance)?;
    for clients in CLIENTS {
        let usage = Usage::of(instance, &["tsa"])?;
        let measured = load::run(&queries, clients, time, usage).await?;
        table.row("timestamp", clients, &measured, floors.timestamp());
    }
    let certificates = load::certificate_requests(instance)?;
    for clients in CLIENTS {
        let usage = Usage::of(instance, &["ca", "ctlog"])?;
        let measured = load::run(&certificates, clients, time, usage).await?;
        table.row(
            "certificate with SCT",
            clients,
            &measured,
            floors.certificate(),
        );
    }
    for clients in CLIENTS {
        let entries = load::log_entries(instance, clients, time)?;
        let usage = Usage::of(instance, &["tlog"])?;
        let measured = load::run_once(&entries, clients, time, usage).await?;
        table.row("v2 entry with proof", clients, &measured, floors.entry());
    }
    println!("\nx floor: p50 over the floors of the operation, one after the other on one thread.");
    println!("work: floors plus bare HTTP, over the processor time that the operation took.");
    Ok(())
}

fn idle(instance: &Instance) -> Result<()> {
    let mut total = 0;
    println!("idle after start, resident MiB");
    for service in integration::SERVICES {
        let kib = load::resident_kib(load::pid(instance, service)?).context(service)?;
        total += kib;
        println!("  {service:<6} {:>6.1}", kib as f64 / 1024.0);
    }
    println!("  all    {:>6.1}   (limit 96)", total as f64 / 1024.0);
    Ok(())
}

/// The rows, and what HTTP alone costs, which the first of them tell.
struct Table {
    bare_cpu_micros: f64,
}

impl Table {
    fn begin() -> Self {
        println!("\n{HEADER}");
        Self {
            bare_cpu_micros: f64::INFINITY,
        }
    }

    fn bare(&mut self, clients: usize, measured: &Measured) {
        self.bare_cpu_micros = self.bare_cpu_micros.min(measured.cpu_millis * 1000.0);
        print("bare HTTP (tsa /ping)", clients, measured, "-", "-");
    }

    fn row(&self, what: &str, clients: usize, measured: &Measured, floor: Floor) {
        let latency = measured.p50_millis * 1000.0 / floor.latency_micros;
        let work = (floor.work_micros + self.bare_cpu_micros) / (measured.cpu_millis * 1000.0);
        print(
            what,
            clients,
            measured,
            &format!("{latency:.1}"),
            &format!("{work:.2}"),
        );
    }
}

fn print(what: &str, clients: usize, measured: &Measured, latency: &str, work: &str) {
    println!(
        "{what:<22} {clients:>4} {:>9.0} {:>9.2} {:>9.2} {:>10.3} {:>8.1} {latency:>7} {work:>5} {:>7}",
        measured.per_second,
        measured.p50_millis,
        measured.p99_millis,
        measured.cpu_millis,
        measured.resident_mib,
        measured.errors,
    );
}

const HEADER: &str = "what                clients  per sec    p50 ms    p99 ms  CPU ms/op  RSS MiB  x floor  work  errors";
