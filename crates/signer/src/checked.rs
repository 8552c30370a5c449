//! What stands before every key that is opened: no signature leaves that does not verify.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use sigstead_key::PublicKey;

use crate::{Error, Signer, counts};

/// A key whose signatures are verified and counted.
///
/// A faulty computation of a signature can reveal the key, and a token that came back may hold another key under the same
/// name. Neither is the business of who asked for a signature.
pub(crate) struct Checked {
    signer: Arc<dyn Signer>,
    /// The scheme of its URI.
    source: &'static str,
}

impl Checked {
    pub(crate) const fn new(signer: Arc<dyn Signer>, source: &'static str) -> Self {
        Self { signer, source }
    }

    async fn verified(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.signer.sign(message).await?;
        let verified = self.signer.public_key().verify(message, &signature);
        verified.map_err(|source| Error::SignatureWrong {
            key: self.signer.public_key().fingerprint(),
            source,
        })?;
        Ok(signature)
    }
}

#[async_trait]
impl Signer for Checked {
    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let started = Instant::now();
        let signed = self.verified(message).await;
        counts::add(self.source, &signed, started.elapsed());
        signed
    }
}

#[cfg(test)]
mod tests {
    use sigstead_key::Algorithm;

    use super::*;
    use crate::ephemeral;

    /// Signs with another key than it shows.
    struct Wrong {
        shown: Arc<dyn Signer>,
        used: Arc<dyn Signer>,
    }

    #[async_trait]
    impl Signer for Wrong {
        fn public_key(&self) -> &PublicKey {
            self.shown.public_key()
        }

        async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
            self.used.sign(message).await
        }
    }

    #[tokio::test]
    async fn a_wrong_signature_does_not_leave() {
        for algorithm in [
            Algorithm::EcdsaP256Sha256,
            Algorithm::Ed25519,
            Algorithm::MlDsa44,
            Algorithm::MlDsa65,
        ] {
            let (shown, used) = (ephemeral(algorithm).unwrap(), ephemeral(algorithm).unwrap());
            let wrong = Wrong {
                shown: Arc::clone(&shown),
                used,
            };
            let signed = Checked::new(Arc::new(wrong), "file").sign(b"a").await;
            assert!(matches!(signed, Err(Error::SignatureWrong { .. })));
            let signed = Checked::new(Arc::clone(&shown), "file").sign(b"a").await;
            shown.public_key().verify(b"a", &signed.unwrap()).unwrap();
        }
    }
}
