use std::sync::Arc;

use tokio::sync::Mutex;

/// Whether a log has its first entry, which it makes itself.
///
/// The JSON of protobuf leaves out a number that is zero and a list that is empty. A bundle of the entry with index 0 in
/// a tree of size 1 therefore lacks fields that sigstore-python, sigstore-java and sigstore-browser demand, and they
/// refuse it. So no entry of a client is ever the first of a log.
pub(crate) struct Beginning {
    /// A test may want a log without that entry.
    pub(crate) is_left_out: bool,
    /// Held by the one task that logs the entry. The size of the log says whether there is anything to do.
    pub(crate) turn: Arc<Mutex<()>>,
}

impl Beginning {
    pub(crate) fn new(is_left_out: bool) -> Self {
        Self {
            is_left_out,
            turn: Arc::default(),
        }
    }
}
