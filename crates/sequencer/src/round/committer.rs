use std::sync::Arc;
use std::time::{Duration, Instant};

use sigstead_journal::Journal;
use sigstead_merkle::{ConsistencyProof, TreeHead, prove_consistency, root_of};
use tokio::runtime::Handle;

use crate::entry::RecordedEntry;
use crate::error::chain;
use crate::head::published::PublishedHead;
use crate::head::signer::{ConsistentSigner, Place};
use crate::round::draft::Draft;
use crate::round::failure::Failure;
use crate::tree::Tree;

/// Makes drafts durable, each under a signed head.
pub(crate) struct Committer {
    tree: Arc<Tree>,
    journal: Box<dyn Journal>,
    signer: ConsistentSigner,
    runtime: Handle,
    /// How long the last round took to become durable.
    last_commit: Duration,
}

impl Committer {
    pub(crate) fn new(
        tree: Arc<Tree>,
        journal: Box<dyn Journal>,
        signer: ConsistentSigner,
    ) -> Self {
        Self {
            tree,
            journal,
            signer,
            runtime: Handle::current(),
            last_commit: Duration::ZERO,
        }
    }

    pub(crate) fn last_commit(&self) -> Duration {
        self.last_commit
    }

    /// Extends the tree in memory, makes room on disk, and signs the head over both as a witness would. When it fails it
    /// leaves no trace.
    pub(crate) fn prepare(
        &mut self,
        draft: &Draft,
        before: &PublishedHead,
        place: Place,
    ) -> Result<PublishedHead, Failure> {
        let signed = self
            .extend(draft, before.head.size)
            .and_then(|(head, proof)| {
                self.reserve(draft.encoded_bytes())?;
                self.sign(&head, &proof, draft.time_millis, place)
            });
        signed.inspect_err(|_| self.tree.edge_mut().truncate(before.head.size))
    }

    /// Writes what was prepared; the entries move out of the draft. A log that has signed a head and cannot write it dies,
    /// because it never signs two heads of one size.
    pub(crate) fn commit(
        &mut self,
        draft: &mut Draft,
        before: &PublishedHead,
        signed: &PublishedHead,
    ) -> Result<(), Failure> {
        let round = draft.take_round(signed, before.head.size);
        let started = Instant::now();
        self.journal.commit(&before.head, &round).map_err(|error| {
            Failure::Dead(format!(
                "a commit failed ({}); restart the log to reload what is on disk",
                chain(&error)
            ))
        })?;
        self.last_commit = started.elapsed();
        Ok(())
    }

    /// Makes room for a round of `bytes`.
    pub(crate) fn reserve(&mut self, bytes: usize) -> Result<(), Failure> {
        self.journal.reserve(bytes).map_err(Failure::of_reserving)
    }

    /// Lets the journal forget what is in cold storage.
    pub(crate) fn trim(&mut self, log: &str, below_size: u64) {
        if let Err(error) = self.journal.trim(below_size) {
            tracing::warn!(log, %error, "the journal keeps rounds that it could forget until the service is started again");
        }
    }

    fn extend(
        &self,
        draft: &Draft,
        old_size: u64,
    ) -> Result<(TreeHead, ConsistencyProof), Failure> {
        let missing =
            |_| Failure::Dead("the right edge of the tree is incomplete in memory".to_owned());
        let mut edge = self.tree.edge_mut();
        for entry in &draft.entries {
            edge.push(entry.leaf_hash, RecordedEntry::from(entry));
        }
        let size = old_size + draft.entries.len() as u64;
        let root = root_of(&*edge, size).map_err(missing)?;
        let proof = prove_consistency(&*edge, old_size, size).map_err(missing)?;
        Ok((TreeHead { size, root }, proof))
    }

    fn sign(
        &mut self,
        head: &TreeHead,
        proof: &ConsistencyProof,
        time_millis: u64,
        place: Place,
    ) -> Result<PublishedHead, Failure> {
        let signing = self.signer.sign(head, proof, time_millis, place);
        let note = self
            .runtime
            .block_on(signing)
            .map_err(|source| Failure::Signing(source.into()))?;
        Ok(PublishedHead {
            head: *head,
            time_millis,
            note: note.into(),
        })
    }
}
