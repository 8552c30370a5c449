//! Stamping: request, checks, statement, signature, response.

use std::sync::Arc;

use arc_swap::ArcSwap;
use prometheus::Registry;
use sigstead_config::tsa::Config;
use sigstead_kit::Clock;
use sigstead_tsp::{Policy, SerialNumber, SignedAttributes, TimeStampReq, TimeStampResp, TstInfo};
use time::OffsetDateTime;

use crate::authority::Authority;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::ring::{self, KeyRing};

/// Signs time.
pub struct TimestampAuthority {
    config: Config,
    ring: ArcSwap<KeyRing>,
    policies: Policies,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    registry: Registry,
}

/// The policies under which time is stamped.
pub(crate) struct Policies {
    default: Policy,
    accepted: Vec<Policy>,
}

impl TimestampAuthority {
    /// Opens everything that the configuration names.
    ///
    /// # Errors
    /// If a key or chain cannot be opened, do not fit together, or are not for time stamping.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Arc<Self>, Error> {
        let registry = Registry::new();
        Ok(Arc::new(Self {
            ring: ArcSwap::from_pointee(ring::open(&config, clock.now()).await?),
            policies: Policies::of(&config)?,
            metrics: Metrics::register(&registry)?,
            config,
            clock,
            registry,
        }))
    }

    /// Opens the keys again, of which there may be others. If one cannot be used, those that are open stay.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_again(&self) -> Result<(), Error> {
        let ring = ring::open(&self.config, self.clock.now()).await?;
        self.ring.store(Arc::new(ring));
        Ok(())
    }

    /// Answers a request (RFC 3161 §2.2).
    ///
    /// # Errors
    /// If the policy is not one of this authority, or the key does not sign.
    pub async fn stamp(&self, request: &TimeStampReq) -> Result<TimeStampResp, Error> {
        let policy = self.policies.choose(request.policy())?;
        let now = self.clock.now();
        let authority = self.authority(now);
        let certificate = &authority.certificate;
        let info = TstInfo::new(request, policy, serial()?, now, certificate)?;
        let attributes = SignedAttributes::new(info, certificate)?;
        let signature = authority
            .signer
            .sign(attributes.bytes_to_sign())
            .await
            .map_err(Error::Sign)?;
        let response = attributes.sign_with(&signature)?;
        self.metrics.stamped();
        Ok(response)
    }

    /// The chain that timestamps verify by, PEM, signing certificate first.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        let authority = self.authority(self.clock.now());
        let chain = authority.chain();
        chain.map(sigstead_x509::Certificate::to_pem).collect()
    }

    /// The same, DER.
    #[must_use]
    pub fn chain_der(&self) -> Vec<Vec<u8>> {
        let authority = self.authority(self.clock.now());
        let chain = authority.chain();
        chain
            .map(|certificate| certificate.to_der().to_vec())
            .collect()
    }

    pub(crate) fn check_chain(&self) -> Result<(), Error> {
        let now = self.clock.now();
        self.authority(now).verify_chain(now)
    }

    /// Whether the key of now signs.
    pub(crate) async fn prove_key(&self) -> Result<(), String> {
        let authority = self.authority(self.clock.now());
        let proven = sigstead_signer::prove(&*authority.signer).await;
        proven.map_err(|error| sigstead_kit::key_is_away(&error))
    }

    /// The keys, and from when on the one of them signs that signs now.
    pub(crate) fn ring(&self) -> (Arc<KeyRing>, Option<OffsetDateTime>) {
        let ring = self.ring.load_full();
        let signing = ring.at(self.clock.now()).from;
        (ring, signing)
    }

    /// What signs at `now`. A request takes it once, so that its statement and its signature are of one key.
    fn authority(&self, now: OffsetDateTime) -> Arc<Authority> {
        Arc::clone(&self.ring.load().at(now).key)
    }

    /// When the chain ends of the key that signs last: nothing is signed afterwards unless another key follows.
    pub(crate) fn chain_ends(&self) -> OffsetDateTime {
        self.ring.load().last().key.ends()
    }

    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }
}

impl Policies {
    pub(crate) fn of(config: &Config) -> Result<Self, Error> {
        let default = Policy::parse(&config.policy)?;
        let others = config
            .accepted_policies
            .iter()
            .map(|policy| Policy::parse(policy));
        let accepted = others.collect::<Result<_, _>>()?;
        Ok(Self { default, accepted })
    }

    fn choose(&self, asked: Option<Policy>) -> Result<Policy, Error> {
        match asked {
            None => Ok(self.default),
            Some(policy) if policy == self.default || self.accepted.contains(&policy) => Ok(policy),
            Some(policy) => Err(Error::PolicyUnknown(policy)),
        }
    }
}

fn serial() -> Result<SerialNumber, Error> {
    let mut random = [0; 20];
    getrandom::fill(&mut random).map_err(|_| Error::Randomness)?;
    Ok(SerialNumber::from_random(random))
}
