use std::sync::Arc;

use sigstead_identity::{Examination, Issuers, Principal};
use sigstead_issuance::IssuanceRecord;
use sigstead_kit::{Clock, Problem, causes};
use sigstead_signer::Signer;
use sigstead_x509::{Form, Validity};
use time::OffsetDateTime;

use crate::audit::RecordPolicy;
use crate::ct_log::CtLogs;
use crate::error::Error;
use crate::issuer_chain::IssuerChain;
use crate::key_policy::KeyPolicy;
use crate::metrics::Metrics;
use crate::under_way::UnderWay;
use crate::used_tokens::TokenUses;

/// The authority: its seams, and what is under way.
pub struct CertificateAuthority {
    parts: Parts,
    /// Issuances under way, which go on when nobody waits for them.
    under_way: UnderWay,
}

/// What an authority is made of.
pub struct Parts {
    /// Whose tokens are believed.
    pub issuers: Issuers,
    /// Which keys are certified.
    pub key_policy: KeyPolicy,
    /// The key that signs.
    pub signer: Arc<dyn Signer>,
    /// The certificate of that key and its issuers.
    pub chain: IssuerChain,
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
    /// Puts the parts together.
    ///
    /// # Errors
    /// The key is not the one of the chain.
    pub fn new(parts: Parts) -> Result<Self, Error> {
        parts.chain.check_key(parts.signer.public_key())?;
        let under_way = UnderWay::new(parts.most_under_way, &parts.metrics);
        Ok(Self { parts, under_way })
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
        self.parts.chain.check_covers(self.validity_at(now))?;
        let record = self.parts.record.check();
        record.map_err(|error| {
            let told = causes(&error);
            format!("{}: {told}", Problem::from(Error::Record(error)).code)
        })?;
        self.parts.ct_logs.check()
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

    /// A certificate that breaks the profile must not be signed: it cannot be taken back.
    pub(crate) fn lint(&self, tbs: &[u8], form: Form) -> Result<(), Error> {
        let issuer = self.parts.chain.issuer();
        sigstead_x509::lint_signing_certificate(tbs, issuer, form).map_err(Error::Profile)
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
