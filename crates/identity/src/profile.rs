//! Which subjects of an issuer a token is of.

use crate::claims::Claims;
use crate::config::{IssuerConfig, IssuerType};
use crate::error::Error;
use crate::token_rules::names_audience;

/// The profile that a token is judged by. If none fits it is the first for the token's audience, or the
/// first of all, which then says what is wrong.
pub(crate) fn of<'a>(
    profiles: &'a [IssuerConfig],
    claims: &Claims,
) -> Result<&'a IssuerConfig, Error> {
    if let [only] = profiles {
        return Ok(only);
    }
    // What is no text would make a person a workload.
    let has_email = claims.optional_text("email")?.is_some();
    let is_for = |profile: &&IssuerConfig| names_audience(claims, &profile.client_id);
    let fits = |profile: &&IssuerConfig| (profile.kind == IssuerType::Email) == has_email;
    let mut for_audience = profiles.iter().filter(is_for);
    let first = for_audience.clone().next().or_else(|| profiles.first());
    for_audience
        .find(fits)
        .or(first)
        .ok_or_else(|| Error::ClaimMissing {
            claim: "aud".to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::AlsoConfig;

    #[test]
    fn audience_and_email_tell_the_subjects_of_an_issuer_apart() {
        let also = |kind, client_id: &str| AlsoConfig {
            kind,
            client_id: client_id.to_owned(),
            subject_domain: "https://i.example".to_owned(),
        };
        let issuer = IssuerConfig {
            also: vec![
                also(IssuerType::Uri, ""),
                also(IssuerType::Username, "names"),
            ],
            ..IssuerConfig::new("https://i.example", "sigstore", IssuerType::Email)
        };
        let profiles = issuer.profiles();
        let kind = |claims: Value| {
            let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
            of(&profiles, &claims).unwrap().kind
        };
        for (claims, expected) in [
            (
                json!({"aud": "sigstore", "email": "a@b.c"}),
                IssuerType::Email,
            ),
            (json!({"aud": "sigstore"}), IssuerType::Uri),
            (json!({"aud": "sigstore", "email": ""}), IssuerType::Uri),
            (json!({"aud": "names"}), IssuerType::Username),
            (
                json!({"aud": "names", "email": "a@b.c"}),
                IssuerType::Username,
            ),
            (json!({"aud": "other"}), IssuerType::Email),
        ] {
            assert_eq!(kind(claims.clone()), expected, "{claims}");
        }
        for email in [json!(7), json!(false), json!(["a@b.c"]), json!({"a": "b"})] {
            let claims = json!({"aud": "sigstore", "email": email});
            let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
            let refused = of(&profiles, &claims).unwrap_err();
            assert!(
                matches!(&refused, Error::ClaimInvalid { claim, .. } if claim == "email"),
                "{refused:?}"
            );
        }
    }
}
