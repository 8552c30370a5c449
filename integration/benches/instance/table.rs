//! The rows, and how far each is from its bound.

use anyhow::{Context, Result};
use sigstead_integration::Instance;

use crate::bound::Bound;
use crate::workload::{Arrivals, Floors, Measured, Usage};

/// The table, and what HTTP alone costs, which the first rows tell.
pub(crate) struct Table {
    floors: Floors,
    bare_cpu_micros: f64,
}

impl Table {
    pub(crate) fn begin(floors: Floors) -> Self {
        println!("\n{HEADER}");
        Self {
            floors,
            bare_cpu_micros: f64::INFINITY,
        }
    }

    pub(crate) fn bare(&mut self, arrivals: Arrivals, measured: &Measured) {
        self.bare_cpu_micros = self.bare_cpu_micros.min(measured.cpu_millis * 1000.0);
        print("bare HTTP (tsa /ping)", arrivals, measured, "-", "-");
    }

    pub(crate) fn timestamps(&self, arrivals: Arrivals, measured: &Measured) {
        self.row(
            "timestamp",
            arrivals,
            measured,
            Bound::timestamp(&self.floors),
        );
    }

    pub(crate) fn certificates(&self, arrivals: Arrivals, measured: &Measured) {
        let bound = Bound::certificate(&self.floors);
        self.row("certificate with SCT", arrivals, measured, bound);
    }

    pub(crate) fn entries(&self, what: &str, arrivals: Arrivals, measured: &Measured) {
        self.row(what, arrivals, measured, Bound::entry(&self.floors));
    }

    fn row(&self, what: &str, arrivals: Arrivals, measured: &Measured, bound: Bound) {
        let latency = measured.p50_millis * 1000.0 / bound.latency_micros;
        let work = (bound.work_micros + self.bare_cpu_micros) / (measured.cpu_millis * 1000.0);
        let (latency, work) = (format!("{latency:.1}"), format!("{work:.2}"));
        print(what, arrivals, measured, &latency, &work);
    }
}

fn print(what: &str, arrivals: Arrivals, measured: &Measured, latency: &str, work: &str) {
    let load = match arrivals {
        Arrivals::Clients(clients) => clients.to_string(),
        Arrivals::PerSecond(rate) => format!("{rate:.0}/s"),
    };
    println!(
        "{what:<24} {load:>7} {:>8.0} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>9.3} {:>7.3} {:>8.1} {latency:>7} {work:>5} {:>7.1} {:>6.1} {:>6}{}",
        measured.per_second,
        measured.p50_millis,
        measured.p90_millis,
        measured.p99_millis,
        measured.p999_millis,
        measured.max_millis,
        measured.cpu_millis,
        measured.cpu_in_all_millis,
        measured.peak_mib,
        measured.foreign * 100.0,
        measured.steal * 100.0,
        measured.errors(),
        if measured.ran_out {
            "  ran out of entries"
        } else {
            ""
        },
    );
}

/// The processes of services.
pub(crate) fn usage(instance: &Instance, services: &[&str]) -> Result<Usage> {
    let pid = |service: &&str| {
        let file = instance
            .directory()
            .join("run")
            .join(format!("{service}.pid"));
        let pid =
            std::fs::read_to_string(file).with_context(|| format!("{service} does not run"))?;
        Ok(pid.trim().parse()?)
    };
    Ok(Usage::of(services.iter().map(pid).collect::<Result<_>>()?))
}

const HEADER: &str = "what                        load  per sec   p50 ms   p90 ms   p99 ms p99.9 ms   max ms CPU ms/op  in all peak MiB x floor  work others% steal% errors";
