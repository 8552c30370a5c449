use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use sigstead_merkle::TreeHead;
use sigstead_note::SignedNote;

use crate::submission::{Addressee, Submission};
use crate::{
    ConsistencySource, Cosignature, Error, Failure, Policy, Transport, Witness, WitnessName,
};

/// The witnesses of one log.
///
/// It remembers, until the process ends, up to where each of them has seen the log; so it serves one log only.
pub struct Witnesses {
    policy: Policy,
    addressees: BTreeMap<WitnessName, Addressee>,
    transport: Arc<dyn Transport>,
    deadline: Duration,
    largest: AtomicU64,
}

impl Witnesses {
    /// The witnesses of a policy, each with `deadline` for its whole exchange.
    ///
    /// # Errors
    /// [`Error::UrlMissing`] when the policy does not say where a witness is.
    pub fn new(
        policy: Policy,
        transport: Arc<dyn Transport>,
        deadline: Duration,
    ) -> Result<Self, Error> {
        let addressees = policy.witnesses().iter().map(addressee);
        let addressees = addressees.collect::<Result<_, _>>()?;
        Ok(Self {
            policy,
            addressees,
            transport,
            deadline,
            largest: AtomicU64::new(0),
        })
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Submits a checkpoint to all witnesses at once, and returns as soon as the quorum is met, or every witness has
    /// answered or run out of time. Where the policy needs no cosignature, all are waited for.
    ///
    /// `note` MUST be the log's checkpoint of `head`, signed by the log, and `head` MUST be durable: a witness does not forget
    /// it, and would report a log that comes back without it as an old copy of itself ([`Failure::Ahead`]). A witness that is given up because others sufficed
    /// may have cosigned all the same; the next submission finds out.
    pub async fn cosign(
        &self,
        head: &TreeHead,
        note: &SignedNote,
        proofs: &dyn ConsistencySource,
    ) -> Outcome {
        self.ask(head, note, proofs, Until::Quorum).await
    }

    /// As [`Self::cosign`], but waits for every witness. For the start of a log, when an old copy of it must not go
    /// unnoticed, and for collecting what a quorum did not wait for.
    pub async fn cosign_by_all(
        &self,
        head: &TreeHead,
        note: &SignedNote,
        proofs: &dyn ConsistencySource,
    ) -> Outcome {
        self.ask(head, note, proofs, Until::All).await
    }

    async fn ask(
        &self,
        head: &TreeHead,
        note: &SignedNote,
        proofs: &dyn ConsistencySource,
        until: Until,
    ) -> Outcome {
        self.largest.fetch_max(head.size, Ordering::AcqRel);
        let submission = Submission {
            head,
            note,
            proofs,
            transport: self.transport.as_ref(),
            largest: &self.largest,
        };
        let asked = self.addressees.iter();
        let mut answers: FuturesUnordered<_> = asked
            .map(|(name, witness)| self.submit(&submission, name, witness))
            .collect();
        let mut cosignatures = BTreeMap::new();
        let mut failures = BTreeMap::new();
        while let Some((name, answer)) = answers.next().await {
            match answer {
                Ok(cosignature) => drop(cosignatures.insert(name.clone(), cosignature)),
                Err(failure) => drop(failures.insert(name.clone(), failure)),
            }
            if until == Until::Quorum && self.suffices(&cosignatures) {
                break;
            }
        }
        self.conclude(note, cosignatures, failures)
    }

    async fn submit<'a>(
        &self,
        submission: &Submission<'_>,
        name: &'a WitnessName,
        witness: &Addressee,
    ) -> (&'a WitnessName, Result<Cosignature, Failure>) {
        let deadline = self.deadline;
        let answer = tokio::time::timeout(deadline, submission.submit_to(witness)).await;
        (name, answer.unwrap_or(Err(Failure::TimedOut { deadline })))
    }

    fn suffices(&self, cosignatures: &BTreeMap<WitnessName, Cosignature>) -> bool {
        self.policy.needs_cosignatures() && self.policy.is_met(&names(cosignatures))
    }

    fn conclude(
        &self,
        note: &SignedNote,
        cosignatures: BTreeMap<WitnessName, Cosignature>,
        failures: BTreeMap<WitnessName, Failure>,
    ) -> Outcome {
        let mut note = note.clone();
        // In the policy's order, and each once, so that the same cosignatures give the same note.
        for witness in self.policy.witnesses() {
            if let Some(cosignature) = cosignatures.get(&witness.name) {
                note.signatures
                    .retain(|line| !witness.key.is_named_by(line));
                note.signatures.push(cosignature.line.clone());
            }
        }
        Outcome {
            note,
            is_quorum_met: self.policy.is_met(&names(&cosignatures)),
            cosignatures,
            failures,
        }
    }
}

/// What came of a submission. A witness in neither map was not waited for.
#[derive(Debug)]
pub struct Outcome {
    /// The submitted note, with the cosignatures behind the log's own signatures.
    pub note: SignedNote,
    /// Whether the cosignatures meet the quorum of the policy.
    pub is_quorum_met: bool,
    /// Who cosigned.
    pub cosignatures: BTreeMap<WitnessName, Cosignature>,
    /// Who did not, and why. What [`Failure::is_alarm`] says of them matters even when the quorum is met.
    pub failures: BTreeMap<WitnessName, Failure>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Quorum,
    All,
}

fn addressee(witness: &Witness) -> Result<(WitnessName, Addressee), Error> {
    let url = witness.add_checkpoint_url();
    let url = url.ok_or_else(|| Error::UrlMissing(witness.name.to_string()))?;
    let key = witness.key.clone();
    let seen = AtomicU64::new(0);
    Ok((witness.name.clone(), Addressee { key, url, seen }))
}

fn names(cosignatures: &BTreeMap<WitnessName, Cosignature>) -> BTreeSet<WitnessName> {
    cosignatures.keys().cloned().collect()
}
