use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Tells the time in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// How a log behaves.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// The log's name in messages, mostly its origin.
    pub name: String,
    /// How many entries may wait before more are refused; about a second of work.
    pub queue_limit: usize,
    /// How many entries one round takes at most.
    pub max_round_entries: usize,
    /// The least time from one round's start to the next one's. Zero, the default, for no wait at all.
    pub min_round_interval: Duration,
    /// After what time without a round the head is signed again, so that readers see that the log lives. `None`, the
    /// default, for never.
    pub refresh_interval: Option<Duration>,
    /// Whether no two heads may have the same time, which RFC 6962 §3.5 demands. Default: they may.
    pub distinct_times: bool,
    /// Whether every entry has something beside its leaf, which is then missed when it is not there. Default: none has.
    pub has_sides: bool,
    /// The file that keeps a pause of the log. `None`, the default, for a pause that ends with the process.
    pub pause_mark: Option<PathBuf>,
    /// Accept a log that has no anchor, with entries or without, once, after an operator has made sure that it is the latest copy.
    pub adopts_missing_anchor: bool,
}

impl LogConfig {
    /// The defaults for a log of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            queue_limit: 4_096,
            max_round_entries: 1_024,
            min_round_interval: Duration::ZERO,
            refresh_interval: None,
            distinct_times: false,
            has_sides: false,
            pause_mark: None,
            adopts_missing_anchor: false,
        }
    }
}
