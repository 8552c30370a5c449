use std::sync::Arc;

/// How a log is doing.
#[derive(Debug, Clone)]
pub struct Health {
    /// Why the log takes no entries until it is opened again, when it does not.
    pub read_only: Option<Arc<str>>,
    /// Why it takes none for now, until something outside of it changes: room, the key, the clock, witnesses.
    pub hindered: Option<Arc<str>>,
    /// Why the operator wants it to take none, if he does. A log that has ended is not paused.
    pub paused: Option<Arc<str>>,
    /// The published size.
    pub size: u64,
    /// The time of the published checkpoint, in milliseconds since the epoch.
    pub published_millis: u64,
    /// How many entries wait for a round.
    pub waiting: usize,
    /// How many bundles are in cold storage.
    pub bundles_in_cold: u64,
    /// Up to which size the anchor knows the log.
    pub anchored_size: u64,
    /// Up to which size a quorum of witnesses has cosigned the log since it was opened.
    pub cosigned_size: u64,
}

impl Health {
    /// Why the log takes no entries, for now or for good.
    pub fn takes_none_because(&self) -> Option<&str> {
        let reasons = [&self.read_only, &self.paused, &self.hindered];
        let reason = reasons.into_iter().flatten().next();
        reason.map(|reason| &**reason)
    }
}
