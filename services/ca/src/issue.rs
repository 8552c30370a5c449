use std::sync::Arc;
use std::time::Duration;

use sigstead_identity::{Examination, Issuers, Principal};
use sigstead_issuance::{Issuance, IssuanceRecord, Outcome, Stage};
use sigstead_kit::Clock;
use sigstead_signer::Signer;
use sigstead_x509::{
    Certificate, Form, LeafProfile, Precertificate, PrecertificateTbs, SerialNumber,
    UnsignedCertificate, Validity,
};
use time::OffsetDateTime;
use tokio::time::{Instant, timeout};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::audit::{self, Intended, RecordPolicy, RequestOrigin, sha256};
use crate::ct_log::{CtLogs, Submission, VerifiedSct};
use crate::key_policy::KeyPolicy;
use crate::{Error, IssuerChain, KeyRequest, Metrics, ProvenKey};

/// The authority: its seams, and the verb.
pub struct CertificateAuthority {
    parts: Parts,
    /// Issuances under way, which go on when nobody waits for them.
    under_way: TaskTracker,
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
    /// Where issuances are recorded.
    pub record: Arc<dyn IssuanceRecord>,
    /// What of them.
    pub record_policy: RecordPolicy,
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
struct Draft {
    tbs: PrecertificateTbs,
    issuance: Issuance,
    deadline: Instant,
}

impl CertificateAuthority {
    /// Puts the parts together.
    ///
    /// # Errors
    /// The key is not the one of the chain.
    pub fn new(parts: Parts) -> Result<Self, Error> {
        parts.chain.check_key(parts.signer.public_key())?;
        Ok(Self {
            parts,
            under_way: TaskTracker::new(),
        })
    }

    /// Issues a certificate (Fulcio specification §3). Returns it with its issuers, the root last.
    ///
    /// From the record's first word on it goes on by itself: whether there will be a certificate does not depend on
    /// whether the caller waits for it.
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
        let draft = Draft {
            tbs,
            issuance,
            deadline,
        };
        let authority = Arc::clone(self);
        let carried_out = async move { authority.carry_out(draft).await }.in_current_span();
        let certificate = self
            .under_way
            .spawn(carried_out)
            .await
            .map_err(Error::Task)??;
        Ok(std::iter::once(certificate)
            .chain(self.parts.chain.certificates().iter().cloned())
            .collect())
    }

    /// Waits for the issuances under way, when no new ones come.
    pub(crate) async fn finish(&self) {
        self.under_way.close();
        self.under_way.wait().await;
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
        self.parts.ct_logs.check()
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
            .map_err(Error::Profile)?;
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

    fn validity_at(&self, now: OffsetDateTime) -> Validity {
        let issued = whole_second(now);
        Validity {
            not_before: issued - self.parts.backdate,
            not_after: issued + self.parts.certificate_lifetime,
        }
    }

    /// Signs what the record knows, and records what came of it. Nothing leaves that is not recorded.
    async fn carry_out(&self, draft: Draft) -> Result<Certificate, Error> {
        let Draft {
            tbs,
            mut issuance,
            deadline,
        } = draft;
        self.record(&issuance).await?;
        let certified = self.certify(tbs, &mut issuance, deadline).await;
        issuance.outcome = match &certified {
            Ok(_) => Outcome::Issued,
            Err(_) => Outcome::Failed,
        };
        issuance.failure = certified
            .as_ref()
            .err()
            .map(|error| sigstead_kit::causes(error));
        let recorded = self.record(&issuance).await;
        let certificate = certified?;
        recorded?;
        self.parts.metrics.certificate_issued();
        tracing::info!(
            issuance = issuance.id,
            serial = issuance.serial,
            "a certificate was issued"
        );
        Ok(certificate)
    }

    async fn record(&self, issuance: &Issuance) -> Result<(), Error> {
        self.parts
            .record
            .append(issuance)
            .await
            .map_err(Error::Record)
    }

    async fn certify(
        &self,
        tbs: PrecertificateTbs,
        issuance: &mut Issuance,
        deadline: Instant,
    ) -> Result<Certificate, Error> {
        if self.parts.ct_logs.is_empty() {
            let unsigned = tbs.to_sign_unlogged().map_err(Error::Profile)?;
            issuance.stage = Stage::Certificate;
            return self
                .sign_certificate(unsigned, Form::Unlogged, issuance, deadline)
                .await;
        }
        let signature = self.sign(tbs.bytes_to_sign(), deadline).await?;
        let precertificate = tbs.sign_with(signature).map_err(Error::SignatureUnusable)?;
        issuance.precertificate_sha256 = Some(sha256(precertificate.to_der()));
        issuance.stage = Stage::Log;
        // It is written while the log is asked: nobody waits for it, and after a crash it tells what may be in the log.
        drop(self.parts.record.append(issuance));
        let sct = self
            .enter_into_log(&precertificate, issuance, deadline)
            .await?;
        issuance.logged = Some(audit::logged(&sct));
        issuance.stage = Stage::Certificate;
        let list = sct.into_list().map_err(Error::CtLog)?;
        let unsigned = precertificate.with_scts(&list).map_err(Error::Profile)?;
        self.sign_certificate(unsigned, Form::Logged, issuance, deadline)
            .await
    }

    /// Asks the logs, and believes the answer only as far as every client will.
    async fn enter_into_log(
        &self,
        precertificate: &Precertificate,
        issuance: &Issuance,
        deadline: Instant,
    ) -> Result<VerifiedSct, Error> {
        let submission = Submission {
            precertificate,
            chain: self.parts.chain.certificates(),
            not_before: issuance.not_before,
            not_after: issuance.not_after,
            deadline,
        };
        self.parts
            .ct_logs
            .submit(&submission, &*self.parts.clock)
            .await
            .map_err(Error::CtLog)
    }

    async fn sign_certificate(
        &self,
        unsigned: UnsignedCertificate,
        form: Form,
        issuance: &mut Issuance,
        deadline: Instant,
    ) -> Result<Certificate, Error> {
        self.lint(unsigned.bytes_to_sign(), form)?;
        let signature = self.sign(unsigned.bytes_to_sign(), deadline).await?;
        let certificate = unsigned
            .sign_with(signature)
            .map_err(Error::SignatureUnusable)?;
        // Of what is handed out, not of what was meant to be.
        self.lint(certificate.tbs_der(), form)?;
        issuance.certificate_sha256 = Some(sha256(certificate.to_der()));
        issuance.stage = Stage::Answer;
        Ok(certificate)
    }

    /// A certificate that breaks the profile must not be signed: it cannot be taken back.
    fn lint(&self, tbs: &[u8], form: Form) -> Result<(), Error> {
        let issuer = self.parts.chain.issuer();
        sigstead_x509::lint_signing_certificate(tbs, issuer, form).map_err(Error::Profile)
    }

    async fn sign(&self, message: &[u8], deadline: Instant) -> Result<Vec<u8>, Error> {
        let left = deadline.saturating_duration_since(Instant::now());
        let signing = timeout(left, self.parts.signer.sign(message));
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

/// From the request to the answer: JavaScript clients give up after five seconds.
const ISSUANCE_TIME: Duration = Duration::from_millis(4_800);
