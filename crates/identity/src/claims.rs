use serde_json::{Map, Value};
use sigstead_protojson::plain;

use crate::error::Error;

pub(crate) mod path;

use path::ClaimPath;

/// The claims of a token, OpenID Connect Core §2. Whether they are true shows elsewhere.
#[derive(Debug)]
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Error> {
        plain::object(json).map(Self).map_err(|_| {
            Error::TokenMalformed("the payload is not a json object, or has a member twice")
        })
    }

    /// All of them.
    pub(crate) fn all(&self) -> &Map<String, Value> {
        &self.0
    }

    /// A claim that is a text and not empty.
    pub(crate) fn text(&self, claim: &str) -> Result<&str, Error> {
        text(claim, self.0.get(claim))
    }

    /// A claim that may be left out, by absence or by an empty text.
    pub(crate) fn optional_text(&self, claim: &str) -> Result<Option<&str>, Error> {
        match self.0.get(claim) {
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            None | Some(Value::Null) => Ok(None),
            value => text(claim, value).map(Some),
        }
    }

    pub(crate) fn at_path(&self, path: &ClaimPath) -> Result<&str, Error> {
        let mut names = path.names();
        let first = names.next().and_then(|name| self.0.get(name));
        let found = names.fold(first, |value, name| value.and_then(|value| value.get(name)));
        text(&path.to_string(), found)
    }

    /// A claim as it stands there.
    pub(crate) fn value(&self, claim: &str) -> Option<&Value> {
        self.0.get(claim)
    }

    /// A claim as Go writes it into a text. Whole numbers stay exact, which Go rounds beyond 2^53, and `null` is as good as
    /// absent, which Go writes as `<nil>`.
    pub(crate) fn written(&self, claim: &str) -> Result<Option<String>, Error> {
        match self.0.get(claim) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Bool(truth)) => Ok(Some(truth.to_string())),
            Some(Value::Number(number)) => Ok(Some(decimal(number))),
            Some(found @ (Value::Array(_) | Value::Object(_))) => {
                Err(invalid(claim, "a text, a number, true or false", found))
            }
        }
    }

    /// Fails unless the issuer says that the address is the subject's. Some issuers write the truth as a
    /// text.
    pub(crate) fn check_email_verified(&self) -> Result<(), Error> {
        match self.0.get("email_verified") {
            Some(Value::Bool(true)) => Ok(()),
            Some(Value::String(text)) if matches!(text.as_str(), "true" | "True") => Ok(()),
            None => Err(Error::ClaimMissing {
                claim: "email_verified".to_owned(),
            }),
            Some(Value::Bool(false)) => Err(Error::EmailNotVerified),
            Some(value) => Err(invalid("email_verified", "true", value)),
        }
    }
}

fn text<'a>(claim: &str, value: Option<&'a Value>) -> Result<&'a str, Error> {
    match value {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        None | Some(Value::Null) => Err(Error::ClaimMissing {
            claim: claim.to_owned(),
        }),
        Some(value) => Err(invalid(claim, "a text that is not empty", value)),
    }
}

/// Without an exponent.
fn decimal(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}

/// A claim that cannot be used as it is.
pub(crate) fn invalid(claim: &str, expected: impl Into<String>, found: &Value) -> Error {
    Error::ClaimInvalid {
        claim: claim.to_owned(),
        expected: expected.into(),
        found: match found {
            Value::String(text) => shown(text),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
            Value::Null | Value::Bool(_) | Value::Number(_) => found.to_string(),
        },
    }
}

/// A text from outside, cut if it is long.
pub(crate) fn beginning(text: &str) -> String {
    match text.char_indices().nth(BEGINNING_CHARACTERS) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The beginning of a text from outside, with what a screen would not show as escapes.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// As many as name most things, and few enough for a line.
const SHOWN_CHARACTERS: usize = 100;
/// As many as the URL of an issuer has.
const BEGINNING_CHARACTERS: usize = 200;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: &Value) -> Claims {
        Claims::parse(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn only_the_truth_in_its_known_spellings_verifies_an_address() {
        for (value, expected) in [
            (json!(true), "ok"),
            (json!("true"), "ok"),
            (json!("True"), "ok"),
            (json!(false), "not verified"),
            (json!("false"), "\"false\""),
            (json!("TRUE"), "\"TRUE\""),
            (json!(1), "1"),
            (json!(null), "null"),
            (json!([true]), "a list"),
        ] {
            let found = match claims(&json!({ "email_verified": value })).check_email_verified() {
                Ok(()) => "ok".to_owned(),
                Err(Error::EmailNotVerified) => "not verified".to_owned(),
                Err(Error::ClaimInvalid { found, .. }) => found,
                Err(other) => panic!("{other}"),
            };
            assert_eq!(found, expected);
        }
        assert!(matches!(
            claims(&json!({})).check_email_verified(),
            Err(Error::ClaimMissing { claim }) if claim == "email_verified"
        ));
    }

    #[test]
    fn a_path_leads_to_a_text_or_nowhere() {
        let claims = claims(&json!({
            "federated_claims": {"connector_id": "https://idp.example", "list": ["a"], "none": ""},
            "https://ns.example/a.b": {"c d": "yes"},
            "a.b": "no",
        }));
        let at = |path| claims.at_path(&ClaimPath::parse(path).unwrap());
        assert_eq!(
            at("$.federated_claims.connector_id").unwrap(),
            "https://idp.example"
        );
        assert_eq!(at("$['https://ns.example/a.b']['c d']").unwrap(), "yes");
        for path in ["$.federated_claims.other", "$.a.b", "$.a"] {
            assert!(matches!(at(path), Err(Error::ClaimMissing { claim }) if claim == path));
        }
        for (path, expected) in [
            ("$.federated_claims", "an object"),
            ("$.federated_claims.list", "a list"),
            ("$.federated_claims.none", "\"\""),
        ] {
            assert!(
                matches!(at(path), Err(Error::ClaimInvalid { claim, found, .. })
                    if claim == path && found == expected),
                "{path}"
            );
        }
    }

    #[test]
    fn a_claim_that_may_be_left_out_is_a_text_or_nothing() {
        let claims = claims(&json!({"a": "x", "b": "", "c": null, "d": 7}));
        assert_eq!(claims.optional_text("a").unwrap(), Some("x"));
        for claim in ["b", "c", "e"] {
            assert_eq!(claims.optional_text(claim).unwrap(), None, "{claim}");
        }
        assert!(matches!(
            claims.optional_text("d"),
            Err(Error::ClaimInvalid { .. })
        ));
    }

    #[test]
    fn what_is_shown_of_a_claim_is_short_and_visible() {
        assert_eq!(shown("a\u{202e}b\n"), "\"a\\u{202e}b\\n\"");
        let long = shown(&"ä".repeat(101));
        assert_eq!(long, format!("\"{}\"...", "ä".repeat(100)));
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
