use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use crate::Error;

/// The claims of a token, OpenID Connect Core §2. Whether they are true shows elsewhere.
#[derive(Debug)]
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(json)
            .map(Self)
            .map_err(|_| Error::TokenMalformed("the payload is not a json object"))
    }

    /// A claim that is a text and not empty.
    pub(crate) fn text(&self, claim: &'static str) -> Result<&str, Error> {
        match self.0.get(claim) {
            None | Some(Value::Null) => Err(Error::ClaimMissing {
                claim: claim.to_owned(),
            }),
            Some(Value::String(text)) if text.is_empty() => Err(Error::ClaimInvalid {
                claim,
                reason: "is empty",
            }),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Error::ClaimInvalid {
                claim,
                reason: "is not a text",
            }),
        }
    }

    pub(crate) fn at_path(&self, path: &ClaimPath<'_>) -> Result<&str, Error> {
        let mut names = path.0.split('.');
        let first = names.next().and_then(|name| self.0.get(name));
        let found = names.fold(first, |value, name| value.and_then(|value| value.get(name)));
        match found {
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            _ => Err(Error::ClaimMissing {
                claim: format!("$.{}", path.0),
            }),
        }
    }

    /// Some issuers write the truth as a text.
    pub(crate) fn is_email_verified(&self) -> bool {
        match self.0.get("email_verified") {
            Some(Value::Bool(verified)) => *verified,
            Some(Value::String(text)) => matches!(text.as_str(), "true" | "True"),
            _ => false,
        }
    }

    pub(crate) fn check_audience(&self, expected: &str) -> Result<(), Error> {
        let found = match self.0.get("aud") {
            Some(Value::String(audience)) => audience == expected,
            Some(Value::Array(audiences)) => audiences
                .iter()
                .any(|audience| audience.as_str() == Some(expected)),
            _ => false,
        };
        if !found {
            return Err(Error::AudienceMismatch {
                expected: expected.to_owned(),
            });
        }
        Ok(())
    }

    /// RFC 7519 §4.1.4, §4.1.5 and §4.1.6. The end is exact, because the issuer chose it; the beginning has
    /// leeway, because it is the issuer's clock.
    pub(crate) fn check_times(&self, now: OffsetDateTime) -> Result<(), Error> {
        let exp = self.time("exp")?.ok_or_else(|| Error::ClaimMissing {
            claim: "exp".to_owned(),
        })?;
        if now >= exp {
            return Err(Error::TokenExpired { at: exp });
        }
        let latest = now.saturating_add(CLOCK_LEEWAY);
        if let Some(at) = self.time("nbf")?.filter(|nbf| *nbf > latest) {
            return Err(Error::TokenNotYetValid { at });
        }
        if let Some(at) = self.time("iat")?.filter(|iat| *iat > latest) {
            return Err(Error::TokenNotYetIssued { at });
        }
        Ok(())
    }

    /// RFC 7519 §2, `NumericDate`: seconds, with a fraction if the issuer likes.
    fn time(&self, claim: &'static str) -> Result<Option<OffsetDateTime>, Error> {
        let invalid = || Error::ClaimInvalid {
            claim,
            reason: "is not a time",
        };
        let Some(value) = self.0.get(claim).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let seconds = match value.as_i64() {
            Some(seconds) => seconds,
            // A cast of floating point saturates, and what is out of range is refused below.
            None => value.as_f64().ok_or_else(invalid)?.floor() as i64,
        };
        OffsetDateTime::from_unix_timestamp(seconds)
            .map(Some)
            .map_err(|_| invalid())
    }
}

/// The path of a claim: `$.a.b`, the part of `JSONPath` (RFC 9535) that Fulcio's file uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClaimPath<'a>(&'a str);

impl<'a> ClaimPath<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let names = text.strip_prefix("$.")?;
        let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_name_byte);
        names.split('.').all(is_name).then_some(Self(names))
    }
}

/// How far an issuer's clock may run ahead of ours.
const CLOCK_LEEWAY: Duration = Duration::minutes(5);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: &Value) -> Claims {
        Claims::parse(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_audience_is_one_text_or_one_of_several() {
        for (audience, accepted) in [
            (json!("sigstore"), true),
            (json!(["other", "sigstore"]), true),
            (json!("other"), false),
            (json!("sigstore2"), false),
            (json!([]), false),
            (json!([["sigstore"]]), false),
            (json!({"sigstore": true}), false),
            (json!(null), false),
        ] {
            let claims = claims(&json!({ "aud": audience }));
            assert_eq!(
                claims.check_audience("sigstore").is_ok(),
                accepted,
                "{claims:?}"
            );
        }
        assert!(claims(&json!({})).check_audience("sigstore").is_err());
    }

    #[test]
    fn a_token_ends_exactly_and_begins_with_leeway() {
        let now = OffsetDateTime::from_unix_timestamp(1_000_000).unwrap();
        for (value, expected) in [
            (json!({"exp": 1_000_001}), "ok"),
            (json!({"exp": 1_000_000}), "expired"),
            (json!({"exp": 999_999}), "expired"),
            (json!({"exp": 1_000_001.5}), "ok"),
            (json!({"exp": 1_000_000.5}), "expired"),
            (json!({"exp": 1_000_060, "nbf": 1_000_300}), "ok"),
            (json!({"exp": 1_000_900, "nbf": 1_000_301}), "early"),
            (json!({"exp": 1_000_900, "iat": 1_000_300}), "ok"),
            (json!({"exp": 1_000_900, "iat": 1_000_301}), "unissued"),
            (json!({"exp": 3_000_000, "iat": 2_000_000}), "unissued"),
            (json!({"exp": 1_000_060, "iat": null}), "ok"),
            (json!({"exp": 1_000_060, "iat": "now"}), "invalid"),
            (json!({}), "missing"),
            (json!({"exp": null}), "missing"),
            (json!({"exp": "1000060"}), "invalid"),
            (json!({"exp": 1e300}), "invalid"),
            (json!({"exp": 1_000_060, "nbf": true}), "invalid"),
        ] {
            let found = match claims(&value).check_times(now) {
                Ok(()) => "ok",
                Err(Error::TokenExpired { .. }) => "expired",
                Err(Error::TokenNotYetValid { .. }) => "early",
                Err(Error::TokenNotYetIssued { .. }) => "unissued",
                Err(Error::ClaimMissing { .. }) => "missing",
                Err(_) => "invalid",
            };
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn only_the_truth_in_its_known_spellings_verifies_an_address() {
        for (value, expected) in [
            (json!(true), true),
            (json!("true"), true),
            (json!("True"), true),
            (json!(false), false),
            (json!("false"), false),
            (json!("TRUE"), false),
            (json!(1), false),
            (json!(null), false),
        ] {
            assert_eq!(
                claims(&json!({ "email_verified": value })).is_email_verified(),
                expected
            );
        }
        assert!(!claims(&json!({})).is_email_verified());
    }

    #[test]
    fn a_path_leads_to_a_text_or_nowhere() {
        let claims = claims(&json!({
            "federated_claims": {"connector_id": "https://idp.example", "list": ["a"], "none": ""},
            "a.b": "no",
        }));
        let at = |path| claims.at_path(&ClaimPath::parse(path).unwrap());
        assert_eq!(
            at("$.federated_claims.connector_id").unwrap(),
            "https://idp.example"
        );
        for path in [
            "$.federated_claims",
            "$.federated_claims.list",
            "$.federated_claims.none",
            "$.a.b",
        ] {
            assert!(matches!(at(path), Err(Error::ClaimMissing { claim }) if claim == path));
        }
        for text in ["", "$", "$.", "a.b", "$.a..b", "$.a[0]", "$..a", "$.a.*"] {
            assert_eq!(ClaimPath::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_claim_that_is_no_text_is_refused() {
        let claims = claims(&json!({"sub": "", "email": 7, "iss": null}));
        assert!(matches!(
            claims.text("sub"),
            Err(Error::ClaimInvalid { .. })
        ));
        assert!(matches!(
            claims.text("email"),
            Err(Error::ClaimInvalid { .. })
        ));
        assert!(matches!(
            claims.text("iss"),
            Err(Error::ClaimMissing { .. })
        ));
    }
}
