//! What a token must say about itself: for whom it is, and when.

use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::claims::{Claims, invalid};
use crate::config::IssuerConfig;
use crate::error::Error;

/// RFC 7519 §4.1.3. A token that is for others too can be replayed here by each of them, so these
/// others must be listed. So must the party that a token was issued to if it is not the audience
/// (OpenID Connect Core §2, `azp`).
pub(crate) fn check_audience(claims: &Claims, issuer: &IssuerConfig) -> Result<(), Error> {
    let expected = &issuer.client_id;
    let mismatch = || Error::AudienceMismatch {
        expected: expected.clone(),
    };
    let audiences = match claims.value("aud") {
        Some(Value::String(audience)) => vec![audience.as_str()],
        Some(Value::Array(audiences)) => audiences
            .iter()
            .map(Value::as_str)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(mismatch)?,
        _ => return Err(mismatch()),
    };
    if !audiences.contains(&expected.as_str()) {
        return Err(mismatch());
    }
    let party = match claims.value("azp") {
        None | Some(Value::Null) => None,
        Some(_) => Some(claims.text("azp")?),
    };
    let is_listed = |audience: &&str| {
        *audience == expected
            || issuer
                .allow_other_audiences
                .iter()
                .any(|each| each == audience)
    };
    match audiences
        .into_iter()
        .chain(party)
        .find(|each| !is_listed(each))
    {
        None => Ok(()),
        Some(other) => Err(Error::AudienceForeign {
            other: other.to_owned(),
        }),
    }
}

/// Whether the token is for the audience of this entry, whatever else it is for.
pub(crate) fn names_audience(claims: &Claims, audience: &str) -> bool {
    match claims.value("aud") {
        Some(Value::String(found)) => found == audience,
        Some(Value::Array(found)) => found.iter().any(|each| each.as_str() == Some(audience)),
        _ => false,
    }
}

/// RFC 7519 §4.1.4, §4.1.5 and §4.1.6. The end is exact, because the issuer chose it; the beginning
/// has leeway, because it is the issuer's clock. A token that lasts for longer than `longest` was not
/// made for one signing, and who finds it signs in its subject's name for as long. Says when it ends.
pub(crate) fn check_times(
    claims: &Claims,
    longest: Duration,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, Error> {
    let exp = time(claims, "exp")?.ok_or_else(|| Error::ClaimMissing {
        claim: "exp".to_owned(),
    })?;
    if now >= exp {
        return Err(Error::TokenExpired { at: exp });
    }
    let latest = now.saturating_add(CLOCK_LEEWAY);
    if let Some(at) = time(claims, "nbf")?.filter(|nbf| *nbf > latest) {
        return Err(Error::TokenNotYetValid { at });
    }
    let iat = time(claims, "iat")?;
    if let Some(at) = iat.filter(|iat| *iat > latest) {
        return Err(Error::TokenNotYetIssued { at });
    }
    // Without a time of issue it was issued now at the latest.
    if exp - iat.unwrap_or(now) > longest {
        return Err(Error::TokenLastsTooLong {
            until: exp,
            longest_hours: longest.whole_hours(),
        });
    }
    Ok(exp)
}

/// RFC 7519 §2, `NumericDate`: seconds, with a fraction if the issuer likes. Some write it as a text.
fn time(claims: &Claims, claim: &'static str) -> Result<Option<OffsetDateTime>, Error> {
    let Some(value) = claims.value(claim).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let seconds = match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(whole_seconds)),
        Value::String(text) => written_seconds(text),
        _ => None,
    };
    let at = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    at.map(Some)
        .ok_or_else(|| invalid(claim, "a time in seconds since 1970", value))
}

/// A number as JSON writes it, and nothing else that parsers of numbers take, such as `inf`.
fn written_seconds(text: &str) -> Option<i64> {
    let is_number_byte = |byte: u8| byte.is_ascii_digit() || byte == b'.' || byte == b'-';
    if text.len() > LONGEST_NUMBER || !text.bytes().all(is_number_byte) {
        return None;
    }
    match text.parse() {
        Ok(seconds) => Some(seconds),
        Err(_) => text.parse().ok().map(whole_seconds),
    }
}

/// A cast of floating point saturates, and what is out of range is no time.
fn whole_seconds(seconds: f64) -> i64 {
    seconds.floor() as i64
}

/// How far an issuer's clock may run ahead of ours.
const CLOCK_LEEWAY: Duration = Duration::minutes(5);
const LONGEST_NUMBER: usize = 32;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::IssuerType;

    fn claims(value: &Value) -> Claims {
        Claims::parse(value.to_string().as_bytes()).unwrap()
    }

    fn issuer(others: &[&str]) -> IssuerConfig {
        IssuerConfig {
            allow_other_audiences: others.iter().map(ToString::to_string).collect(),
            ..IssuerConfig::new("https://i.example", "sigstore", IssuerType::Email)
        }
    }

    #[test]
    fn a_token_is_for_this_audience_and_for_no_others_that_are_not_listed() {
        for (found, alone, listed) in [
            (json!({"aud": "sigstore"}), "ok", "ok"),
            (json!({"aud": ["sigstore"]}), "ok", "ok"),
            (json!({"aud": ["sigstore", "sigstore"]}), "ok", "ok"),
            (json!({"aud": ["other", "sigstore"]}), "foreign", "ok"),
            (json!({"aud": ["sigstore", "third"]}), "foreign", "foreign"),
            (json!({"aud": "sigstore", "azp": "sigstore"}), "ok", "ok"),
            (json!({"aud": "sigstore", "azp": null}), "ok", "ok"),
            (json!({"aud": "sigstore", "azp": "other"}), "foreign", "ok"),
            (
                json!({"aud": "sigstore", "azp": ["other"]}),
                "invalid",
                "invalid",
            ),
            (json!({"aud": "other"}), "mismatch", "mismatch"),
            (json!({"aud": "sigstore2"}), "mismatch", "mismatch"),
            (json!({"aud": []}), "mismatch", "mismatch"),
            (json!({"aud": ["sigstore", 7]}), "mismatch", "mismatch"),
            (json!({"aud": [["sigstore"]]}), "mismatch", "mismatch"),
            (json!({"aud": {"sigstore": true}}), "mismatch", "mismatch"),
            (json!({"aud": null}), "mismatch", "mismatch"),
            (json!({}), "mismatch", "mismatch"),
        ] {
            for (others, expected) in [(&[][..], alone), (&["other"][..], listed)] {
                let outcome = match check_audience(&claims(&found), &issuer(others)) {
                    Ok(()) => "ok",
                    Err(Error::AudienceMismatch { .. }) => "mismatch",
                    Err(Error::AudienceForeign { .. }) => "foreign",
                    Err(_) => "invalid",
                };
                assert_eq!(outcome, expected, "{found} {others:?}");
            }
        }
    }

    #[test]
    fn a_token_ends_exactly_begins_with_leeway_and_does_not_last() {
        let now = OffsetDateTime::from_unix_timestamp(1_000_000).unwrap();
        for (value, expected) in [
            (json!({"exp": 1_000_001}), "ok"),
            (json!({"exp": 1_000_000}), "expired"),
            (json!({"exp": 999_999}), "expired"),
            (json!({"exp": 1_000_001.5}), "ok"),
            (json!({"exp": 1_000_000.5}), "expired"),
            (json!({"exp": "1000060"}), "ok"),
            (json!({"exp": "1000060.5"}), "ok"),
            (json!({"exp": "1000000"}), "expired"),
            (json!({"exp": "soon"}), "invalid"),
            (json!({"exp": "inf"}), "invalid"),
            (json!({"exp": "1e9"}), "invalid"),
            (json!({"exp": ""}), "invalid"),
            (json!({"exp": " 1000060"}), "invalid"),
            (json!({"exp": true}), "invalid"),
            (json!({"exp": 1_000_060, "nbf": 1_000_300}), "ok"),
            (json!({"exp": 1_000_900, "nbf": 1_000_301}), "early"),
            (json!({"exp": 1_000_900, "iat": 1_000_300}), "ok"),
            (json!({"exp": 1_000_900, "iat": 1_000_301}), "unissued"),
            (json!({"exp": 3_000_000, "iat": 2_000_000}), "unissued"),
            (json!({"exp": 1_000_060, "iat": null}), "ok"),
            (json!({"exp": 1_000_060, "iat": "now"}), "invalid"),
            (json!({"exp": 1_086_400}), "ok"),
            (json!({"exp": 1_086_401}), "lasts"),
            (json!({"exp": 1_086_400, "iat": 1_000_000}), "ok"),
            (json!({"exp": 1_000_001, "iat": 913_601}), "ok"),
            (json!({"exp": 1_000_001, "iat": 913_600}), "lasts"),
            (json!({"exp": 250_000_000_000_i64}), "lasts"),
            (json!({}), "missing"),
            (json!({"exp": null}), "missing"),
            (json!({"exp": 1e300}), "invalid"),
            (json!({"exp": 1_000_060, "nbf": false}), "invalid"),
        ] {
            let found = match check_times(&claims(&value), Duration::hours(24), now) {
                Ok(_) => "ok",
                Err(Error::TokenExpired { .. }) => "expired",
                Err(Error::TokenNotYetValid { .. }) => "early",
                Err(Error::TokenNotYetIssued { .. }) => "unissued",
                Err(Error::TokenLastsTooLong { .. }) => "lasts",
                Err(Error::ClaimMissing { .. }) => "missing",
                Err(_) => "invalid",
            };
            assert_eq!(found, expected, "{value}");
        }
    }
}
