use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sigstead_merkle::{ConsistencyProof, TreeHead};
use sigstead_note::SignedNote;
use sigstead_witness::{BoxError, ConsistencySource, Failure, Outcome, WitnessName, Witnesses};
use tokio::runtime::Handle;

use crate::PublishedHead;
use crate::shared::Shared;

/// The witnesses of a log (C2SP tlog-witness), and what happens without their quorum.
pub struct Cosigning {
    /// Whom to ask. Their policy may name no log but this one.
    pub witnesses: Witnesses,
    /// What happens to a head that too few of them cosign.
    pub without_quorum: WithoutQuorum,
}

impl Cosigning {
    pub(crate) fn must_wait(&self) -> bool {
        self.without_quorum == WithoutQuorum::Wait
    }
}

/// What happens to a head that too few witnesses cosign in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutQuorum {
    /// It is published with the cosignatures that there are, and nobody waits for witnesses for some seconds.
    Publish,
    /// It is not published, and its entries are not answered, until enough have cosigned. Only the head that a log finds
    /// at its start is readable before that, though no entry is answered with it.
    Wait,
}

/// Has heads cosigned that are durable, before they are published.
pub(crate) struct Cosigner {
    cosigning: Cosigning,
    runtime: Handle,
    /// No quorum is expected before.
    rests_until: Option<Instant>,
}

/// Why the log must not go on.
pub(crate) type Alarm = String;

impl Cosigner {
    pub(crate) fn new(cosigning: Cosigning) -> Self {
        Self {
            cosigning,
            runtime: Handle::current(),
            rests_until: None,
        }
    }

    /// Asks every witness for the head with which the log starts: one that has seen more knows that this is an old copy.
    pub(crate) fn begin(&mut self, shared: &Arc<Shared>) -> Result<(), Alarm> {
        let published = shared.published();
        if published.head.size > 0 {
            let asked = self.ask(shared, &published, Whom::All)?;
            let cosigned = self.conclude(shared, &published, asked)?;
            shared.publish(cosigned);
        }
        shared.answers.send_replace(true);
        Ok(())
    }

    /// The head with the cosignatures under which it is published.
    pub(crate) fn cosign(
        &mut self,
        shared: &Arc<Shared>,
        published: PublishedHead,
    ) -> Result<PublishedHead, Alarm> {
        if self.rests_until.is_some_and(|until| Instant::now() < until) {
            return Ok(published);
        }
        let asked = self.ask(shared, &published, Whom::Quorum)?;
        self.conclude(shared, &published, asked)
    }

    /// Goes on asking where the log must not go on without a quorum.
    fn conclude(
        &mut self,
        shared: &Arc<Shared>,
        published: &PublishedHead,
        mut outcome: Outcome,
    ) -> Result<PublishedHead, Alarm> {
        // A log that has ended answers nobody any more.
        let waits =
            self.cosigning.without_quorum == WithoutQuorum::Wait && !shared.queue.is_frozen();
        while waits && !outcome.is_quorum_met {
            let reason = format!("too few witnesses cosign: {}", missing(&outcome.failures));
            shared.hindrance.set(&shared.name, reason);
            shared.queue.wait_until(Instant::now() + RETRY);
            if shared.queue.closed().is_some() {
                return Err("it was stopped while it waited for its witnesses".to_owned());
            }
            outcome = self.ask(shared, published, Whom::Quorum)?;
        }
        shared.hindrance.clear(&shared.name);
        let size = published.head.size;
        self.rests_until = if outcome.is_quorum_met {
            shared.cosigned.fetch_max(size, Ordering::AcqRel);
            None
        } else {
            Some(Instant::now() + REST)
        };
        Ok(PublishedHead {
            note: outcome.note.encode().into(),
            ..published.clone()
        })
    }

    fn ask(
        &self,
        shared: &Arc<Shared>,
        published: &PublishedHead,
        whom: Whom,
    ) -> Result<Outcome, Alarm> {
        let note = std::str::from_utf8(&published.note).map_err(|error| error.to_string())?;
        let note = SignedNote::parse(note).map_err(|error| error.to_string())?;
        let (witnesses, head) = (&self.cosigning.witnesses, &published.head);
        let proofs = Proofs(shared);
        let outcome = self.runtime.block_on(async {
            match whom {
                Whom::Quorum => witnesses.cosign(head, &note, &proofs).await,
                Whom::All => witnesses.cosign_by_all(head, &note, &proofs).await,
            }
        });
        report(shared, &outcome);
        match outcome.failures.iter().find(|(_, why)| why.is_alarm()) {
            Some((name, alarm)) => Err(format!("witness {name}: {alarm}")),
            None => Ok(outcome),
        }
    }
}

/// Tells the operator which witnesses are missing, and that they are back.
fn report(shared: &Shared, outcome: &Outcome) {
    let (log, size) = (&shared.name, outcome.cosignatures.len());
    if outcome.is_quorum_met {
        tracing::debug!(log, cosignatures = size, "the head is cosigned");
        return;
    }
    let missing = missing(&outcome.failures);
    tracing::warn!(log, cosignatures = size, missing, "no quorum of witnesses");
}

fn missing(failures: &BTreeMap<WitnessName, Failure>) -> String {
    let each = failures.iter().map(|(name, why)| format!("{name}: {why}"));
    each.collect::<Vec<_>>().join("; ")
}

/// Proves the log, up to what is durable, to a witness that has seen its beginning.
struct Proofs<'a>(&'a Arc<Shared>);

#[async_trait]
impl ConsistencySource for Proofs<'_> {
    async fn consistency(
        &self,
        old_size: u64,
        new: &TreeHead,
    ) -> Result<ConsistencyProof, BoxError> {
        Ok(self.0.consistency_between(old_size, new.size).await?)
    }
}

#[derive(Clone, Copy)]
enum Whom {
    /// As many as it takes.
    Quorum,
    All,
}

/// Between two tries of a log that waits.
const RETRY: Duration = Duration::from_secs(1);

/// How long a log that does not wait leaves witnesses alone of which too few answered.
const REST: Duration = Duration::from_secs(10);
