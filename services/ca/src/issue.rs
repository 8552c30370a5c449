use std::sync::Arc;
use std::time::Duration;

use sigstead_identity::{Examination, Issuers, Principal};
use sigstead_issuance::{Issuance, IssuanceRecord, TokenUse};
use sigstead_kit::{Clock, Problem, causes};
use sigstead_signer::Signer;
use sigstead_x509::{Certificate, Form, LeafProfile, PrecertificateTbs, SerialNumber, Validity};
use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::Instrument;

use crate::audit::{Intended, RecordPolicy, RequestOrigin};
use crate::ct_log::CtLogs;
use crate::error::Error;
use crate::issuer_chain::IssuerChain;
use crate::key_policy::KeyPolicy;
use crate::key_request::{KeyRequest, ProvenKey};
use crate::metrics::Metrics;
use crate::under_way::UnderWay;
use crate::used_tokens::TokenUses;

/// The authority: its seams, and the verb.
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

/// A request that is well formed; nothing in it is believed yet.
pub struct IssuanceRequest {
    /// The identity token.
    pub token: String,
    /// The key to certify.
    pub key: KeyRequest,
    /// Where it came from.
    pub origin: RequestOrigin,
}

/// A certificate that may be issued, and what the record says of it.
pub(crate) struct Draft {
    pub(crate) tbs: PrecertificateTbs,
    pub(crate) issuance: Issuance,
    /// The token, if it is good for one certificate.
    pub(crate) token: Option<TokenUse>,
    pub(crate) deadline: Instant,
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

    /// Issues a certificate (Fulcio specification §3). Returns it with its issuers, the root last.
    ///
    /// From the record's first word on it goes on by itself: whether there will be a certificate does not depend on
    /// whether the caller waits for it. What can be refused without the disk is refused before that word, in the order
    /// token, proof of possession, key, name, profile, and only then what is the authority's own trouble.
    ///
    /// # Errors
    /// The request is refused, or a part of the authority or the CT log fails.
    pub async fn issue(
        self: &Arc<Self>,
        request: IssuanceRequest,
    ) -> Result<Vec<Certificate>, Error> {
        let deadline = Instant::now() + ISSUANCE_TIME;
        let now = self.parts.clock.now();
        let principal = self
            .parts
            .issuers
            .verify(&request.token, now)
            .await
            .map_err(Error::Token)?;
        let proven_key = request.key.prove_possession(&principal)?;
        self.parts.key_policy.check(proven_key.public_key())?;
        let (tbs, issuance) =
            self.lay_out(&request.token, request.origin, &principal, &proven_key, now)?;
        let token = use_of(&principal, &issuance);
        self.check_open(&issuance, token.as_ref(), deadline)?;
        let place = self.under_way.enter()?;
        let draft = Draft {
            tbs,
            issuance,
            token,
            deadline,
        };
        let authority = Arc::clone(self);
        let carried_out = async move { authority.carry_out(draft).await }.in_current_span();
        let certificate = self
            .under_way
            .spawn(place, carried_out)
            .await
            .map_err(Error::Task)??;
        Ok(std::iter::once(certificate)
            .chain(self.parts.chain.certificates().iter().cloned())
            .collect())
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

    /// Refuses what would fail behind the record's first word, as far as that is known: nothing is written for it.
    fn check_open(
        &self,
        issuance: &Issuance,
        token: Option<&TokenUse>,
        deadline: Instant,
    ) -> Result<(), Error> {
        let record = self.parts.record.check();
        record.map_err(|error| self.put_off(Error::Record(error)))?;
        if token.is_some() {
            let uses = self.parts.token_uses.check();
            uses.map_err(|error| self.put_off(Error::TokenUses(error)))?;
        }
        let logs = self.parts.ct_logs.check_open(issuance.not_after, deadline);
        logs.map_err(Error::CtLog)
    }

    /// The seams, for the faces that only read.
    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The profile, filled in. Begins at this second, or so long before it as the operator says: clients compare with
    /// other clocks of the instance, which may be a moment behind.
    fn lay_out(
        &self,
        token: &str,
        origin: RequestOrigin,
        principal: &Principal,
        proven_key: &ProvenKey,
        now: OffsetDateTime,
    ) -> Result<(PrecertificateTbs, Issuance), Error> {
        let validity = self.validity_at(now);
        self.parts
            .chain
            .check_covers(validity)
            .map_err(Error::ChainOver)?;
        let serial = random_serial()?;
        let san = principal.san();
        san.check_permitted(self.parts.chain.certificates())
            .map_err(|error| match error {
                sigstead_x509::Error::NameConstrained => Error::IdentityConstrained(error),
                other => Error::Profile(other),
            })?;
        let profile = LeafProfile {
            issuer: self.parts.chain.issuer(),
            public_key: proven_key.public_key().clone(),
            san: san.clone(),
            extensions: principal.extensions().clone(),
            validity,
            serial,
        };
        let tbs = profile.tbs_certificate().map_err(Error::Profile)?;
        let precertificate = tbs.to_sign_precertificate().map_err(Error::Profile)?;
        self.lint(precertificate.bytes_to_sign(), Form::Precertificate)?;
        let issuance = self.parts.record_policy.intended(Intended {
            token,
            origin,
            principal,
            key: proven_key,
            serial: &serial,
            validity,
            authority: self.parts.chain.issuer(),
            precertificate: &precertificate,
            time: now,
        })?;
        Ok((precertificate, issuance))
    }

    /// A certificate that breaks the profile must not be signed: it cannot be taken back.
    pub(crate) fn lint(&self, tbs: &[u8], form: Form) -> Result<(), Error> {
        let issuer = self.parts.chain.issuer();
        sigstead_x509::lint_signing_certificate(tbs, issuer, form).map_err(Error::Profile)
    }

    fn validity_at(&self, now: OffsetDateTime) -> Validity {
        let issued = whole_second(now);
        Validity {
            not_before: issued - self.parts.backdate,
            not_after: issued + self.parts.certificate_lifetime,
        }
    }
}

fn use_of(principal: &Principal, issuance: &Issuance) -> Option<TokenUse> {
    principal.single_use().map(|token| TokenUse {
        digest: token.digest,
        until: token.until,
        issuer: issuance.issuer.clone(),
        by: issuance.id.clone(),
    })
}

fn whole_second(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

fn random_serial() -> Result<SerialNumber, Error> {
    let mut random = [0; 20];
    getrandom::fill(&mut random).map_err(|_| Error::Randomness)?;
    Ok(SerialNumber::from_random(random))
}

/// From the request to the answer: JavaScript clients give up after five seconds.
const ISSUANCE_TIME: Duration = Duration::from_millis(4_800);
