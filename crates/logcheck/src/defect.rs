use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// What can be wrong with a log. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Defect {
    /// The log publishes no checkpoint.
    MissingCheckpoint,
    /// A checkpoint is not a signed note, or its text is not that of a checkpoint.
    MalformedNote,
    /// A checkpoint is of another log.
    WrongOrigin,
    /// A checkpoint has no signature by the key of the log.
    UnsignedCheckpoint,
    /// The signature by the key of the log does not verify.
    WrongSignature,
    /// A checkpoint of Rekor v1 has more than one signature, which its clients refuse.
    ExtraSignature,
    /// A checkpoint has extension lines where its face has none.
    ExtensionLine,
    /// The tree does not have the root that the published checkpoint says.
    RootMismatch,
    /// An earlier checkpoint is not one of the published tree.
    InconsistentCheckpoint,
    /// A checkpoint covers a leaf that is younger than it.
    CheckpointOlderThanLeaf,
    /// A later checkpoint is smaller than an earlier one.
    SizeGoingBack,
    /// A later checkpoint has an earlier time.
    TimeGoingBack,
    /// A tile of hashes that the size demands is absent.
    MissingTile,
    /// A tile or bundle exists that the size does not allow.
    ExtraTile,
    /// A tile of hashes is shorter or longer than its width says.
    TileLength,
    /// A tile of level 0 has other hashes than the entries of its bundle.
    TileMismatch,
    /// A tile of a higher level has other hashes than its children.
    ParentMismatch,
    /// A partial tile or bundle that was left behind is not the beginning of the one that replaced it.
    StalePartial,
    /// A bundle of entries that the size demands is absent.
    MissingBundle,
    /// A bundle has fewer entries than its width says.
    TooFewEntries,
    /// A bundle has more entries than its width says.
    TooManyEntries,
    /// A bundle has bytes after its entries that are not an entry.
    TrailingBytes,
    /// An entry of a bundle cannot be read.
    MalformedEntry,
    /// The same leaf stands in the log twice.
    DuplicateLeaf,
    /// The body of an entry is not canonical JSON (RFC 8785).
    NonCanonicalBody,
    /// The body of an entry is of no kind that the face has.
    WrongEntryShape,
    /// The index inside a certificate's leaf is not its position.
    LeafIndex,
    /// The certificate of an issuer is absent.
    MissingIssuer,
    /// The certificate of an issuer has another fingerprint than its name.
    IssuerMismatch,
    /// The log holds another leaf at an index than it acknowledged.
    AckedLeafMismatch,
    /// Two different leaves were acknowledged for one index.
    TwoLeavesForIndex,
    /// An acknowledged entry is not in the published log yet, or no more.
    AckedBeyondSize,
    /// The checkpoint of an acknowledgement does not cover its entry.
    AckNotCovered,
    /// Parts of one acknowledgement contradict each other.
    AckContradiction,
    /// An inclusion proof does not verify.
    ProofInvalid,
    /// A signed entry timestamp does not verify.
    SetInvalid,
    /// A signed entry timestamp promises another index.
    SetIndex,
    /// A signed certificate timestamp does not verify.
    SctInvalid,
    /// A signed certificate timestamp promises another index.
    SctIndex,
}

impl fmt::Display for Defect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// One thing that is wrong, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Of which sort.
    pub defect: Defect,
    /// Where, and how it shows.
    pub sentence: String,
}

/// What was found so far. Of each sort the first are kept and the rest counted, so that a wholly broken log gives a
/// report that can be read.
#[derive(Debug)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    counts: BTreeMap<Defect, u64>,
    limit: u64,
}

impl Findings {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            kept: Vec::new(),
            counts: BTreeMap::new(),
            limit,
        }
    }

    pub(crate) fn add(&mut self, defect: Defect, sentence: impl Into<String>) {
        let count = self.counts.entry(defect).or_default();
        *count += 1;
        if *count <= self.limit {
            self.kept.push(Finding {
                defect,
                sentence: sentence.into(),
            });
        }
    }

    pub(crate) fn into_parts(self) -> (Vec<Finding>, BTreeMap<Defect, u64>) {
        (self.kept, self.counts)
    }
}
