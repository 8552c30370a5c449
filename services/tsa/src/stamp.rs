//! Stamping: request, checks, statement, signature, response.

use std::sync::Arc;

use prometheus::Registry;
use sigstead_config::tsa::Config;
use sigstead_kit::Clock;
use sigstead_tsp::{Policy, SerialNumber, SignedAttributes, TimeStampReq, TimeStampResp, TstInfo};

use crate::authority::Authority;
use crate::error::Error;
use crate::metrics::Metrics;

/// Signs time.
pub struct TimestampAuthority {
    authority: Authority,
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
    pub(crate) fn new(
        authority: Authority,
        policies: Policies,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let registry = Registry::new();
        let metrics = Metrics::register(&registry)?;
        Ok(Self {
            authority,
            policies,
            clock,
            metrics,
            registry,
        })
    }

    /// Answers a request (RFC 3161 §2.2).
    ///
    /// # Errors
    /// If the policy is not one of this authority, or the key does not sign.
    pub async fn stamp(&self, request: &TimeStampReq) -> Result<TimeStampResp, Error> {
        let policy = self.policies.choose(request.policy())?;
        let certificate = &self.authority.certificate;
        let info = TstInfo::new(request, policy, serial()?, self.clock.now(), certificate)?;
        let attributes = SignedAttributes::new(info, certificate)?;
        let signature = self
            .authority
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
        self.authority
            .chain()
            .map(sigstead_x509::Certificate::to_pem)
            .collect()
    }

    /// The same, DER.
    #[must_use]
    pub fn chain_der(&self) -> Vec<Vec<u8>> {
        self.authority
            .chain()
            .map(|certificate| certificate.to_der().to_vec())
            .collect()
    }

    pub(crate) fn check_chain(&self) -> Result<(), Error> {
        self.authority.verify_chain(self.clock.now())
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
