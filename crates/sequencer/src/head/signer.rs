use std::sync::Arc;

use async_trait::async_trait;
use sigstead_merkle::{ConsistencyProof, TreeHead};

/// Signs the heads of one log, in the form in which they are published.
///
/// An implementation signs what it is given. That no head is signed which forks the log is not its business: a witness,
/// which knows the last signed head and demands a consistency proof, stands in front of every implementation. `sign` MUST
/// end within seconds, with an error if need be: the log's thread waits for it.
#[async_trait]
pub trait HeadSigner: Send + Sync {
    /// The published signed note over a head.
    ///
    /// # Errors
    /// [`HeadSignerError`] when the key cannot sign.
    async fn sign(&self, head: &TreeHead, time_millis: u64) -> Result<Vec<u8>, HeadSignerError>;

    /// The note over the last head that the log will ever have, which says that it is the last.
    ///
    /// # Errors
    /// As [`HeadSigner::sign`], and always for logs whose heads cannot say so.
    async fn sign_last(
        &self,
        _head: &TreeHead,
        _time_millis: u64,
    ) -> Result<Vec<u8>, HeadSignerError> {
        Err("heads of this log cannot say that they are the last".into())
    }

    /// Whether a note says that it is the last one.
    fn is_last(&self, _note: &[u8]) -> bool {
        false
    }

    /// Checks that a note is this log's, over this head and time, and verifies under this log's key.
    ///
    /// Called after every signature, and at start with the last checkpoint of the journal.
    ///
    /// # Errors
    /// [`HeadSignerError`] naming what differs.
    fn verify(&self, head: &TreeHead, time_millis: u64, note: &[u8])
    -> Result<(), HeadSignerError>;
}

/// Whether more heads follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Within,
    Last,
}

/// Why a head was not signed, or a note not accepted.
pub type HeadSignerError = Box<dyn std::error::Error + Send + Sync>;

/// Stands between the log and its key as a witness would (C2SP tlog-witness): old head, new head, consistency proof, or no
/// signature.
pub(crate) struct ConsistentSigner {
    signer: Arc<dyn HeadSigner>,
    last: TreeHead,
}

impl ConsistentSigner {
    /// One that has signed the log up to this head.
    pub(crate) fn new(signer: Arc<dyn HeadSigner>, last: TreeHead) -> Self {
        Self { signer, last }
    }

    /// Signs a head that extends the last one, and checks the signature before it leaves.
    pub(crate) async fn sign(
        &mut self,
        head: &TreeHead,
        proof: &ConsistencyProof,
        time_millis: u64,
        place: Place,
    ) -> Result<Vec<u8>, HeadSignerError> {
        if proof.first_size != self.last.size || proof.second_size != head.size {
            return Err(
                "the consistency proof is not between the last signed head and the new one".into(),
            );
        }
        proof.verify(&self.last.root, &head.root)?;
        let note = match place {
            Place::Within => self.signer.sign(head, time_millis).await?,
            Place::Last => self.signer.sign_last(head, time_millis).await?,
        };
        // A faulty computation of a signature can reveal the key; nothing unverified is published.
        self.signer.verify(head, time_millis, &note)?;
        self.last = *head;
        Ok(note)
    }
}

#[cfg(test)]
mod tests {
    use sigstead_merkle::{LeafHash, NodeHash, RootHash};

    use super::*;

    /// Answers notes that it accepts, or not.
    struct Notes {
        is_faulty: bool,
    }

    #[async_trait]
    impl HeadSigner for Notes {
        async fn sign(&self, head: &TreeHead, _: u64) -> Result<Vec<u8>, HeadSignerError> {
            Ok(if self.is_faulty {
                Vec::new()
            } else {
                head.root.as_bytes().to_vec()
            })
        }

        fn verify(&self, head: &TreeHead, _: u64, note: &[u8]) -> Result<(), HeadSignerError> {
            if note == head.root.as_bytes() {
                Ok(())
            } else {
                Err("wrong signature".into())
            }
        }
    }

    fn leaf(text: &str) -> NodeHash {
        LeafHash::of(text.as_bytes()).into()
    }

    fn head(size: u64, root: NodeHash) -> TreeHead {
        TreeHead {
            size,
            root: RootHash::from(root),
        }
    }

    fn proof(first_size: u64, second_size: u64, hashes: Vec<NodeHash>) -> ConsistencyProof {
        ConsistencyProof {
            first_size,
            second_size,
            hashes,
        }
    }

    #[tokio::test]
    async fn signs_only_what_extends_the_last_signed_head() {
        let one = head(1, leaf("a"));
        let two = head(2, NodeHash::of_children(&leaf("a"), &leaf("b")));
        let fork = head(2, NodeHash::of_children(&leaf("x"), &leaf("b")));
        let mut signer = ConsistentSigner::new(Arc::new(Notes { is_faulty: false }), one);
        assert!(
            signer
                .sign(&fork, &proof(1, 2, vec![leaf("b")]), 0, Place::Within)
                .await
                .is_err(),
            "fork"
        );
        assert!(
            signer
                .sign(&fork, &proof(0, 2, Vec::new()), 0, Place::Within)
                .await
                .is_err(),
            "from another size"
        );
        assert!(
            signer
                .sign(&two, &proof(1, 2, Vec::new()), 0, Place::Within)
                .await
                .is_err(),
            "no proof"
        );
        signer
            .sign(&two, &proof(1, 2, vec![leaf("b")]), 0, Place::Within)
            .await
            .unwrap();
        assert!(
            signer
                .sign(&one, &proof(1, 1, Vec::new()), 0, Place::Within)
                .await
                .is_err(),
            "backwards"
        );
        signer
            .sign(&two, &proof(2, 2, Vec::new()), 0, Place::Within)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn nothing_leaves_that_does_not_verify() {
        let mut signer =
            ConsistentSigner::new(Arc::new(Notes { is_faulty: true }), TreeHead::empty());
        let refused = signer
            .sign(
                &head(1, leaf("a")),
                &proof(0, 1, Vec::new()),
                0,
                Place::Within,
            )
            .await;
        assert_eq!(refused.unwrap_err().to_string(), "wrong signature");
        assert_eq!(signer.last, TreeHead::empty());
    }
}
