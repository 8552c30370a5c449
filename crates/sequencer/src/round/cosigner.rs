use std::time::{Duration, Instant};

use async_trait::async_trait;
use sigstead_merkle::{ConsistencyProof, TreeHead};
use sigstead_note::SignedNote;
use sigstead_witness::{BoxError, ConsistencySource, Outcome};
use tokio::runtime::Handle;

use crate::cosigning::Cosigning;
use crate::head::published::PublishedHead;
use crate::tree::Tree;

/// Asks the witnesses for heads that are durable, before they are published. What is done without them is for others to decide.
pub(crate) struct Cosigner {
    cosigning: Cosigning,
    runtime: Handle,
    /// No quorum is expected before.
    rests_until: Option<Instant>,
}

/// A head with the cosignatures that there are.
pub(crate) struct Cosigned {
    pub(crate) head: PublishedHead,
    pub(crate) is_quorum_met: bool,
    waits_for_quorum: bool,
    /// Which witnesses are missing for a quorum, and why.
    pub(crate) missing: String,
}

impl Cosigned {
    /// Whether it must not be published yet.
    pub(crate) fn must_wait(&self) -> bool {
        self.waits_for_quorum && !self.is_quorum_met
    }
}

/// Whom to ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    /// As many as it takes.
    Quorum,
    All,
}

/// Why the log must not go on: a witness has seen another log under its name, or the note is none.
pub(crate) type Alarm = String;

impl Cosigner {
    pub(crate) fn new(cosigning: Cosigning) -> Self {
        Self {
            cosigning,
            runtime: Handle::current(),
            rests_until: None,
        }
    }

    /// Whether to ask for a head. The empty tree is not worth it, and witnesses of which too few answered lately are left
    /// alone for a while.
    pub(crate) fn asks(&self, published: &PublishedHead, whom: Whom) -> bool {
        let rests = || self.rests_until.is_some_and(|until| Instant::now() < until);
        published.head.size > 0 && (whom == Whom::All || !rests())
    }

    /// Asks for a head of the tree, which is durable and may not be published yet.
    pub(crate) fn ask(
        &mut self,
        log: &str,
        published: &PublishedHead,
        tree: &Tree,
        whom: Whom,
    ) -> Result<Cosigned, Alarm> {
        let note = std::str::from_utf8(&published.note).map_err(|error| error.to_string())?;
        let note = SignedNote::parse(note).map_err(|error| error.to_string())?;
        let (witnesses, head) = (&self.cosigning.witnesses, &published.head);
        let proofs = Proofs(tree);
        let outcome = self.runtime.block_on(async {
            match whom {
                Whom::Quorum => witnesses.cosign(head, &note, &proofs).await,
                Whom::All => witnesses.cosign_by_all(head, &note, &proofs).await,
            }
        });
        if let Some((name, alarm)) = outcome.failures.iter().find(|(_, why)| why.is_alarm()) {
            return Err(format!("witness {name}: {alarm}"));
        }
        self.rests_until = (!outcome.is_quorum_met).then(|| Instant::now() + REST);
        Ok(Cosigned {
            is_quorum_met: outcome.is_quorum_met,
            waits_for_quorum: self.cosigning.must_wait(),
            missing: report(log, &outcome),
            head: PublishedHead {
                note: outcome.note.encode().into(),
                ..published.clone()
            },
        })
    }
}

/// Tells the operator which witnesses are missing for a quorum, if there is none.
fn report(log: &str, outcome: &Outcome) -> String {
    let cosignatures = outcome.cosignatures.len();
    if outcome.is_quorum_met {
        tracing::debug!(log, cosignatures, "the head is cosigned");
        return String::new();
    }
    let each = outcome.failures.iter();
    let each: Vec<_> = each.map(|(name, why)| format!("{name}: {why}")).collect();
    let missing = each.join("; ");
    tracing::warn!(log, cosignatures, missing, "no quorum of witnesses");
    missing
}

/// Proves the log, up to what is durable, to a witness that has seen its beginning.
struct Proofs<'a>(&'a Tree);

#[async_trait]
impl ConsistencySource for Proofs<'_> {
    async fn consistency(
        &self,
        old_size: u64,
        new: &TreeHead,
    ) -> Result<ConsistencyProof, BoxError> {
        let tree = self.0.at(new.size);
        Ok(tree.consistency_proof(old_size, new.size).await?)
    }
}

/// How long a log that does not wait leaves witnesses alone of which too few answered.
const REST: Duration = Duration::from_secs(10);
