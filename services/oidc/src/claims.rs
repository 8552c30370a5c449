use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::error::Error;

/// The claims of a token (OpenID Connect Core §2), those of a person or of a workload.
#[derive(Debug, Serialize)]
pub(crate) struct Claims<'a> {
    pub(crate) iss: &'a str,
    pub(crate) sub: &'a str,
    /// A text, never a list: one of the official clients reads nothing else.
    pub(crate) aud: &'a str,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    /// Random, so that no two tokens are the same, also those of one second: some are good for one use.
    pub(crate) jti: String,
    #[serde(flatten)]
    pub(crate) holder: Holder<'a>,
}

/// What is claimed about the holder beyond the subject.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Holder<'a> {
    Person {
        email: &'a str,
        email_verified: bool,
        auth_time: i64,
        /// How the person showed who they are (RFC 8176), if the issuer saw it.
        #[serde(skip_serializing_if = "Option::is_none")]
        amr: Option<&'static [&'static str]>,
        /// Which class of authentication that was, if it was one that has a name.
        #[serde(skip_serializing_if = "Option::is_none")]
        acr: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        nonce: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        groups: Option<&'a BTreeSet<String>>,
        /// Whose word it is, if the account is elsewhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        federated_claims: Option<Federated<'a>>,
        #[serde(flatten)]
        claims: &'a BTreeMap<String, String>,
    },
    /// Without `email`: clients would sign it as the proof of possession, and the certificate
    /// authority expects the subject there.
    Workload {
        #[serde(flatten)]
        claims: &'a BTreeMap<String, String>,
        /// Who showed a token of another issuer for this one.
        #[serde(skip_serializing_if = "Option::is_none")]
        federated_claims: Option<Federated<'a>>,
    },
}

/// Who vouched for the holder, under the names that the certificate authority's setting `issuer-claim` is used with.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Federated<'a> {
    pub(crate) connector_id: &'a str,
    pub(crate) user_id: &'a str,
}

/// A token before its signature: `header.payload` in base64url (RFC 7515 §5.1).
pub(crate) struct SigningInput(String);

impl SigningInput {
    pub(crate) fn new(key_id: &str, claims: &Claims<'_>) -> Result<Self, Error> {
        let header = serde_json::json!({"alg": "RS256", "kid": key_id, "typ": "JWT"});
        let payload = serde_json::to_string(claims).map_err(Error::Encoding)?;
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let payload = URL_SAFE_NO_PAD.encode(readable_by_all(&payload));
        Ok(Self(format!("{header}.{payload}")))
    }

    pub(crate) fn bytes_to_sign(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(crate) fn sign_with(self, signature: &[u8]) -> IdToken {
        IdToken(format!("{}.{}", self.0, URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// A signed token.
#[derive(Clone, Serialize)]
pub(crate) struct IdToken(String);

/// The same JSON in ASCII and without `>`, `?`, `~` and DEL, all of which occur in strings only.
///
/// One of the official clients decodes the payload with the standard alphabet of base64. The two
/// alphabets differ in the values 62 and 63, and of all ASCII only these four characters, as the
/// third byte of a group, encode to them.
fn readable_by_all(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && !matches!(character, '>' | '?' | '~' | '\u{7f}') {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _written = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    use super::*;

    const NO_CLAIMS: &BTreeMap<String, String> = &BTreeMap::new();

    fn person<'a>(nonce: Option<&'a str>) -> Claims<'a> {
        Claims {
            iss: "http://localhost:8080",
            sub: "abc",
            aud: "sigstore",
            iat: 1_800_000_000,
            exp: 1_800_000_300,
            jti: "one".to_owned(),
            holder: Holder::Person {
                email: "alice@example.com",
                email_verified: true,
                auth_time: 1_799_999_000,
                amr: Some(&["pwd"]),
                acr: None,
                nonce,
                groups: None,
                federated_claims: None,
                claims: NO_CLAIMS,
            },
        }
    }

    fn payload(claims: &Claims<'_>) -> String {
        let input = SigningInput::new("k", claims).unwrap();
        input.0.split_once('.').unwrap().1.to_owned()
    }

    #[test]
    fn a_person_has_the_claims_that_clients_read() {
        let decoded = URL_SAFE_NO_PAD.decode(payload(&person(Some("n")))).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&decoded).unwrap();
        assert_eq!(
            claims,
            serde_json::json!({
                "iss": "http://localhost:8080", "sub": "abc", "aud": "sigstore",
                "iat": 1_800_000_000, "exp": 1_800_000_300, "jti": "one", "email": "alice@example.com",
                "email_verified": true, "auth_time": 1_799_999_000, "amr": ["pwd"],
                "nonce": "n",
            })
        );
    }

    #[test]
    fn a_workload_has_no_email() {
        let further = BTreeMap::from([("team".to_owned(), "release".to_owned())]);
        let claims = Claims {
            holder: Holder::Workload {
                claims: &further,
                federated_claims: None,
            },
            ..person(None)
        };
        let decoded = URL_SAFE_NO_PAD.decode(payload(&claims)).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&decoded).unwrap();
        let names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["aud", "exp", "iat", "iss", "jti", "sub", "team"]);
    }

    #[test]
    fn every_payload_reads_the_same_in_both_alphabets_of_base64() {
        for nonce in [
            "???>>>~~~",
            "\u{7f}\u{7f}\u{7f}",
            "äöü€😀",
            "\"\\\n",
            "a?b>c~d",
        ] {
            for padding in ["", "x", "xx"] {
                let nonce = format!("{padding}{nonce}");
                let payload = payload(&person(Some(&nonce)));
                assert!(!payload.contains(['-', '_']), "{nonce}");
                let decoded = STANDARD_NO_PAD.decode(&payload).unwrap();
                assert!(decoded.is_ascii());
                let claims: serde_json::Value = serde_json::from_slice(&decoded).unwrap();
                assert_eq!(claims["nonce"], *nonce);
            }
        }
    }
}
