//! What is measured of every key that is opened.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

use crate::Error;

struct Counts {
    signatures: IntCounterVec,
    seconds: HistogramVec,
}

/// One set for the process: keys are opened in many places, and opened again with a reload, and what was counted stays.
static COUNTS: LazyLock<Result<Counts, prometheus::Error>> = LazyLock::new(Counts::new);

impl Counts {
    fn new() -> Result<Self, prometheus::Error> {
        let signatures = Opts::new(
            "sigstead_key_signatures_total",
            "Signatures that were asked of the service's keys, by where the key is and what came of it.",
        );
        let seconds = HistogramOpts::new(
            "sigstead_key_seconds",
            "Seconds that a key took for a signature, its verification included, by where the key is.",
        );
        // A file signs in microseconds, a token in a rack in tens of milliseconds.
        let seconds = seconds.buckets(prometheus::exponential_buckets(0.000_05, 3.0, 12)?);
        Ok(Self {
            signatures: IntCounterVec::new(signatures, &["source", "outcome"])?,
            seconds: HistogramVec::new(seconds, &["source"])?,
        })
    }
}

/// Shows the measurements of the keys of this process in a registry.
///
/// # Errors
/// If a name is taken in it.
pub fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    let Ok(counts) = &*COUNTS else {
        return Ok(());
    };
    registry.register(Box::new(counts.signatures.clone()))?;
    registry.register(Box::new(counts.seconds.clone()))
}

pub(crate) fn add(source: &str, signed: &Result<Vec<u8>, Error>, took: Duration) {
    let Ok(counts) = &*COUNTS else { return };
    let outcome = match signed {
        Ok(_) => "signed",
        Err(Error::SignatureWrong { .. }) => "wrong",
        Err(_) => "failed",
    };
    counts
        .signatures
        .with_label_values(&[source, outcome])
        .inc();
    counts
        .seconds
        .with_label_values(&[source])
        .observe(took.as_secs_f64());
}
