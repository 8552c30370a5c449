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

use load::{Measured, Request, Usage};

const CLIENTS: [usize; 3] = [1, 16, 64];

fn main() -> Result<()> {
    let seconds = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(5);
    let instance = Instance::start("bench", &[])?;
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

    println!("\n{HEADER}");
    let ping = Request::get(&instance.url("tsa"), "/ping")?;
    for clients in CLIENTS {
        let measured = load::run(
            std::slice::from_ref(&ping),
            clients,
            time,
            Usage::of(instance, &["tsa"])?,
        )
        .await?;
        print(
            "bare HTTP (tsa /ping)",
            clients,
            &measured,
            floors.bare_micros(),
        );
    }
    let query = load::timestamp_queries(instance)?;
    for clients in CLIENTS {
        let measured = load::run(&query, clients, time, Usage::of(instance, &["tsa"])?).await?;
        print("timestamp", clients, &measured, floors.sign_micros);
    }
    let certificates = load::certificate_requests(instance)?;
    for clients in CLIENTS {
        let usage = Usage::of(instance, &["ca", "ctlog"])?;
        let measured = load::run(&certificates, clients, time, usage).await?;
        print(
            "certificate with SCT",
            clients,
            &measured,
            floors.certificate_micros(),
        );
    }
    for clients in CLIENTS {
        let entries = load::log_entries(instance, clients, time)?;
        let measured =
            load::run_once(&entries, clients, time, Usage::of(instance, &["tlog"])?).await?;
        print(
            "v2 entry with proof",
            clients,
            &measured,
            floors.entry_micros(),
        );
    }
    println!(
        "\nfloor: the cryptography and, for what is logged, one durable append, alone on one thread."
    );
    println!("x floor: p50 divided by it.");
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

fn print(what: &str, clients: usize, measured: &Measured, floor_micros: f64) {
    println!(
        "{what:<22} {clients:>4} {:>9.0} {:>9.2} {:>9.2} {:>10.3} {:>8.1} {:>7.1} {:>7}",
        measured.per_second,
        measured.p50_millis,
        measured.p99_millis,
        measured.cpu_millis,
        measured.resident_mib,
        measured.p50_millis * 1000.0 / floor_micros,
        measured.errors,
    );
}

const HEADER: &str =
    "what                clients  per sec    p50 ms    p99 ms  CPU ms/op  RSS MiB  x floor  errors";
