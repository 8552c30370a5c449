use std::sync::Arc;
use std::time::Duration;

use sigstead_identity::{Issuers, Principal};
use sigstead_key::PublicKey;
use sigstead_kit::Clock;
use sigstead_signer::Signer;
use sigstead_x509::{
    Certificate, LeafProfile, Precertificate, SerialNumber, TbsCertificate, Validity,
};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::audit::AuditEvent;
use crate::ct_log::{self, CtLogClient, VerifiedSct};
use crate::{Error, IssuerChain, KeyRequest, Metrics, ProvenKey};

/// The authority: its seams, and the verb.
pub struct CertificateAuthority {
    parts: Parts,
}

/// What an authority is made of.
pub struct Parts {
    /// Whose tokens are believed.
    pub issuers: Issuers,
    /// The key that signs.
    pub signer: Arc<dyn Signer>,
    /// The certificate of that key and its issuers.
    pub chain: IssuerChain,
    /// How long certificates are valid.
    pub certificate_lifetime: time::Duration,
    /// The log that every certificate is entered into.
    pub ct_log: Arc<dyn CtLogClient>,
    /// The key of that log.
    pub ct_log_key: PublicKey,
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
}

impl CertificateAuthority {
    /// Puts the parts together.
    ///
    /// # Errors
    /// The key is not the one of the chain.
    pub fn new(parts: Parts) -> Result<Self, Error> {
        parts.chain.check_key(parts.signer.public_key())?;
        Ok(Self { parts })
    }

    /// Issues a certificate (Fulcio specification §3). Returns it with its issuers, the root last.
    ///
    /// # Errors
    /// The request is refused, or a part of the authority or the CT log fails.
    pub async fn issue(&self, request: IssuanceRequest) -> Result<Vec<Certificate>, Error> {
        let now = self.parts.clock.now();
        let principal = self
            .parts
            .issuers
            .verify(&request.token, now)
            .await
            .map_err(Error::Token)?;
        let proven_key = request.key.prove_possession(&principal)?;
        let (tbs, audit) = self.lay_out(&principal, &proven_key, now)?;
        audit.record();
        let precertificate = self.sign_precertificate(tbs).await?;
        let sct = self.enter_into_log(&precertificate, now).await?;
        let certificate = self.sign_certificate(precertificate, sct).await?;
        audit.into_issued(&certificate).record();
        self.parts.metrics.certificate_issued();
        Ok(std::iter::once(certificate)
            .chain(self.parts.chain.certificates().cloned())
            .collect())
    }

    /// Whether the keys of at least one issuer are at hand.
    pub(crate) fn reaches_an_issuer(&self) -> bool {
        self.parts.issuers.check_reachable().is_ok()
    }

    /// Fetches the issuers' keys that are missing or old.
    pub(crate) async fn warm_issuers(&self) {
        self.parts.issuers.warm(self.parts.clock.now()).await;
    }

    /// Whether certificates can be issued as far as this process can tell: the authority outlives
    /// them, and tokens of at least one issuer can be verified.
    pub(crate) fn check_ready(&self) -> Result<(), String> {
        let now = self.parts.clock.now();
        let issuer = self.parts.chain.issuer();
        let validity = issuer.validity();
        if !validity.covers(now) || !validity.covers(now + self.parts.certificate_lifetime) {
            return Err(format!(
                "the authority's certificate is valid from {} to {}; install a new one",
                issuer.not_before(),
                issuer.not_after()
            ));
        }
        self.parts
            .issuers
            .check_reachable()
            .map_err(|failure| match failure {
                Some(failure) => format!(
                    "no issuer can be reached: {}",
                    sigstead_kit::causes(&failure)
                ),
                None => "no issuer was reached yet".to_owned(),
            })
    }

    /// The seams, for the faces that only read.
    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The profile, filled in. Begins at this second: clients compare with other clocks of the
    /// instance, which may be a moment behind.
    fn lay_out(
        &self,
        principal: &Principal,
        proven_key: &ProvenKey,
        now: OffsetDateTime,
    ) -> Result<(TbsCertificate, AuditEvent), Error> {
        let not_before = whole_second(now);
        let not_after = not_before + self.parts.certificate_lifetime;
        let validity = Validity {
            not_before,
            not_after,
        };
        let serial = random_serial()?;
        let audit = AuditEvent::intended(principal, proven_key, &serial, &validity);
        let profile = LeafProfile {
            issuer: self.parts.chain.issuer(),
            public_key: proven_key.public_key().clone(),
            san: principal.san().clone(),
            extensions: principal.extensions().clone(),
            validity,
            serial,
        };
        Ok((profile.tbs_certificate().map_err(Error::Profile)?, audit))
    }

    async fn sign_precertificate(&self, tbs: TbsCertificate) -> Result<Precertificate, Error> {
        let unsigned = tbs.to_sign_precertificate().map_err(Error::Profile)?;
        let signature = self.sign(unsigned.bytes_to_sign()).await?;
        unsigned
            .sign_with(signature)
            .map_err(Error::SignatureUnusable)
    }

    /// Asks the log, and believes its answer only as far as every client will.
    async fn enter_into_log(
        &self,
        precertificate: &Precertificate,
        issued_at: OffsetDateTime,
    ) -> Result<VerifiedSct, Error> {
        let issuers = self.parts.chain.certificates().map(Certificate::to_der);
        let chain: Vec<&[u8]> = std::iter::once(precertificate.to_der())
            .chain(issuers)
            .collect();
        let answer = timeout(CT_LOG_DEADLINE, self.parts.ct_log.add_pre_chain(&chain)).await;
        let sct = answer
            .unwrap_or(Err(ct_log::CtLogError::Late))
            .map_err(Error::CtLog)?;
        let window = ct_log::Window {
            not_before: whole_second(issued_at),
            not_after: self.parts.clock.now() + ALLOWED_SKEW,
        };
        let issuer = self.parts.chain.issuer();
        VerifiedSct::verify(sct, precertificate, issuer, &self.parts.ct_log_key, window)
            .map_err(Error::CtLog)
    }

    async fn sign_certificate(
        &self,
        precertificate: Precertificate,
        sct: VerifiedSct,
    ) -> Result<Certificate, Error> {
        let unsigned = precertificate
            .with_scts(&sct.into_list().map_err(Error::CtLog)?)
            .map_err(Error::Profile)?;
        let signature = self.sign(unsigned.bytes_to_sign()).await?;
        unsigned
            .sign_with(signature)
            .map_err(Error::SignatureUnusable)
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signing = timeout(SIGNING_DEADLINE, self.parts.signer.sign(message));
        signing
            .await
            .map_err(|_| Error::SigningLate)?
            .map_err(Error::Signing)
    }
}

fn whole_second(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

fn random_serial() -> Result<SerialNumber, Error> {
    let mut random = [0; 20];
    getrandom::fill(&mut random).map_err(|_| Error::Randomness)?;
    Ok(SerialNumber::from_random(random))
}

/// A key in a remote module answers well within this; JavaScript clients give up after five seconds.
const SIGNING_DEADLINE: Duration = Duration::from_secs(5);
/// The log's rounds are short; retries of an overloaded log are in it.
const CT_LOG_DEADLINE: Duration = Duration::from_secs(10);
/// How far the log's clock may run ahead of ours. Clients refuse certificates whose SCT lies in
/// their future.
const ALLOWED_SKEW: time::Duration = time::Duration::seconds(30);
