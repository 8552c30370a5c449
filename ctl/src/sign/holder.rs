//! Who signs: a token, and a key for once.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use sigstead_verify::{Pattern, Policy};
use sigstead_x509::Certificate;
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::http;
use crate::token_source::token_malformed;

/// Somebody with a token.
pub(crate) struct Holder {
    pub(crate) token: String,
    /// What the proof of possession is over.
    pub(crate) subject: String,
    pub(crate) key: Arc<dyn Signer>,
}

/// The answer of `POST /api/v2/signingCert`.
#[derive(Deserialize)]
struct SigningCertificate {
    #[serde(rename = "signedCertificateEmbeddedSct")]
    with_sct: Option<Issued>,
    /// From an authority that was told to do without a log.
    #[serde(rename = "signedCertificateDetachedSct")]
    without_sct: Option<Issued>,
}

#[derive(Deserialize)]
struct Issued {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

impl Holder {
    pub(crate) fn open(token: String) -> Result<Self, Failure> {
        let key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256)
            .map_err(|error| key_failed(&error))?;
        Ok(Self {
            subject: subject_of(&token).ok_or_else(token_malformed)?,
            token,
            key,
        })
    }

    /// What a verifier asks for who wants the signature of this holder; `issuer` is who vouched, if the token does not say.
    pub(crate) fn policy(&self, issuer: &str) -> Result<Policy, Failure> {
        let issuer = claim(&self.token, "iss").unwrap_or_else(|| issuer.to_owned());
        // A person is certified by the address; what builds and workloads are called, the authority makes of their claims.
        let identity = match claim(&self.token, "email") {
            Some(address) => Pattern::exactly(&address),
            None => Pattern::matching(".+").map_err(|error| token_malformed().because(error))?,
        };
        let identities = vec![(identity, Pattern::exactly(&issuer))];
        Ok(Policy::any_identity(identities))
    }

    pub(crate) async fn certificate(
        &self,
        client: &Client,
        base: &str,
    ) -> Result<Certificate, Failure> {
        let proof = self.key.sign(self.subject.as_bytes()).await;
        let proof = proof.map_err(|error| key_failed(&error))?;
        let request = json!({
            "credentials": {"oidcIdentityToken": self.token},
            "publicKeyRequest": {
                "publicKey": {"algorithm": "ECDSA", "content": self.key.public_key().to_pem()},
                "proofOfPossession": STANDARD.encode(proof),
            },
        });
        let url = format!("{base}/api/v2/signingCert");
        let answer = client.post(&url).json(&request).send().await;
        let answer: SigningCertificate = http::json("ca", &url, answer).await?;
        let issued = answer.with_sct.or(answer.without_sct);
        let chain = issued.map(|issued| issued.chain.certificates);
        let chain = chain.unwrap_or_default();
        let leaf = chain.first().map(String::as_str).unwrap_or_default();
        Certificate::from_pem(leaf).map_err(|error| Failure::service("ca", &url, error))
    }
}

/// When a token ends, if it says so.
pub(crate) fn expiry(token: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(claims(token)?.get("exp")?.as_i64()?).ok()
}

/// The name that clients sign: the e-mail address if the token has one, else the subject.
fn subject_of(token: &str) -> Option<String> {
    claim(token, "email").or_else(|| claim(token, "sub"))
}

pub(crate) fn claim(token: &str, name: &str) -> Option<String> {
    Some(claims(token)?.get(name)?.as_str()?.to_owned())
}

fn claims(token: &str) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

pub(crate) fn key_failed(error: &sigstead_signer::Error) -> Failure {
    Failure::new(
        "E-CTL-011",
        "the key for this signature failed",
        "try again",
    )
    .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &Value) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn possession_is_proven_over_the_email_and_without_one_over_the_subject() {
        let person = token(&json!({"sub": "s", "email": "a@example.com"}));
        assert_eq!(subject_of(&person).as_deref(), Some("a@example.com"));
        assert_eq!(
            subject_of(&token(&json!({"sub": "s"}))).as_deref(),
            Some("s")
        );
    }

    #[test]
    fn what_is_not_a_token_has_no_subject() {
        for malformed in [
            "",
            "a.b.c",
            "e30",
            &token(&json!({"sub": 1})),
            &token(&json!([])),
        ] {
            assert_eq!(subject_of(malformed), None, "{malformed}");
        }
    }
}
