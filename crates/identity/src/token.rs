use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use sigstead_protojson::plain;

use crate::claims::Claims;
use crate::error::Error;

/// A signed JSON Web Token in compact form (RFC 7515 §3.1), taken apart and not verified: nothing in
/// it may be believed yet.
pub(crate) struct IdToken<'a> {
    pub(crate) algorithm: String,
    pub(crate) key_id: Option<String>,
    pub(crate) claims: Claims,
    /// What is signed, and the signature in base64url.
    pub(crate) signing_input: &'a str,
    pub(crate) signature: &'a str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

impl<'a> IdToken<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Error> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Error::TokenTooLarge {
                bytes: text.len(),
                limit: MAX_TOKEN_BYTES,
            });
        }
        let no_parts = || Error::TokenMalformed("it does not have three parts");
        let (signing_input, signature) = text.rsplit_once('.').ok_or_else(no_parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or_else(no_parts)?;
        if payload.contains('.') || signature.is_empty() {
            return Err(no_parts());
        }
        let no_header = || {
            Error::TokenMalformed("the header is not a json object with alg, or has a member twice")
        };
        let header = plain::object(&decode(header)?).map_err(|_| no_header())?;
        if OTHER_FORMS.iter().any(|name| header.contains_key(*name)) {
            let form = "the header asks for more than a signature, with crit, b64, zip or enc";
            return Err(Error::TokenMalformed(form));
        }
        let header: Header =
            serde_json::from_value(Value::Object(header)).map_err(|_| no_header())?;
        Ok(Self {
            algorithm: header.alg,
            key_id: header.kid,
            claims: Claims::parse(&decode(payload)?)?,
            signing_input,
            signature,
        })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Error::TokenMalformed("a part is not base64url"))
}

/// Parameters with which the token would be something else to a reader who understands them: extensions that must be
/// understood (RFC 7515 §4.1.11), an unencoded payload (RFC 7797 §3), a compressed or an encrypted one (RFC 7516 §4.1).
const OTHER_FORMS: [&str; 4] = ["crit", "b64", "zip", "enc"];

/// The longest token that is read. Tokens come from strangers, and are kept in memory and hashed
/// before anything about them is known; tokens of large CI systems have about 4 KiB.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn part(json: &str) -> String {
        URL_SAFE_NO_PAD.encode(json)
    }

    #[test]
    fn takes_a_token_apart() {
        let text = format!(
            "{}.{}.c2ln",
            part(r#"{"alg":"RS256","kid":"k"}"#),
            part(r#"{"iss":"i"}"#)
        );
        let token = IdToken::parse(&text).unwrap();
        assert_eq!(
            (token.algorithm.as_str(), token.key_id.as_deref()),
            ("RS256", Some("k"))
        );
        assert_eq!(token.claims.text("iss").unwrap(), "i");
        assert_eq!(format!("{}.{}", token.signing_input, token.signature), text);
    }

    #[test]
    fn refuses_what_is_not_a_signed_token() {
        let (header, payload) = (part(r#"{"alg":"RS256"}"#), part("{}"));
        for text in [
            String::new(),
            "abc".to_owned(),
            format!("{header}.{payload}"),
            format!("{header}.{payload}."),
            format!("{header}.{payload}.c2ln.c2ln.c2ln"),
            format!("{header}=.{payload}.c2ln"),
            format!("{}.{payload}.c2ln", part("{}")),
            format!("{}.{payload}.c2ln", part("[]")),
            format!(
                "{}.{payload}.c2ln",
                part(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#)
            ),
            format!("{}.{payload}.c2ln", part(r#"{"alg":"RS256","crit":null}"#)),
            format!("{}.{payload}.c2ln", part(r#"{"alg":"RS256","zip":"DEF"}"#)),
            format!("{header}.{}.c2ln", part("[]")),
            format!("{header}.{}.c2ln", part("{")),
            format!("{header}.{}.c2ln", part(r#"{"iss":"a","iss":"b"}"#)),
            format!("{}.{payload}.c2ln", part(r#"{"alg":"RS256","alg":"none"}"#)),
            format!(" {header}.{payload}.c2ln"),
        ] {
            assert!(
                matches!(IdToken::parse(&text), Err(Error::TokenMalformed(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_a_token_beyond_the_size_limit_unread() {
        let text = "a".repeat(MAX_TOKEN_BYTES + 1);
        assert!(matches!(
            IdToken::parse(&text),
            Err(Error::TokenTooLarge { bytes: 16_385, .. })
        ));
    }
}
