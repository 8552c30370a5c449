use std::sync::Arc;
use std::time::Duration;

use sigstead_identity::Principal;
use sigstead_issuance::{Issuance, TokenUse};
use sigstead_x509::{
    Certificate, Form, LeafProfile, PrecertificateTbs, SerialNumber, check_permitted,
};
use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::Instrument;

use crate::audit::{Intended, RequestOrigin};
use crate::authority::CertificateAuthority;
use crate::certify::Draft;
use crate::error::Error;
use crate::key_request::{KeyRequest, ProvenKey};
use crate::ring::IssuingKey;

/// A request that is well formed; nothing in it is believed yet.
pub struct IssuanceRequest {
    /// The identity token.
    pub token: String,
    /// The key to certify.
    pub key: KeyRequest,
    /// Where it came from.
    pub origin: RequestOrigin,
}

/// Whom a certificate is for, which is believed by now.
struct Subject<'a> {
    token: &'a str,
    principal: &'a Principal,
    key: &'a ProvenKey,
}

impl CertificateAuthority {
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
        let now = self.parts().clock.now();
        let principal = self
            .parts()
            .issuers
            .verify(&request.token, now)
            .await
            .map_err(Error::Token)?;
        let proven_key = request.key.prove_possession(&principal)?;
        self.check_key(proven_key.public_key())?;
        let issuer = self.key_at(now);
        let subject = Subject {
            token: &request.token,
            principal: &principal,
            key: &proven_key,
        };
        let (tbs, issuance) = self.lay_out(&issuer, &subject, request.origin, now)?;
        let token = use_of(&principal, &issuance);
        self.check_open(&issuance, token.as_ref(), deadline)?;
        let place = self.under_way().enter()?;
        let draft = Draft {
            issuer: Arc::clone(&issuer),
            tbs,
            issuance,
            token,
            deadline,
        };
        let authority = Arc::clone(self);
        let carried_out = async move { authority.carry_out(draft).await }.in_current_span();
        let certificate = self
            .under_way()
            .spawn(place, carried_out)
            .await
            .map_err(Error::Task)??;
        Ok(std::iter::once(certificate)
            .chain(issuer.chain().certificates().iter().cloned())
            .collect())
    }

    /// Refuses what would fail behind the record's first word, as far as that is known: nothing is written for it.
    fn check_open(
        &self,
        issuance: &Issuance,
        token: Option<&TokenUse>,
        deadline: Instant,
    ) -> Result<(), Error> {
        let record = self.parts().record.check();
        record.map_err(|error| self.put_off(Error::Record(error)))?;
        if token.is_some() {
            let uses = self.parts().token_uses.check();
            uses.map_err(|error| self.put_off(Error::TokenUses(error)))?;
        }
        let logs = self
            .parts()
            .ct_logs
            .check_open(issuance.not_after, deadline);
        logs.map_err(Error::CtLog)
    }

    /// The profile, filled in. Begins at this second, or so long before it as the operator says: clients compare with
    /// other clocks of the instance, which may be a moment behind.
    fn lay_out(
        &self,
        issuer: &IssuingKey,
        subject: &Subject<'_>,
        origin: RequestOrigin,
        now: OffsetDateTime,
    ) -> Result<(PrecertificateTbs, Issuance), Error> {
        let validity = self.validity_at(now);
        let chain = issuer.chain();
        chain.check_covers(validity).map_err(Error::ChainOver)?;
        let serial = random_serial()?;
        let san = subject.principal.san();
        check_permitted(san, chain.certificates()).map_err(|error| match error {
            sigstead_x509::Error::NameConstrained => Error::IdentityConstrained(error),
            other => Error::Profile(other),
        })?;
        let profile = LeafProfile {
            issuer: chain.issuer(),
            public_key: subject.key.public_key().clone(),
            san: san.clone(),
            extensions: subject.principal.extensions().clone(),
            validity,
            serial,
        };
        let tbs = profile.tbs_certificate().map_err(Error::Profile)?;
        let precertificate = tbs.to_sign_precertificate().map_err(Error::Profile)?;
        issuer.lint(precertificate.bytes_to_sign(), Form::Precertificate)?;
        let issuance = self.parts().record_policy.intended(Intended {
            token: subject.token,
            origin,
            principal: subject.principal,
            key: subject.key,
            serial: &serial,
            validity,
            authority: chain.issuer(),
            precertificate: &precertificate,
            time: now,
        })?;
        Ok((precertificate, issuance))
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

fn random_serial() -> Result<SerialNumber, Error> {
    let mut random = [0; 20];
    getrandom::fill(&mut random).map_err(|_| Error::Randomness)?;
    Ok(SerialNumber::from_random(random))
}

/// From the request to the answer: JavaScript clients give up after five seconds.
const ISSUANCE_TIME: Duration = Duration::from_millis(4_800);
