//! How the pairs of a figure compare.

use crate::workload::Measured;

/// Prints the ratios of pairs, of A first, and the spread of each side.
pub(crate) fn compare(what: &str, clients: usize, pairs: &[(Measured, Measured)]) {
    let metrics: [Metric; 3] = [
        ("per second", Better::More, |run| run.per_second),
        ("CPU ms each", Better::Less, |run| run.cpu_millis),
        ("p50 ms", Better::Less, |run| run.p50_millis),
    ];
    let errors: usize = pairs.iter().map(|(a, b)| a.errors() + b.errors()).sum();
    for (metric, better, value) in metrics {
        let (a, b) = (
            Side::of(pairs.iter().map(|(a, _)| value(a))),
            Side::of(pairs.iter().map(|(_, b)| value(b))),
        );
        let ratios = pairs.iter().map(|(a, b)| match better {
            Better::More => value(a) / value(b),
            Better::Less => value(b) / value(a),
        });
        let ratio = Side::of(ratios);
        // Below this a difference is nothing but the spread of the runs.
        let least = 1.0 - a.spread.max(b.spread).max(AIM);
        let verdict = if ratio.median < least { "   WORSE" } else { "" };
        println!(
            "{what:<21} {clients:>4} clients  {metric:<11} x{:.3} +-{:.1} %   A {:>9.3} +-{:.1} %   B {:>9.3} +-{:.1} %{verdict}",
            ratio.median,
            ratio.spread * 100.0,
            a.median,
            a.spread * 100.0,
            b.median,
            b.spread * 100.0,
        );
    }
    if errors > 0 {
        println!("{what:<21} {clients:>4} clients  {errors} errors");
    }
}

/// A name, which way is better, and how it comes out of a run.
type Metric = (&'static str, Better, fn(&Measured) -> f64);

enum Better {
    More,
    Less,
}

struct Side {
    median: f64,
    /// Half the distance of the quartiles, over the median.
    spread: f64,
}

impl Side {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<_> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let position = (sorted.len().saturating_sub(1)) as f64 * share;
            let (low, high) = (position.floor() as usize, position.ceil() as usize);
            let value = |position: usize| sorted.get(position).copied().unwrap_or(f64::NAN);
            f64::midpoint(value(low), value(high))
        };
        Self {
            median: at(0.5),
            spread: (at(0.75) - at(0.25)) / 2.0 / at(0.5),
        }
    }
}

/// What a change may cost at most, if the machine can show it.
const AIM: f64 = 0.03;
