//! The keys that issue, each with the time from which on it does.

use std::sync::Arc;

use sigstead_config::ca::{Config, KeyAndChain, SuccessorsFile};
use sigstead_key::PublicKey;
use sigstead_signer::{RingKey, Signer};
use sigstead_x509::{Certificate, Form, Validity};
use time::OffsetDateTime;

use crate::files::read_text;
use crate::{Error, IssuerChain};

/// A key that issues, proven to be the one of its chain.
pub struct IssuingKey {
    signer: Arc<dyn Signer>,
    chain: IssuerChain,
}

/// Keys that follow one another. All of them are proven, long before they issue.
pub struct KeyRing(sigstead_signer::KeyRing<Arc<IssuingKey>>);

impl IssuingKey {
    /// A key with the certificate of that key and its issuers.
    ///
    /// # Errors
    /// The key is not the one of the chain.
    pub fn new(signer: Arc<dyn Signer>, chain: IssuerChain) -> Result<Self, Error> {
        chain.check_key(signer.public_key())?;
        Ok(Self { signer, chain })
    }

    async fn open(configured: KeyAndChain<'_>) -> Result<Self, Error> {
        let KeyAndChain { key, chain } = configured;
        let signer = sigstead_signer::open(key).await.map_err(Error::OpenKey)?;
        let chain = IssuerChain::parse(&read_text(chain).await?)?;
        if chain.is_mixed() {
            tracing::warn!("the chain has keys of several families, which some clients refuse");
        }
        Self::new(signer, chain)
    }

    /// What signs.
    pub(crate) fn signer(&self) -> &dyn Signer {
        &*self.signer
    }

    /// A certificate that breaks the profile must not be signed: it cannot be taken back.
    pub(crate) fn lint(&self, tbs: &[u8], form: Form) -> Result<(), Error> {
        let issuer = self.chain.issuer();
        sigstead_x509::lint_signing_certificate(tbs, issuer, form).map_err(Error::Profile)
    }

    /// The certificate of the key and its issuers.
    pub(crate) fn chain(&self) -> &IssuerChain {
        &self.chain
    }
}

impl KeyRing {
    /// One key, which issues for ever.
    #[must_use]
    pub fn of_one(key: IssuingKey) -> Self {
        Self(sigstead_signer::KeyRing::new(RingKey {
            from: None,
            key: Arc::new(key),
        }))
    }

    /// The ring with a key that takes over from the last one.
    #[must_use]
    pub fn followed_by(self, from: OffsetDateTime, key: IssuingKey) -> Self {
        Self(self.0.followed_by(RingKey {
            from: Some(from),
            key: Arc::new(key),
        }))
    }

    /// Opens the keys of [`Config::ring`]. Those that are to come must have a chain under which they can issue when they
    /// begin.
    pub(crate) async fn open(config: &Config, now: OffsetDateTime) -> Result<Self, Error> {
        let file = SuccessorsFile::read_if_named(config.successors_file.as_deref());
        let file = file.map_err(|error| Error::Successors(Box::new(error)))?;
        let configured = config.ring(&file, now);
        let (first, successors) = configured.split();
        let first = RingKey {
            from: first.from,
            key: Arc::new(IssuingKey::open(first.key).await?),
        };
        let mut ring = Self(sigstead_signer::KeyRing::new(first));
        for configured in successors {
            let issuing = IssuingKey::open(configured.key).await?;
            let Some(from) = configured.from else {
                continue;
            };
            let first = Validity {
                not_before: from - config.backdate.time(),
                not_after: from + config.certificate_lifetime.time(),
            };
            let covers = issuing.chain.check_covers(first);
            covers.map_err(Error::SuccessorLate)?;
            ring = ring.followed_by(from, issuing);
        }
        Ok(ring)
    }

    /// The key that issues at `now`.
    pub(crate) fn at(&self, now: OffsetDateTime) -> &RingKey<Arc<IssuingKey>> {
        self.0.at(now)
    }

    /// All keys, in the order in which they issue.
    pub(crate) fn all(&self) -> impl Iterator<Item = &RingKey<Arc<IssuingKey>>> {
        self.0.keys()
    }

    /// When the chain ends of the key that issues last: nothing is issued afterwards unless another key follows.
    pub(crate) fn ends(&self) -> OffsetDateTime {
        self.0.last().key.chain.ends()
    }

    /// The chains, that of the key that issues at `now` first.
    pub(crate) fn chains(&self, now: OffsetDateTime) -> Vec<&[Certificate]> {
        let issuing = self.at(now);
        let others = self.all().filter(|other| other.from != issuing.from);
        std::iter::once(issuing)
            .chain(others)
            .map(|each| each.key.chain.certificates())
            .collect()
    }

    /// Whether one of the chains has a key.
    pub(crate) fn has(&self, key: &PublicKey) -> bool {
        let mut certificates = self.all().flat_map(|each| each.key.chain.certificates());
        certificates.any(|certificate| certificate.public_key() == key)
    }
}
