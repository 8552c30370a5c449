use std::sync::Arc;

use sigstead_cold::ColdStorage;
use sigstead_index::Index;
use sigstead_journal::Journal;

use crate::config::Clock;
use crate::cosigning::Cosigning;
use crate::head::anchor::Anchor;
use crate::head::signer::HeadSigner;
use crate::leaf_format::LeafFormat;

/// What a log stands on.
pub struct LogParts {
    /// The rounds that are not yet in cold storage.
    pub journal: Box<dyn Journal>,
    /// Full tiles and bundles.
    pub cold: Arc<dyn ColdStorage>,
    /// The published head, remembered apart from the two above.
    pub anchor: Box<dyn Anchor>,
    /// Signs the heads.
    pub head_signer: Arc<dyn HeadSigner>,
    /// Who cosigns them, if anybody.
    pub cosigning: Option<Cosigning>,
    /// Where entries stand by their deduplication keys. It is fed by the log, and made again when it is lost.
    pub known: Arc<Index>,
    /// How leaves are written.
    pub leaf_format: Arc<dyn LeafFormat>,
    /// What time it is.
    pub clock: Clock,
}
