//! What is measured of every key that is opened.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

use crate::Error;

struct Counts {
    signatures: IntCounterVec,
    seconds: HistogramVec,
    renewals: IntCounterVec,
    token_left: GaugeVec,
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
        let renewals = Opts::new(
            "sigstead_key_token_renewals_total",
            "Times that the token for a server that holds keys was renewed, or could not be looked at or renewed.",
        );
        let token_left = Opts::new(
            "sigstead_key_token_seconds",
            "Seconds that the token of a file had left at the last look, after its renewal; +Inf if it never ends.",
        );
        Ok(Self {
            renewals: IntCounterVec::new(renewals, &["outcome"])?,
            token_left: GaugeVec::new(token_left, &["file"])?,
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
    registry.register(Box::new(counts.renewals.clone()))?;
    registry.register(Box::new(counts.token_left.clone()))?;
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

pub(crate) fn add_renewal(outcome: &str) {
    if let Ok(counts) = &*COUNTS {
        counts.renewals.with_label_values(&[outcome]).inc();
    }
}

pub(crate) fn set_token_left(file: &Path, left: Option<Duration>) {
    let Ok(counts) = &*COUNTS else { return };
    let left = left.map_or(f64::INFINITY, |left| left.as_secs_f64());
    let file = file.to_string_lossy();
    counts.token_left.with_label_values(&[&*file]).set(left);
}
