use std::sync::Arc;

use arc_swap::ArcSwap;
use sigstead_identity::{Examination, Issuers, Principal};
use sigstead_issuance::IssuanceRecord;
use sigstead_key::PublicKey;
use sigstead_kit::{Clock, Problem, causes};
use sigstead_x509::Validity;
use time::OffsetDateTime;

use crate::audit::RecordPolicy;
use crate::ct_log::CtLogs;
use crate::error::Error;
use crate::key_policy::KeyPolicy;
use crate::metrics::Metrics;
use crate::ring::{IssuingKey, KeyRing};
use crate::under_way::UnderWay;
use crate::used_tokens::TokenUses;

/// The authority: its seams, and what is under way.
pub struct CertificateAuthority {
    parts: Parts,
    /// The keys that issue, and their chains.
    keys: ArcSwap<KeyRing>,
    /// Issuances under way, which go on when nobody waits for them.
    under_way: UnderWay,
}

/// What an authority is made of.
pub struct Parts {
    /// Whose tokens are believed.
    pub issuers: Issuers,
    /// Which keys are certified.
    pub key_policy: KeyPolicy,
    /// How long certificates are valid.
    pub certificate_lifetime: time::Duration,
    /// How long before their issuance they begin to be valid.
    pub backdate: time::Duration,
    /// The logs, one of which every certificate is entered into.
    pub ct_logs: CtLogs,
    /// How many certificates may be under way at a time, those included that nobody waits for any more.
    pub most_under_way: usize,
    /// Where issuances are recorded.
    pub record: Arc<dyn IssuanceRecord>,
    /// What of them.
    pub record_policy: RecordPolicy,
    /// Which tokens were used that are good for one certificate.
    pub token_uses: Arc<dyn TokenUses>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What is measured.
    pub metrics: Metrics,
}

impl CertificateAuthority {
    /// Puts keys and parts together.
    #[must_use]
    pub fn new(keys: KeyRing, parts: Parts) -> Self {
        let under_way = UnderWay::new(parts.most_under_way, &parts.metrics);
        Self {
            parts,
            keys: ArcSwap::from_pointee(keys),
            under_way,
        }
    }

    /// The key that issues at `now`. A request takes it once, so that all of its certificate is of one key.
    pub(crate) fn key_at(&self, now: OffsetDateTime) -> Arc<IssuingKey> {
        Arc::clone(&self.keys.load().at(now).key)
    }

    /// The keys, and from when on the one of them issues that issues now.
    pub(crate) fn keys(&self) -> (Arc<KeyRing>, Option<OffsetDateTime>) {
        let keys = self.keys.load_full();
        let issuing = keys.at(self.parts.clock.now()).from;
        (keys, issuing)
    }

    /// Takes other keys into use.
    pub(crate) fn take_keys(&self, keys: KeyRing) {
        self.keys.store(Arc::new(keys));
    }

    /// Refuses a key of this instance: who has it could else sign artifacts in somebody's name with it.
    pub(crate) fn check_key(&self, key: &PublicKey) -> Result<(), Error> {
        self.parts.key_policy.check(key)?;
        let is_of_instance = self.keys.load().has(key) || self.parts.ct_logs.keys().contains(key);
        match is_of_instance {
            true => Err(Error::KeyOfInstance),
            false => Ok(()),
        }
    }

    /// The seams, for what is done with them.
    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The issuances that are carried out.
    pub(crate) fn under_way(&self) -> &UnderWay {
        &self.under_way
    }

    /// Waits for the issuances under way, when no new ones come.
    pub(crate) async fn finish(&self) {
        self.under_way.finish().await;
    }

    /// How far a token comes, and why no further. Nothing is issued.
    pub(crate) async fn examine(
        &self,
        token: &str,
    ) -> (Examination, Result<Principal, sigstead_identity::Error>) {
        let now = self.parts.clock.now();
        self.parts.issuers.explain(token, now).await
    }

    /// Whether a token is used up, if it is good for one certificate. It is not taken into use.
    pub(crate) async fn examine_use(&self, principal: &Principal) -> Option<Result<(), Error>> {
        let token = principal.single_use()?;
        let used = self.parts.token_uses.is_used(token.digest).await;
        Some(match used {
            Ok(false) => Ok(()),
            Ok(true) => Err(Error::TokenUsed),
            Err(error) => Err(Error::TokenUses(error)),
        })
    }

    /// Whether certificates can be issued as far as this process can tell: the authority outlives
    /// them. An issuer that is down is no reason: it is down for its own tokens only.
    pub(crate) fn check_ready(&self) -> Result<(), String> {
        let now = self.parts.clock.now();
        let key = self.key_at(now);
        key.chain().check_covers(self.validity_at(now))?;
        let record = self.parts.record.check();
        record.map_err(|error| {
            let told = causes(&error);
            format!("{}: {told}", Problem::from(Error::Record(error)).code)
        })?;
        self.parts.ct_logs.check()
    }

    /// Whether the key of now signs.
    pub(crate) async fn prove_key(&self) -> Result<(), String> {
        let key = self.key_at(self.parts.clock.now());
        let proven = sigstead_signer::prove(key.signer()).await;
        proven.map_err(|error| sigstead_kit::key_is_away(&error))
    }

    /// Why tokens that are good for one certificate get none. It is no reason not to be ready for others.
    pub(crate) fn token_uses_complaint(&self) -> Option<String> {
        let error = self.parts.token_uses.check().err()?;
        let told = causes(&error);
        let code = Problem::from(Error::TokenUses(error)).code;
        Some(format!(
            "tokens of issuers with `single-use` are answered with 503: {code}: {told}"
        ))
    }

    /// Counts a request that was good and is answered with "come again".
    pub(crate) fn put_off(&self, error: Error) -> Error {
        self.parts().metrics.put_off(&error);
        error
    }

    pub(crate) fn validity_at(&self, now: OffsetDateTime) -> Validity {
        let issued = whole_second(now);
        Validity {
            not_before: issued - self.parts.backdate,
            not_after: issued + self.parts.certificate_lifetime,
        }
    }
}

fn whole_second(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}
