use std::io::Read;
use std::path::Path;

use sigstead_checkpoint::{Origin, SignedCheckpoint};
use sigstead_merkle::{
    ConsistencyProof, LeafHash, NodeHash, ProveError, RootHash, Subtree, SubtreeProof, TreeHead,
    hash_of, root_of,
};
use sigstead_note::{NoteSignature, SignedNote, VerifierKey};
use sigstead_tiles::TILE_WIDTH;
use sigstead_witness::AddCheckpoint;

use crate::edge::Edge;
use crate::folder::{CHECKPOINT, Folder};
use crate::package::start_of_bundle;
use crate::state::{Leaves, State, Stored};
use crate::{EntryPackage, Error, Refusal, UploadHeader};

/// A copy of a log, which takes nothing that the log's key and a proof do not vouch for.
///
/// How it grows, and what a crash between two steps leaves behind:
///
/// 1. [`Mirror::add_checkpoint`] keeps the checkpoint that entries are to be proven for, the *pending* one. A crash before
///    that leaves nothing new.
/// 2. [`Mirror::add_entries`] proves package after package, writes bundles and tiles, syncs them, and then records how many
///    entries there are. A crash leaves the entries of the record before; files behind it are written again.
/// 3. [`Mirror::complete`] compares the root of what is stored with the pending checkpoint, and writes the tiles that are not
///    full. A crash leaves step 3 to be done again.
/// 4. [`Complete::publish`] puts the checkpoint in its place, with what cosigners signed: from then on readers see it.
#[derive(Debug)]
pub struct Mirror {
    origin: Origin,
    key: VerifierKey,
    folder: Folder,
    state: State,
    edge: Edge,
    pending: Option<SignedCheckpoint>,
}

/// Where a checkpoint stands that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It has entries that the copy has not, or that readers do not see yet: they are wanted, and the copy is to be completed.
    Ahead,
    /// The copy has all of it, and readers see it.
    Known,
}

impl Mirror {
    /// Opens the copy of a log in a folder, and makes an empty one where there is none.
    ///
    /// # Errors
    /// The files cannot be read, or are damaged.
    pub fn open(folder: &Path, origin: Origin, key: VerifierKey) -> Result<Self, Error> {
        let folder = Folder::open(folder)?;
        let state = State::read(&folder)?;
        let edge = Edge::load(&folder, state.size)?;
        let pending = state.pending()?;
        Ok(Self {
            origin,
            key,
            folder,
            state,
            edge,
            pending,
        })
    }

    /// The first entry that the copy has not (c2sp.org/tlog-mirror §Updating a Mirror, *next entry*).
    #[must_use]
    pub const fn next_entry(&self) -> u64 {
        self.state.size
    }

    /// The checkpoint that readers see; `None` before the first.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn checkpoint(&self) -> Result<Option<SignedCheckpoint>, Error> {
        self.folder.checkpoint()
    }

    /// Takes a checkpoint that the log signed, with the proof that it continues what the copy has.
    ///
    /// The request may begin before the end of the copy, as that of a medium may which came twice. Then all entries from
    /// there on are compared.
    ///
    /// # Errors
    /// [`Error::Refused`] says why the checkpoint is not taken.
    pub fn add_checkpoint(&mut self, request: &AddCheckpoint) -> Result<Shown, Error> {
        let signed = SignedCheckpoint::try_from(request.note.clone());
        let signed = signed.map_err(Refusal::NoCheckpoint)?;
        let verified = signed.verify(&self.origin, &self.key);
        verified.map_err(Refusal::Foreign)?;
        let head = &signed.checkpoint.head;
        self.expect_continuation(request, head, &signed.note)?;
        if head.size <= self.state.size {
            if self.root_at(head.size)? != head.root {
                return Err(self.forked(head.size, &signed.note)?.into());
            }
            let waits = self.pending.as_ref();
            let is_unpublished = waits.is_some_and(|it| it.checkpoint.head == *head);
            return Ok(match is_unpublished {
                true => Shown::Ahead,
                false => Shown::Known,
            });
        }
        let state = State {
            size: self.state.size,
            pending: Some(signed.note.encode()),
            confirmed: request.old_size,
        };
        state.write(&self.folder)?;
        self.state = state;
        self.pending = Some(signed);
        Ok(Shown::Ahead)
    }

    /// Takes entries as a request has them, package after package, and gives how many the copy has then.
    ///
    /// # Errors
    /// [`Error::Refused`] says why a package is not taken; those before it are.
    pub fn add_entries(&mut self, body: &mut impl Read) -> Result<u64, Error> {
        let header = UploadHeader::read(body)?;
        if header.origin != self.origin {
            let found = header.origin.to_string();
            let expected = self.origin.to_string();
            let other = sigstead_checkpoint::Error::OriginMismatch { expected, found };
            return Err(Refusal::Foreign(other).into());
        }
        let mut taken = Ok(());
        for range in header.ranges() {
            taken = match EntryPackage::read(body, range) {
                Ok(Some(package)) => self.add_package(header.end, package),
                Ok(None) => break,
                Err(error) => Err(error.into()),
            };
            if taken.is_err() {
                break;
            }
        }
        self.save()?;
        taken.map(|()| self.state.size)
    }

    /// Ends an update: what is stored is what the pending checkpoint says, and durable.
    ///
    /// # Errors
    /// Entries are missing, or files cannot be written.
    pub fn complete(&mut self) -> Result<Complete<'_>, Error> {
        let stored = self.state.size;
        let pending = self.pending.as_ref();
        let pending = pending.ok_or(Refusal::NotPending {
            end: stored,
            pending: stored,
        })?;
        let head = &pending.checkpoint.head;
        if head.size != stored {
            let pending = head.size;
            return Err(Refusal::Incomplete { stored, pending }.into());
        }
        if self.edge.root()? != head.root {
            return Err(Error::Root { size: stored });
        }
        for (coordinate, tile) in self.edge.partial()? {
            self.folder.write_tile(coordinate, &tile)?;
        }
        self.folder.sync()?;
        let note = pending.note.clone();
        Ok(Complete { mirror: self, note })
    }

    /// Adds a line to the checkpoint that readers see, of somebody who signs that the copy is there.
    ///
    /// # Errors
    /// Readers see none yet, or the file cannot be written.
    pub fn cosign(&mut self, cosignature: NoteSignature) -> Result<(), Error> {
        let shown = self.checkpoint()?.ok_or(Error::Edge)?;
        let mut note = shown.note;
        note.signatures.push(cosignature);
        self.folder.replace(CHECKPOINT, &note.encode())
    }

    /// Proves one package, and writes what of it is new.
    fn add_package(&mut self, end: u64, package: EntryPackage) -> Result<(), Error> {
        let root = self.root_for(end)?;
        let range = package.range.clone();
        if range.start > self.state.confirmed {
            let (stored, begins) = (self.state.confirmed, range.start);
            return Err(Refusal::Gap { stored, begins }.into());
        }
        let first = start_of_bundle(range.start);
        let index = first / u64::from(TILE_WIDTH);
        let known = self.stored().leaves(index)?;
        let before = known.iter().take(length(first, range.start));
        let shown = package
            .entries
            .iter()
            .map(|entry| LeafHash::of(entry).into());
        let leaves: Vec<NodeHash> = before.copied().chain(shown).collect();
        prove(first, end, &root, &leaves, &package)?;
        if known
            .iter()
            .zip(&leaves)
            .any(|(known, shown)| known != shown)
        {
            let shown = self.pending.as_ref().map(|pending| pending.note.clone());
            let refused = shown.map(|shown| self.forked(end, &shown));
            return Err(refused.transpose()?.map_or(Error::Edge, Error::from));
        }
        let new = leaves.get(known.len()..).unwrap_or_default();
        if !new.is_empty() {
            self.write_entries(index, package)?;
            self.push(new)?;
        }
        self.state.confirmed = self.state.confirmed.max(range.end);
        Ok(())
    }

    /// Writes the bundle of a package: the entries of it that are stored, and the new ones.
    fn write_entries(&self, index: u64, package: EntryPackage) -> Result<(), Error> {
        let width = u16::try_from(self.edge.leaves().len()).unwrap_or(TILE_WIDTH);
        let mut entries = match width {
            0 => Vec::new(),
            width => self.folder.entries(index, width)?,
        };
        let stored = length(package.range.start, self.edge.size());
        entries.extend(package.entries.into_iter().skip(stored));
        self.folder.write_entries(index, entries)
    }

    fn push(&mut self, leaves: &[NodeHash]) -> Result<(), Error> {
        for leaf in leaves {
            for (coordinate, tile) in self.edge.push(*leaf)? {
                self.folder.write_tile(coordinate, &tile)?;
            }
        }
        // Whoever opens the copy reads the leaves of the last bundle from here.
        for (coordinate, tile) in self.edge.partial()? {
            if coordinate.level() == 0 {
                self.folder.write_tile(coordinate, &tile)?;
            }
        }
        Ok(())
    }

    fn save(&mut self) -> Result<(), Error> {
        self.folder.sync()?;
        self.state.size = self.edge.size();
        self.state.write(&self.folder)
    }

    /// Refuses a checkpoint that does not continue what is stored, as far as the proof with it says.
    fn expect_continuation(
        &self,
        request: &AddCheckpoint,
        head: &TreeHead,
        shown: &SignedNote,
    ) -> Result<(), Error> {
        let (old_size, size, stored) = (request.old_size, head.size, self.state.size);
        if old_size > stored {
            let begins = old_size;
            return Err(Refusal::Gap { stored, begins }.into());
        }
        if old_size > size {
            return Err(Refusal::Backwards { old_size, size }.into());
        }
        let proof = ConsistencyProof {
            first_size: old_size,
            second_size: size,
            hashes: request.hashes.clone(),
        };
        match proof.verify(&self.root_at(old_size)?, &head.root) {
            Ok(()) => Ok(()),
            // The log signed it, so it is the log that has another history.
            Err(sigstead_merkle::Error::RootMismatch) => Err(self.forked(size, shown)?.into()),
            Err(source) => {
                let entry = old_size;
                Err(Refusal::Proof { entry, source }.into())
            }
        }
    }

    fn root_for(&self, end: u64) -> Result<RootHash, Refusal> {
        let head = self.pending.as_ref().map(|it| it.checkpoint.head);
        let pending = head.map_or(0, |head| head.size);
        let root = head.filter(|head| head.size == end).map(|head| head.root);
        root.ok_or(Refusal::NotPending { end, pending })
    }

    fn root_at(&self, size: u64) -> Result<RootHash, Error> {
        root_of(&self.stored(), size).map_err(read_failed)
    }

    fn forked(&self, size: u64, shown: &SignedNote) -> Result<Refusal, Error> {
        let stored = self.checkpoint()?.map(|stored| Box::new(stored.note));
        let shown = Box::new(shown.clone());
        Ok(Refusal::Forked {
            size,
            stored,
            shown,
        })
    }

    const fn stored(&self) -> Stored<'_> {
        Stored {
            folder: &self.folder,
            edge: &self.edge,
        }
    }
}

/// A copy that has all of a checkpoint, which readers do not see yet.
#[derive(Debug)]
pub struct Complete<'a> {
    mirror: &'a mut Mirror,
    note: SignedNote,
}

impl Complete<'_> {
    /// The checkpoint, as the log and others signed it.
    #[must_use]
    pub const fn note(&self) -> &SignedNote {
        &self.note
    }

    /// Shows the checkpoint to readers, with the lines of those who signed that the copy is there.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn publish(self, cosignatures: Vec<NoteSignature>) -> Result<SignedNote, Error> {
        let Self { mirror, mut note } = self;
        note.signatures.extend(cosignatures);
        mirror.folder.replace(CHECKPOINT, &note.encode())?;
        let state = State {
            pending: None,
            ..mirror.state.clone()
        };
        state.write(&mirror.folder)?;
        mirror.state = state;
        mirror.pending = None;
        Ok(note)
    }
}

/// Checks that the leaves of a bundle, from its beginning on, stand in the tree under `root`.
fn prove(
    first: u64,
    tree_size: u64,
    root: &RootHash,
    leaves: &[NodeHash],
    package: &EntryPackage,
) -> Result<(), Error> {
    let subtree = Subtree::new(first, package.range.end)?;
    let hash = hash_of(&Leaves::new(leaves.to_vec())?, subtree).map_err(read_failed)?;
    let proof = SubtreeProof {
        subtree,
        tree_size,
        hashes: package.hashes.clone(),
    };
    let entry = package.range.start;
    let proven = proof.verify(&hash, root);
    Ok(proven.map_err(|source| Refusal::Proof { entry, source })?)
}

fn read_failed(error: ProveError<Error>) -> Error {
    match error {
        ProveError::Read(error) => error,
        ProveError::Impossible(error) => Error::Merkle(error),
    }
}

/// How many entries there are from one to another.
fn length(from: u64, to: u64) -> usize {
    usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX)
}
