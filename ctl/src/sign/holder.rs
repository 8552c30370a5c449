//! Who signs: a token, and a key for once.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use sigstead_x509::Certificate;

use crate::failure::Failure;
use crate::http;

/// Somebody with a token.
pub(super) struct Holder {
    pub(super) token: String,
    /// What the proof of possession is over.
    pub(super) subject: String,
    pub(super) key: Arc<dyn Signer>,
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
    pub(super) fn open(token: String) -> Result<Self, Failure> {
        let key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256)
            .map_err(|error| key_failed(&error))?;
        Ok(Self {
            subject: subject_of(&token).ok_or_else(token_malformed)?,
            token,
            key,
        })
    }

    pub(super) async fn certificate(
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

/// The name that clients sign: the e-mail address if the token has one, else the subject.
fn subject_of(token: &str) -> Option<String> {
    claim(token, "email").or_else(|| claim(token, "sub"))
}

pub(super) fn claim(token: &str, name: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    Some(claims.get(name)?.as_str()?.to_owned())
}

pub(super) fn token_malformed() -> Failure {
    Failure::new(
        "E-CTL-012",
        "the identity token is not a JWT with an email or sub claim",
        "pass the id_token that the issuer answered, whole",
    )
}

pub(super) fn key_failed(error: &sigstead_signer::Error) -> Failure {
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
