//! The table, the ratios, and what they were to be.

use std::path::Path;

use crate::contestant::Contestant;
use crate::pair::{Corner, Pair};
use crate::signatures::Signatures;
use crate::sync_calls::SyncCalls;
use crate::workload::{Arrivals, Measured};

/// How many times better than the peer we mean to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goals {
    pub(crate) per_second: Option<f64>,
    pub(crate) cpu: Option<f64>,
    pub(crate) p50: Option<f64>,
    pub(crate) memory: Option<f64>,
}

impl Goals {
    pub(crate) const NONE: Self = Self {
        per_second: None,
        cpu: None,
        p50: None,
        memory: None,
    };
}

/// Where the stores lie.
pub(crate) fn disk(folder: &Path) {
    let kind = file_system(folder).unwrap_or_default();
    println!("stores: {} {kind}", folder.display());
}

/// The type of the file system with the longest mount point above the folder.
fn file_system(folder: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/mounts").ok()?;
    let fields = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let (_, kind) = fields
        .filter(|(place, _)| folder.starts_with(place))
        .max_by_key(|(place, _)| place.len())?;
    let warning = if kind == "tmpfs" {
        "   NO DISK: syncs cost nothing here; set TMPDIR"
    } else {
        ""
    };
    Some(format!("{kind}{warning}"))
}

pub(crate) fn legend() {
    println!(
        "\nCPU ms/op: of all processes during the window; in all: of the whole run and of the work that was put off."
    );
    println!(
        "peak MiB: sum over the processes; verified: answers whose proof and signatures were checked."
    );
    println!(
        "others%: of the machine, used by programs other than contestant and generator; above 3 a pair counts only if all are so."
    );
    println!(
        "ratio: how many times better ours is; CPU for each answer: our larger figure, the peer's smaller one."
    );
}

pub(crate) fn header() {
    println!("{HEADER}");
}

pub(crate) fn row(corner: &Corner, measured: &Measured) {
    let load = match corner.arrivals {
        Arrivals::Clients(clients) => clients.to_string(),
        Arrivals::PerSecond(rate) => format!("{rate:.0}/s"),
    };
    println!(
        "{:<14} {load:>7} {:>9.1} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9.3} {:>8.3} {:>9.1} {:>8} {:>6.1} {:>6.1}{}",
        corner.contestant.name(),
        measured.per_second,
        measured.p50_millis,
        measured.p90_millis,
        measured.p99_millis,
        measured.p999_millis,
        measured.max_millis,
        measured.cpu_millis,
        measured.cpu_in_all_millis,
        measured.peak_mib,
        measured.samples.len(),
        measured.foreign * 100.0,
        measured.steal * 100.0,
        notes(measured),
    );
}

fn notes(measured: &Measured) -> String {
    let mut notes = String::new();
    for (what, times) in &measured.refused {
        notes += &format!("  {times} x {what}");
    }
    if measured.ran_out {
        notes += "  the generator ran out of entries";
    }
    notes
}

/// A metric, what is wanted of it, and how it comes out of a pair.
type Line = (&'static str, Option<f64>, fn(&Pair) -> f64);

/// Each ratio of the pairs; above 1 we are better.
pub(crate) fn ratios(what: &str, pairs: &[Pair], goals: Goals) {
    let quiet: Vec<_> = pairs.iter().filter(|pair| pair.is_quiet()).collect();
    let (counted, note) = if quiet.is_empty() {
        (pairs.iter().collect(), "  noisy machine")
    } else {
        (quiet, "")
    };
    let lines: [Line; 5] = [
        ("per second", goals.per_second, |pair| {
            pair.ours.per_second / pair.peer.per_second
        }),
        ("CPU for each", goals.cpu, |pair| pair.cpu),
        ("p50", goals.p50, |pair| {
            pair.peer.p50_millis / pair.ours.p50_millis
        }),
        ("p99", None, |pair| {
            pair.peer.p99_millis / pair.ours.p99_millis
        }),
        ("peak memory", goals.memory, |pair| {
            pair.peer.peak_mib / pair.ours.peak_mib
        }),
    ];
    for (metric, goal, ratio) in lines {
        let mut ratios: Vec<_> = counted.iter().map(|pair| ratio(pair)).collect();
        ratios.sort_by(f64::total_cmp);
        println!(
            "ratio  {what}: {metric:<14} {}{note}",
            summary(&ratios, goal)
        );
    }
}

/// How much of our processor time the signatures took that no authority can do without, by what they cost by themselves in
/// the same run.
pub(crate) fn efficiency(what: &str, pairs: &[Pair], costs: &[Signatures]) {
    let mut all: Vec<_> = pairs
        .iter()
        .zip(costs)
        .map(|(pair, cost)| {
            let micros = pair.ours.cpu_millis * 1_000.0;
            let needed = cost.needed_micros / micros;
            (needed + cost.own_micros / micros, needed)
        })
        .collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let figures: Vec<_> = all
        .iter()
        .map(|(all, needed)| format!("{all:.2} ({needed:.2})"))
        .collect();
    println!(
        "share  {what}: signatures made and verified, of our CPU (without verifying our own): {}",
        figures.join(", ")
    );
    for cost in costs {
        println!(
            "       signatures: {:.0} us of CPU, and {:.0} us for verifying our own",
            cost.needed_micros, cost.own_micros
        );
    }
}

/// Median, range, lower bound, and what was wanted.
fn summary(sorted: &[f64], goal: Option<f64>) -> String {
    let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else {
        return "no pair".to_owned();
    };
    let middle = median(sorted);
    let bound = lower_bound(sorted).map_or_else(
        || "too few for a bound".to_owned(),
        |bound| format!("95 % bound {bound:.2}"),
    );
    let pairs = sorted.len();
    let mut text = format!("x{middle:.2}  (x{least:.2} to x{most:.2}, {pairs} pairs, {bound})");
    if let Some(goal) = goal {
        // A goal counts by the lower bound; without one, what was measured is all there is to say.
        let reached = lower_bound(sorted).unwrap_or(middle) >= goal;
        let verdict = if reached { "reached" } else { "NOT reached" };
        text += &format!("  goal x{goal:.0}: {verdict}");
    }
    text
}

fn median(sorted: &[f64]) -> f64 {
    let at = |position: usize| sorted.get(position).copied().unwrap_or(f64::NAN);
    f64::midpoint(at((sorted.len() - 1) / 2), at(sorted.len() / 2))
}

/// The largest of the sorted ratios that the median exceeds with 95 % confidence, by the sign test.
fn lower_bound(sorted: &[f64]) -> Option<f64> {
    let count = sorted.len();
    let all = 0.5_f64.powi(i32::try_from(count).ok()?);
    let (mut chance, mut tail, mut found) = (all, 0.0, None);
    for (below, value) in sorted.iter().enumerate() {
        tail += chance;
        if tail > 0.05 {
            break;
        }
        found = Some(*value);
        chance *= (count - below) as f64 / (below + 1) as f64;
    }
    found
}

/// Sync calls of one contestant.
pub(crate) fn sync_calls(contestant: Contestant, clients: usize, counted: &SyncCalls) {
    let calls: Vec<_> = counted
        .calls
        .iter()
        .filter(|(_, calls)| *calls > 0)
        .map(|(name, calls)| format!("{calls} {name}"))
        .collect();
    println!(
        "sync   {:<14} {clients} clients, under strace: {:.3} sync calls per entry ({} for {} entries)",
        contestant.name(),
        counted.per_entry(),
        calls.join(", "),
        counted.entries,
    );
}

const HEADER: &str = "contestant        load   per sec    p50 ms    p90 ms    p99 ms  p99.9 ms    max ms CPU ms/op   in all  peak MiB verified others% steal%  errors";
