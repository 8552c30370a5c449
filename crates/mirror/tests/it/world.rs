//! A log in memory, and what a carrier brings of it.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use sigstead_checkpoint::{Checkpoint, Origin};
use sigstead_key::PublicKey;
use sigstead_merkle::{
    LeafHash, NodeHash, NodeReader, Subtree, TreeHead, prove_consistency, prove_subtree, root_of,
};
use sigstead_mirror::{EntryPackage, Mirror, UploadHeader};
use sigstead_note::{KeyName, NoteSignature, SignedNote, VerifierKey};
use sigstead_witness::AddCheckpoint;
use tempfile::TempDir;

pub(crate) const ORIGIN: &str = "log.example";

/// A log whose entries begin with a mark: logs of other marks have other histories.
pub(crate) struct Log {
    mark: u8,
    /// The complete nodes of each level.
    levels: Vec<Vec<NodeHash>>,
    pair: Ed25519KeyPair,
}

impl Log {
    pub(crate) fn new(size: u64) -> Self {
        Self::forked(size, size, 0)
    }

    /// A log that has the entries of the plain one before `from`, and others behind it. The key is the same.
    pub(crate) fn forked(size: u64, from: u64, mark: u8) -> Self {
        let mut log = Self {
            mark: 0,
            levels: Vec::new(),
            pair: Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap(),
        };
        let mut nodes: Vec<NodeHash> = (0..size)
            .map(|index| LeafHash::of(&entry(index, if index < from { 0 } else { mark })).into())
            .collect();
        while !nodes.is_empty() {
            let pairs = nodes.chunks_exact(2);
            let above = pairs.map(|pair| NodeHash::of_children(&pair[0], &pair[1]));
            let above = above.collect();
            log.levels.push(std::mem::replace(&mut nodes, above));
        }
        log.mark = mark;
        log
    }

    pub(crate) fn origin() -> Origin {
        Origin::parse(ORIGIN).unwrap()
    }

    pub(crate) fn key(&self) -> VerifierKey {
        let prefix = [48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0];
        let spki = [&prefix, self.pair.public_key().as_ref()].concat();
        let key = PublicKey::from_spki_der(&spki).unwrap();
        VerifierKey::new(KeyName::parse(ORIGIN).unwrap(), key)
    }

    pub(crate) fn head(&self, size: u64) -> TreeHead {
        let root = root_of(self, size).unwrap();
        TreeHead { size, root }
    }

    pub(crate) fn note(&self, size: u64) -> SignedNote {
        let text = Checkpoint::new(Self::origin(), self.head(size)).text();
        let signature = NoteSignature {
            name: self.key().name().clone(),
            key_id: self.key().key_id(),
            signature: self.pair.sign(text.as_bytes()).as_ref().to_vec(),
        };
        let signatures = vec![signature];
        SignedNote { text, signatures }
    }

    pub(crate) fn checkpoint(&self, old_size: u64, size: u64) -> AddCheckpoint {
        AddCheckpoint {
            old_size,
            hashes: prove_consistency(self, old_size, size).unwrap().hashes,
            note: self.note(size),
        }
    }

    pub(crate) fn header(start: u64, end: u64) -> UploadHeader {
        UploadHeader {
            origin: Self::origin(),
            start,
            end,
            ticket: Vec::new(),
        }
    }

    pub(crate) fn package(&self, range: std::ops::Range<u64>, end: u64, from: u64) -> EntryPackage {
        let subtree = Subtree::new(range.start - range.start % 256, range.end).unwrap();
        let mark = |index| if index < from { 0 } else { self.mark };
        EntryPackage {
            entries: range
                .clone()
                .map(|index| entry(index, mark(index)))
                .collect(),
            hashes: prove_subtree(self, subtree, end).unwrap().hashes,
            range,
        }
    }

    /// The whole request with entries. Entries before `from` are those of the plain log.
    pub(crate) fn entries_from(&self, start: u64, end: u64, from: u64) -> Vec<u8> {
        let header = Self::header(start, end);
        let mut body = header.encode().unwrap();
        for range in header.ranges() {
            body.extend(self.package(range, end, from).encode().unwrap());
        }
        body
    }

    pub(crate) fn entries(&self, start: u64, end: u64) -> Vec<u8> {
        self.entries_from(start, end, u64::MAX)
    }
}

impl NodeReader for Log {
    type Error = ();

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, ()> {
        let level = self.levels.get(usize::from(level)).ok_or(())?;
        level.get(index as usize).copied().ok_or(())
    }
}

/// An empty copy, and its folder.
pub(crate) fn empty(log: &Log) -> (TempDir, Mirror) {
    let folder = TempDir::new().unwrap();
    let mirror = Mirror::open(folder.path(), Log::origin(), log.key()).unwrap();
    (folder, mirror)
}

/// Brings a copy from one size to another, whole.
pub(crate) fn bring(mirror: &mut Mirror, log: &Log, old_size: u64, size: u64) {
    mirror
        .add_checkpoint(&log.checkpoint(old_size, size))
        .unwrap();
    let body = log.entries(old_size, size);
    assert_eq!(mirror.add_entries(&mut body.as_slice()).unwrap(), size);
    mirror.complete().unwrap().publish(Vec::new()).unwrap();
}

pub(crate) fn entry(index: u64, mark: u8) -> Vec<u8> {
    let mut entry = vec![mark];
    entry.extend(index.to_be_bytes());
    entry.resize(9 + (index % 40) as usize, b'x');
    entry
}
