//! Keys that do not sign as they should.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sigstead_signer::Signer;

/// A key that opened well and does not sign any more.
pub(super) struct BrokenSigner(pub(super) Arc<dyn Signer>);

#[async_trait]
impl Signer for BrokenSigner {
    fn public_key(&self) -> &sigstead_key::PublicKey {
        self.0.public_key()
    }

    async fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, sigstead_signer::Error> {
        Err(sigstead_signer::Error::SigningFailed)
    }
}

/// A key that is slow for its first three signatures.
pub(super) struct SlowSigner {
    pub(super) key: Arc<dyn Signer>,
    pub(super) takes: Duration,
    pub(super) asked: AtomicUsize,
}

#[async_trait]
impl Signer for SlowSigner {
    fn public_key(&self) -> &sigstead_key::PublicKey {
        self.key.public_key()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, sigstead_signer::Error> {
        if self.asked.fetch_add(1, Ordering::SeqCst) < 3 {
            tokio::time::sleep(self.takes).await;
        }
        self.key.sign(message).await
    }
}
