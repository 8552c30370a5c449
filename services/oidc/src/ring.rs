//! The keys of the issuer, each with the time from which on it signs.

use std::sync::Arc;

use arc_swap::ArcSwap;
use sigstead_config::oidc::{Config, SuccessorsFile};
use sigstead_signer::{KeyConfig, RingKey, Signer};
use time::{Duration, OffsetDateTime};

use crate::error::Error;
use crate::key_set::{JsonWebKey, KeySet};

/// Keys that follow one another. All of them are proven, and published, long before they sign.
type KeyRing = sigstead_signer::KeyRing<Arc<SigningKey>>;

/// A key of the issuer.
pub(crate) struct SigningKey {
    signer: Arc<dyn Signer>,
    published: JsonWebKey,
}

/// The keys that are open, of which there may be others after a reload.
pub(crate) struct SigningKeys {
    config: Config,
    ring: ArcSwap<KeyRing>,
}

impl SigningKeys {
    pub(crate) async fn open(config: &Config, now: OffsetDateTime) -> Result<Self, Error> {
        Ok(Self {
            config: config.clone(),
            ring: ArcSwap::from_pointee(open(config, now).await?),
        })
    }

    /// Opens the keys again. If one cannot be used, those that are open stay.
    pub(crate) async fn open_again(&self, now: OffsetDateTime) -> Result<(), Error> {
        let ring = open(&self.config, now).await?;
        tracing::info!(keys = ring.keys().count(), "the keys were opened again");
        self.ring.store(Arc::new(ring));
        Ok(())
    }

    /// The key that signs at `now`. A token takes it once, so that its header and its signature are of one key.
    pub(crate) fn at(&self, now: OffsetDateTime) -> Arc<SigningKey> {
        Arc::clone(&self.ring.load().at(now).key)
    }

    /// The public keys under which tokens of `now` verify, and those of the time after: the one that signs first.
    pub(crate) fn published(&self, now: OffsetDateTime) -> KeySet {
        let mut keys: Vec<_> = self.open_keys(now).into_iter().collect();
        // Some readers take the first key for the only one.
        keys.sort_by_key(|key| !key.signs);
        keys.into_iter()
            .map(|key| key.key.published.clone())
            .collect()
    }

    /// The keys that are published at `now`, in the order in which they sign.
    pub(crate) fn open_keys(&self, now: OffsetDateTime) -> Vec<OpenKey> {
        let ring = self.ring.load();
        let signing = ring.at(now).from;
        let lived_on: Duration = self.config.key_lives_on();
        ring.since(now - lived_on)
            .map(|key| OpenKey {
                signs: key.from == signing,
                from: key.from,
                key: Arc::clone(&key.key),
            })
            .collect()
    }
}

/// A key that is published.
pub(crate) struct OpenKey {
    pub(crate) from: Option<OffsetDateTime>,
    pub(crate) signs: bool,
    pub(crate) key: Arc<SigningKey>,
}

impl SigningKey {
    async fn open(config: &KeyConfig) -> Result<Self, Error> {
        let signer = sigstead_signer::open(config)
            .await
            .map_err(Error::KeyOpen)?;
        let published = JsonWebKey::of(signer.public_key())?;
        Ok(Self { signer, published })
    }

    /// As tokens and the key set name it.
    pub(crate) fn id(&self) -> &str {
        self.published.id()
    }

    /// Whether the key made a signature.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.signer.public_key().verify(message, signature).is_ok()
    }

    /// Whether the key signs, now.
    pub(crate) async fn prove(&self) -> Result<(), Error> {
        let proven = sigstead_signer::prove(&*self.signer).await;
        proven.map_err(Error::Signing)
    }

    pub(crate) async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.signer.sign(message).await.map_err(Error::Signing)
    }
}

/// Opens the keys of [`Config::ring`].
async fn open(config: &Config, now: OffsetDateTime) -> Result<KeyRing, Error> {
    let file = SuccessorsFile::read_if_named(config.successors_file.as_deref());
    let file = file.map_err(|error| Error::Successors(Box::new(error)))?;
    let configured = config.ring(&file, now);
    let (first, successors) = configured.split();
    let mut ring = KeyRing::new(open_key(first).await?);
    for configured in successors {
        let opened = open_key(configured).await?;
        if ring.keys().any(|key| key.key.id() == opened.key.id()) {
            return Err(Error::KeyRepeated);
        }
        ring = ring.followed_by(opened);
    }
    Ok(ring)
}

async fn open_key(configured: &RingKey<&KeyConfig>) -> Result<RingKey<Arc<SigningKey>>, Error> {
    Ok(RingKey {
        from: configured.from,
        key: Arc::new(SigningKey::open(configured.key).await?),
    })
}

/// Checks that the keys can be opened.
pub(crate) async fn check(config: &Config, now: OffsetDateTime) -> Result<(), Error> {
    open(config, now).await.map(drop)
}

#[cfg(test)]
mod failing {
    use async_trait::async_trait;
    use sigstead_key::PublicKey;

    use super::*;

    /// A key that does not sign.
    struct Failing(Arc<dyn Signer>);

    #[async_trait]
    impl Signer for Failing {
        fn public_key(&self) -> &PublicKey {
            self.0.public_key()
        }

        async fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, sigstead_signer::Error> {
            Err(sigstead_signer::Error::SigningFailed)
        }
    }

    impl SigningKeys {
        /// Has the key fail until the keys are opened again.
        pub(crate) async fn fail(&self) {
            let mut key = SigningKey::open(&self.config.key).await.unwrap();
            key.signer = Arc::new(Failing(key.signer));
            let key = Arc::new(key);
            let ring = KeyRing::new(RingKey { from: None, key });
            self.ring.store(Arc::new(ring));
        }
    }
}
