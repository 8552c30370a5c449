use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use sigstead_merkle::{ConsistencyProof, TreeHead};
use sigstead_note::SignedNote;
use url::Url;

use crate::add_checkpoint::{AddCheckpoint, MAX_PROOF_LINES};
use crate::{Answer, BoxError, Cosignature, CosignerKey, Failure, Transport};

/// Makes the proofs that witnesses need: the log.
#[async_trait]
pub trait ConsistencySource: Send + Sync {
    /// The proof that the log of `old_size` leaves is the beginning of the one under `new`. It is asked only where there is
    /// something to prove: `old_size` is neither zero nor the size of `new`, and smaller.
    ///
    /// # Errors
    /// The proof cannot be made.
    async fn consistency(
        &self,
        old_size: u64,
        new: &TreeHead,
    ) -> Result<ConsistencyProof, BoxError>;
}

/// A witness that can be asked, and up to where it has seen the log.
pub(crate) struct Addressee {
    pub(crate) key: CosignerKey,
    pub(crate) url: Url,
    /// What it last cosigned for this process; zero before that. It is where to start asking, and may be wrong.
    pub(crate) seen: AtomicU64,
}

/// One checkpoint on its way to witnesses.
pub(crate) struct Submission<'a> {
    pub(crate) head: &'a TreeHead,
    pub(crate) note: &'a SignedNote,
    pub(crate) proofs: &'a dyn ConsistencySource,
    pub(crate) transport: &'a dyn Transport,
    /// The largest size that this process submitted, by now.
    pub(crate) largest: &'a AtomicU64,
}

impl Submission<'_> {
    /// Asks one witness, first from the size that it is believed to have seen, then from the one that it names.
    pub(crate) async fn submit_to(&self, witness: &Addressee) -> Result<Cosignature, Failure> {
        let mut old_size = witness.seen.load(Ordering::Acquire);
        for _ in 0..MAX_TRIES {
            self.expect_growth(old_size)?;
            let body = self.body(old_size).await?;
            let posted = self.transport.post(&witness.url, body).await;
            let answer = posted.map_err(Failure::Unreachable)?;
            match answer.status {
                200 => {
                    let cosignature = self.read_cosignature(&witness.key, &answer)?;
                    witness.seen.fetch_max(self.head.size, Ordering::AcqRel);
                    return Ok(cosignature);
                }
                409 => old_size = self.read_size(old_size, &answer)?,
                404 => return Err(Failure::LogUnknown),
                403 => return Err(Failure::LogKeyUnknown),
                // There is no proof to be wrong between equal sizes, so the roots differ.
                422 if old_size == self.head.size => {
                    return Err(Failure::Forked { size: old_size });
                }
                422 => return Err(Failure::Inconsistent),
                status => return Err(Failure::Status { status }),
            }
        }
        Err(Failure::Unsettled { tries: MAX_TRIES })
    }

    async fn body(&self, old_size: u64) -> Result<String, Failure> {
        let request = AddCheckpoint {
            old_size,
            hashes: self.prove(old_size).await?.hashes,
            note: self.note.clone(),
        };
        Ok(request.encode())
    }

    async fn prove(&self, old_size: u64) -> Result<ConsistencyProof, Failure> {
        let second_size = self.head.size;
        if old_size == 0 || old_size == second_size {
            return Ok(ConsistencyProof {
                first_size: old_size,
                second_size,
                hashes: Vec::new(),
            });
        }
        let failed = |source| Failure::Proof { old_size, source };
        let proof = self.proofs.consistency(old_size, self.head).await;
        let proof = proof.map_err(failed)?;
        let is_asked_for = (proof.first_size, proof.second_size) == (old_size, second_size);
        if !is_asked_for || proof.hashes.len() > MAX_PROOF_LINES {
            return Err(failed("the proof is not between these sizes".into()));
        }
        Ok(proof)
    }

    // What is larger than anything that this process submitted was submitted by a process that knew
    // more of the log.
    fn expect_growth(&self, size: u64) -> Result<(), Failure> {
        let ours = self.head.size;
        if size <= ours {
            Ok(())
        } else if size <= self.largest.load(Ordering::Acquire) {
            Err(Failure::Superseded { size })
        } else {
            Err(Failure::Ahead { size, ours })
        }
    }

    fn read_size(&self, sent: u64, answer: &Answer) -> Result<u64, Failure> {
        let named = size_of(answer);
        // Both sides agree on the old size, so it is the roots that differ.
        if sent == self.head.size && named.is_none_or(|size| size == sent) {
            return Err(Failure::Forked { size: sent });
        }
        let named = named.filter(|size| *size != sent);
        named.ok_or(Failure::Status { status: 409 })
    }

    fn read_cosignature(&self, key: &CosignerKey, answer: &Answer) -> Result<Cosignature, Failure> {
        let lines = String::from_utf8_lossy(&answer.body);
        let cosigned = SignedNote::parse(&format!("{}\n{lines}", self.note.text));
        let cosigned = cosigned.map_err(Failure::Malformed)?;
        // An empty line in the answer would make the first part of it text.
        if cosigned.text != self.note.text {
            return Err(Failure::Malformed(sigstead_note::Error::Text));
        }
        let found = key.find(&cosigned).map_err(Failure::BadSignature)?;
        found.ok_or(Failure::Unsigned)
    }
}

fn size_of(answer: &Answer) -> Option<u64> {
    let media_type = answer.content_type.as_deref()?.split(';').next()?.trim();
    if !media_type.eq_ignore_ascii_case("text/x.tlog.size") {
        return None;
    }
    let line = std::str::from_utf8(&answer.body).ok()?;
    let line = line.strip_suffix('\n').unwrap_or(line);
    let size = line.parse::<u64>().ok();
    size.filter(|size| size.to_string() == line)
}

// The first corrects what this process believes, the second what changed meanwhile.
const MAX_TRIES: usize = 3;
