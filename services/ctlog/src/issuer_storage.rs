//! The certificates above the logged ones (static-ct-api §Issuers).
//!
//! Layout: `issuer/<SHA-256 in lower case hex>`, DER. An issuer is durable before the first entry that names it is
//! sequenced; a crash between the two leaves an issuer that no entry names, which harms nobody.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use sigstead_cold::ColdStorage;
use sigstead_ct::AcceptedChain;

/// Keeps issuers for ever.
pub(crate) struct IssuerStorage {
    cold: Arc<dyn ColdStorage>,
    /// Those that are known to be kept; every submission names the same few.
    kept: Mutex<HashSet<[u8; 32]>>,
}

impl IssuerStorage {
    pub(crate) fn new(cold: Arc<dyn ColdStorage>) -> Self {
        Self {
            cold,
            kept: Mutex::default(),
        }
    }

    /// Makes the issuers of a chain durable.
    pub(crate) async fn keep(&self, chain: &AcceptedChain) -> Result<(), sigstead_cold::Error> {
        for (fingerprint, issuer) in chain.fingerprints().into_iter().zip(chain.issuers()) {
            if self.has_kept(&fingerprint) {
                continue;
            }
            let der = Bytes::copy_from_slice(issuer.to_der());
            self.cold.put(&path(&fingerprint), der).await?;
            self.remember(fingerprint);
        }
        Ok(())
    }

    /// The certificate of a fingerprint, if an entry ever named it.
    pub(crate) async fn find(
        &self,
        fingerprint: &[u8; 32],
    ) -> Result<Option<Bytes>, sigstead_cold::Error> {
        self.cold.get(&path(fingerprint)).await
    }

    fn has_kept(&self, fingerprint: &[u8; 32]) -> bool {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(fingerprint)
    }

    fn remember(&self, fingerprint: [u8; 32]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_REMEMBERED {
            kept.clear();
        }
        kept.insert(fingerprint);
    }
}

fn path(fingerprint: &[u8; 32]) -> String {
    format!("issuer/{}", hex::encode(fingerprint))
}

/// An authority that issues authorities could else fill the memory.
const MOST_REMEMBERED: usize = 4_096;

#[cfg(test)]
mod tests {
    use sigstead_cold::{Fault, MemoryStorage};
    use sigstead_x509::{CaKind, CaProfile, Certificate, Name, SerialNumber, Validity};
    use time::OffsetDateTime;

    use super::*;

    async fn chain() -> AcceptedChain {
        let signer = sigstead_signer::ephemeral(sigstead_key::Algorithm::EcdsaP256Sha256).unwrap();
        let profile = CaProfile {
            subject: Name {
                organization: "Example".into(),
                common_name: "Root".into(),
            },
            public_key: signer.public_key().clone(),
            validity: Validity {
                not_before: OffsetDateTime::UNIX_EPOCH,
                not_after: OffsetDateTime::UNIX_EPOCH + time::Duration::days(30_000),
            },
            kind: CaKind::Root,
            serial: SerialNumber::from_random([1; 20]),
        };
        let unsigned = profile.self_signed().unwrap();
        let signature = signer.sign(unsigned.bytes_to_sign()).await.unwrap();
        let root: Certificate = unsigned.sign_with(signature).unwrap();
        let kind = sigstead_ct::EntryKind::Certificate;
        AcceptedChain::check(vec![root.clone()], &[root], kind).unwrap()
    }

    #[tokio::test]
    async fn keeps_an_issuer_under_its_fingerprint() {
        let cold = Arc::new(MemoryStorage::new());
        let issuers = IssuerStorage::new(Arc::clone(&cold) as Arc<dyn ColdStorage>);
        let chain = chain().await;
        let [fingerprint] = chain.fingerprints()[..] else {
            panic!("one issuer")
        };
        assert_eq!(issuers.find(&fingerprint).await.unwrap(), None);
        issuers.keep(&chain).await.unwrap();
        issuers.keep(&chain).await.unwrap();
        let kept = issuers.find(&fingerprint).await.unwrap().unwrap();
        assert_eq!(kept, chain.issuers()[0].to_der());
        assert_eq!(cold.paths(), [path(&fingerprint)]);
    }

    #[tokio::test]
    async fn does_not_remember_what_was_not_kept() {
        let cold = Arc::new(MemoryStorage::new());
        let issuers = IssuerStorage::new(Arc::clone(&cold) as Arc<dyn ColdStorage>);
        let chain = chain().await;
        cold.fail_next_put("issuer/", Fault::Before);
        assert!(issuers.keep(&chain).await.is_err());
        issuers.keep(&chain).await.unwrap();
        assert_eq!(cold.paths().len(), 1);
    }
}
