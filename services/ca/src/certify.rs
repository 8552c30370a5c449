//! What follows the record's first word: the use of a token that is good once, signatures, the CT log, and the record's last
//! word.

use std::sync::Arc;
use std::time::Duration;

use sigstead_issuance::{Issuance, Outcome, Stage, TokenUse};
use sigstead_x509::{Certificate, Form, Precertificate, PrecertificateTbs, UnsignedCertificate};
use time::OffsetDateTime;
use tokio::time::{Instant, timeout, timeout_at};

use crate::audit::{self, sha256};
use crate::authority::CertificateAuthority;
use crate::ct_log::{Submission, VerifiedSct};
use crate::error::Error;
use crate::ring::IssuingKey;

/// A certificate that may be issued, and what the record says of it.
pub(crate) struct Draft {
    /// The key that issues it.
    pub(crate) issuer: Arc<IssuingKey>,
    pub(crate) tbs: PrecertificateTbs,
    pub(crate) issuance: Issuance,
    /// The token, if it is good for one certificate.
    pub(crate) token: Option<TokenUse>,
    pub(crate) deadline: Instant,
}

impl CertificateAuthority {
    /// Signs what the record knows, and records what came of it. Nothing leaves that is not recorded.
    pub(crate) async fn carry_out(&self, draft: Draft) -> Result<Certificate, Error> {
        let Draft {
            issuer,
            tbs,
            mut issuance,
            token,
            deadline,
        } = draft;
        if let Err(error) = self.record(&issuance, deadline).await {
            return Err(self.withdraw(issuance, error));
        }
        let certified = match self.take(token.as_ref(), issuance.time, deadline).await {
            Ok(()) => self.certify(&issuer, tbs, &mut issuance, deadline).await,
            Err(error) => Err(error),
        };
        if let (Some(token), Err(error)) = (&token, &certified) {
            self.give_back(token, &issuance, error);
        }
        issuance.outcome = match &certified {
            Ok(_) => Outcome::Issued,
            Err(_) => Outcome::Failed,
        };
        issuance.failure = certified
            .as_ref()
            .err()
            .map(|error| sigstead_kit::causes(error));
        let last = deadline.max(Instant::now() + LAST_WORD);
        let recorded = self.record(&issuance, last).await;
        let certificate = certified?;
        recorded?;
        self.parts().metrics.certificate_issued();
        tracing::info!(
            issuance = issuance.id,
            serial = issuance.serial,
            "a certificate was issued"
        );
        Ok(certificate)
    }

    /// Takes the token into use. The record knows of it by now, so that it tells of every token that is used up.
    async fn take(
        &self,
        token: Option<&TokenUse>,
        now: OffsetDateTime,
        deadline: Instant,
    ) -> Result<(), Error> {
        let Some(token) = token else {
            return Ok(());
        };
        let taken = timeout_at(deadline, self.parts().token_uses.take(token, now)).await;
        let taken = taken.map_err(|_| Error::TokenUseLate);
        match taken.and_then(|taken| taken.map_err(Error::TokenUses)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::TokenUsed),
            Err(error) => Err(self.put_off(error)),
        }
    }

    /// Gives a token back of which no signature came, so that a caller who is told to come again may. Whether a log has what
    /// was signed, nobody knows for sure, so that a token stays used up from the first signature on.
    fn give_back(&self, token: &TokenUse, issuance: &Issuance, error: &Error) {
        let is_unsigned = matches!(
            error,
            Error::TokenUses(_) | Error::TokenUseLate | Error::Signing(_) | Error::SigningLate
        );
        if is_unsigned && issuance.precertificate_sha256.is_none() {
            self.parts().token_uses.give_back(token);
        }
    }

    /// Makes a state durable, if the record does so in time. What it still does after that is over-reported and never
    /// under-reported: it may know of a certificate that nobody was given.
    async fn record(&self, issuance: &Issuance, deadline: Instant) -> Result<(), Error> {
        let recorded = timeout_at(deadline, self.parts().record.append(issuance)).await;
        let recorded = recorded.map_err(|_| Error::RecordLate);
        let recorded = recorded.and_then(|recorded| recorded.map_err(Error::Record));
        recorded.map_err(|error| self.put_off(error))
    }

    /// Ends an issuance whose first state was not durable in time. That state may yet be written, and must not stay open.
    fn withdraw(&self, issuance: Issuance, error: Error) -> Error {
        if matches!(error, Error::RecordLate) {
            let ended = Issuance {
                outcome: Outcome::Failed,
                failure: Some(error.to_string()),
                ..issuance
            };
            self.parts().record.note(&ended);
        }
        error
    }

    async fn certify(
        &self,
        issuer: &IssuingKey,
        tbs: PrecertificateTbs,
        issuance: &mut Issuance,
        deadline: Instant,
    ) -> Result<Certificate, Error> {
        if self.parts().ct_logs.is_empty() {
            let unsigned = tbs.to_sign_unlogged().map_err(Error::Profile)?;
            issuance.stage = Stage::Certificate;
            return self
                .sign_certificate(issuer, (unsigned, Form::Unlogged), issuance, deadline)
                .await;
        }
        let signature = sign(issuer, tbs.bytes_to_sign(), deadline).await?;
        let precertificate = tbs.sign_with(signature).map_err(Error::SignatureUnusable)?;
        issuance.precertificate_sha256 = Some(sha256(precertificate.to_der()));
        issuance.stage = Stage::Log;
        // It is written while the log is asked: nobody waits for it, and after a crash it tells what may be in the log.
        self.parts().record.note(issuance);
        let sct = self
            .enter_into_log(issuer, &precertificate, issuance, deadline)
            .await?;
        issuance.logged = Some(audit::logged(&sct));
        issuance.stage = Stage::Certificate;
        let list = sct.into_list().map_err(Error::CtLog)?;
        let unsigned = precertificate.with_scts(&list).map_err(Error::Profile)?;
        self.sign_certificate(issuer, (unsigned, Form::Logged), issuance, deadline)
            .await
    }

    /// Asks the logs, and believes the answer only as far as every client will.
    async fn enter_into_log(
        &self,
        issuer: &IssuingKey,
        precertificate: &Precertificate,
        issuance: &Issuance,
        deadline: Instant,
    ) -> Result<VerifiedSct, Error> {
        let submission = Submission {
            precertificate,
            chain: issuer.chain().certificates(),
            not_before: issuance.not_before,
            not_after: issuance.not_after,
            deadline,
        };
        self.parts()
            .ct_logs
            .submit(&submission, &*self.parts().clock)
            .await
            .map_err(Error::CtLog)
    }

    async fn sign_certificate(
        &self,
        issuer: &IssuingKey,
        (unsigned, form): (UnsignedCertificate, Form),
        issuance: &mut Issuance,
        deadline: Instant,
    ) -> Result<Certificate, Error> {
        issuer.lint(unsigned.bytes_to_sign(), form)?;
        let linted = unsigned.bytes_to_sign().to_vec();
        let signature = sign(issuer, &linted, deadline).await?;
        let certificate = unsigned
            .sign_with(signature)
            .map_err(Error::SignatureUnusable)?;
        // Of what is handed out, not of what was meant to be.
        if certificate.tbs_der() != linted {
            issuer.lint(certificate.tbs_der(), form)?;
        }
        issuance.certificate_sha256 = Some(sha256(certificate.to_der()));
        issuance.stage = Stage::Answer;
        Ok(certificate)
    }
}

async fn sign(issuer: &IssuingKey, message: &[u8], deadline: Instant) -> Result<Vec<u8>, Error> {
    let left = deadline.saturating_duration_since(Instant::now());
    let signing = timeout(left, issuer.signer().sign(message));
    signing
        .await
        .map_err(|_| Error::SigningLate)?
        .map_err(Error::Signing)
}

/// A certificate that is signed is worth waiting for so long, also when the request's time is over.
const LAST_WORD: Duration = Duration::from_millis(500);
