use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::error::Error;
use crate::parameter::Parameters;
use crate::secret::sha256;

/// A code challenge of method S256, the only one that is taken (RFC 7636 §4.2): `plain` would show
/// the verifier to everybody who sees the authorization request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CodeChallenge(String);

impl CodeChallenge {
    pub(crate) fn required(parameters: &Parameters) -> Result<Self, Error> {
        Self::optional(parameters)?.ok_or(Error::ChallengeMissing)
    }

    pub(crate) fn optional(parameters: &Parameters) -> Result<Option<Self>, Error> {
        let method = parameters.optional("code_challenge_method")?;
        let Some(challenge) = parameters.optional("code_challenge")? else {
            return match method {
                None => Ok(None),
                Some(_) => Err(Error::ChallengeMissing),
            };
        };
        // RFC 7636 §4.3: no method means plain.
        if method != Some("S256") {
            return Err(Error::ChallengeMethodUnsupported);
        }
        match URL_SAFE_NO_PAD.decode(challenge) {
            Ok(digest) if digest.len() == 32 => Ok(Some(Self(challenge.to_owned()))),
            _ => Err(Error::ParameterInvalid {
                name: "code_challenge",
                reason: "it is not a SHA-256 digest in base64url without padding",
            }),
        }
    }

    /// RFC 7636 §4.6, in time that does not tell how much of the verifier was right.
    pub(crate) fn is_answered_by(&self, verifier: &str) -> bool {
        let well_formed = (43..=128).contains(&verifier.len())
            && verifier
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        let computed = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        well_formed & bool::from(computed.as_bytes().ct_eq(self.0.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn parse(query: &str) -> Result<CodeChallenge, Error> {
        CodeChallenge::required(&Parameters::parse(query.as_bytes()))
    }

    #[test]
    fn the_example_of_the_rfc_is_answered_by_its_verifier_only() {
        let query = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
        let challenge = parse(&query).unwrap();
        assert!(challenge.is_answered_by(VERIFIER));
        for wrong in ["", CHALLENGE, &VERIFIER[1..], &VERIFIER.to_lowercase()] {
            assert!(!challenge.is_answered_by(wrong), "{wrong}");
        }
    }

    #[test]
    fn refuses_everything_but_s256() {
        let table = [
            (String::new(), "missing"),
            ("code_challenge_method=S256".to_owned(), "missing"),
            (format!("code_challenge={CHALLENGE}"), "method"),
            (
                format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
                "method",
            ),
            (
                format!("code_challenge={CHALLENGE}&code_challenge_method=s256"),
                "method",
            ),
            (
                "code_challenge=abc&code_challenge_method=S256".to_owned(),
                "malformed",
            ),
        ];
        for (query, why) in table {
            let found = match parse(&query).unwrap_err() {
                Error::ChallengeMissing => "missing",
                Error::ChallengeMethodUnsupported => "method",
                Error::ParameterInvalid { .. } => "malformed",
                other => panic!("{other}"),
            };
            assert_eq!(found, why, "{query}");
        }
    }

    #[test]
    fn a_verifier_of_the_wrong_length_answers_nothing() {
        let short = "a".repeat(42);
        let digest = URL_SAFE_NO_PAD.encode(sha256(short.as_bytes()));
        assert!(!CodeChallenge(digest).is_answered_by(&short));
    }
}
