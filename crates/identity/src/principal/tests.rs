use serde_json::{Value, json};

use super::*;

fn claims(value: &Value) -> Claims {
    Claims::parse(value.to_string().as_bytes()).unwrap()
}

fn issuer(kind: IssuerType) -> IssuerConfig {
    IssuerConfig::new("https://accounts.example.com", "sigstore", kind)
}

fn outcome(value: &Value, issuer: &IssuerConfig) -> Result<Principal, &'static str> {
    Principal::from_claims(&claims(value), issuer, &CiProviders::default()).map_err(|error| {
        match error {
            Error::ClaimMissing { .. } => "missing",
            Error::ClaimInvalid { .. } => "invalid",
            Error::ValueUnfit { .. } => "unfit",
            Error::EmailNotVerified => "not verified",
            _ => "other",
        }
    })
}

#[test]
fn a_person_is_known_by_a_verified_address() {
    let issuer = issuer(IssuerType::Email);
    let token = json!({"sub": "1", "email": "a@example.com", "email_verified": true});
    let principal = outcome(&token, &issuer).unwrap();
    assert_eq!(principal.name(), "a@example.com");
    assert_eq!(
        principal.san(),
        &SubjectAlternativeName::Email("a@example.com".to_owned())
    );
    assert_eq!(principal.issuer(), "https://accounts.example.com");
    assert_eq!(principal.subject(), "1");
    for (token, expected) in [
        (json!({"sub": "1", "email": "a@example.com"}), "missing"),
        (
            json!({"sub": "1", "email": "a@example.com", "email_verified": false}),
            "not verified",
        ),
        (
            json!({"sub": "1", "email": "a@example.com", "email_verified": "no"}),
            "invalid",
        ),
        (json!({"sub": "1", "email_verified": true}), "missing"),
        (
            json!({"email": "a@example.com", "email_verified": true}),
            "missing",
        ),
        (
            json!({"sub": "1", "email": "a", "email_verified": true}),
            "invalid",
        ),
        (
            json!({"sub": "1", "email": ["a@example.com"], "email_verified": true}),
            "invalid",
        ),
        (
            json!({"sub": "1\u{0}", "email": "a@example.com", "email_verified": true}),
            "unfit",
        ),
    ] {
        assert_eq!(outcome(&token, &issuer), Err(expected), "{token}");
    }
}

#[test]
fn verification_of_the_address_can_be_left_to_the_configuration() {
    let issuer = IssuerConfig {
        skip_email_verification: true,
        ..issuer(IssuerType::Email)
    };
    assert!(outcome(&json!({"sub": "1", "email": "a@example.com"}), &issuer).is_ok());
}

#[test]
fn a_federating_issuer_names_the_one_behind_it() {
    let issuer = IssuerConfig {
        issuer_claim: "$.federated_claims.connector_id".to_owned(),
        ..issuer(IssuerType::Email)
    };
    let mut token = json!({
        "sub": "1", "email": "a@example.com", "email_verified": true,
        "federated_claims": {"connector_id": "https://idp.example"},
    });
    assert_eq!(
        outcome(&token, &issuer).unwrap().issuer(),
        "https://idp.example"
    );
    token["federated_claims"] = json!({});
    assert_eq!(outcome(&token, &issuer), Err("missing"));
}

#[test]
fn a_workload_is_known_by_a_uri_of_its_issuers_domain() {
    let domain = "https://example.com".to_owned();
    let issuer = IssuerConfig {
        subject_domain: domain,
        ..issuer(IssuerType::Uri)
    };
    let subject = "https://example.com/workloads/1";
    let principal = outcome(&json!({ "sub": subject }), &issuer).unwrap();
    assert_eq!(
        principal.san(),
        &SubjectAlternativeName::Uri(subject.to_owned())
    );
    assert_eq!((principal.name(), principal.subject()), (subject, subject));
    for subject in [
        "",
        "workload",
        "a@example.com",
        "http://example.com/1",
        "https://example.org/1",
        "https://users.example.com/1",
        "https://example.com.evil.org/1",
        "https://example.com@evil.org/1",
        "https://user@example.com/1",
        "https://EXAMPLE.com/1",
        "https://example.com/%zz",
    ] {
        assert_eq!(
            outcome(&json!({ "sub": subject }), &issuer),
            Err("invalid"),
            "{subject}"
        );
    }
}

#[test]
fn a_uri_is_written_as_fulcio_writes_it() {
    let issuer = IssuerConfig {
        subject_domain: "https://example.com/workloads".to_owned(),
        ..issuer(IssuerType::Uri)
    };
    for (subject, expected) in [
        ("https://example.com/other", "https://example.com/other"),
        ("HTTPS://example.com/1", "https://example.com/1"),
        ("https://example.com:8443/1#", "https://example.com:8443/1"),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("https://example.com/ä", "https://example.com/%C3%A4"),
    ] {
        let principal = outcome(&json!({ "sub": subject }), &issuer).unwrap();
        assert_eq!(principal.san().value(), expected);
        assert_eq!((principal.name(), principal.subject()), (subject, subject));
    }
    // A query stays as it is, and the certificate holds ASCII only.
    let token = json!({"sub": "https://example.com/?ä"});
    assert_eq!(outcome(&token, &issuer), Err("unfit"));
}

#[test]
fn a_user_is_known_by_a_name_within_the_domain() {
    let domain = "example.com".to_owned();
    let issuer = IssuerConfig {
        subject_domain: domain,
        ..issuer(IssuerType::Username)
    };
    let principal = outcome(&json!({"sub": "alice"}), &issuer).unwrap();
    assert_eq!(principal.name(), "alice");
    assert_eq!(
        principal.san(),
        &SubjectAlternativeName::OtherName("alice!example.com".to_owned())
    );
    for (subject, expected) in [
        ("", "invalid"),
        ("alice!example.com", "invalid"),
        ("alice@example.com", "invalid"),
        ("ü@example.com", "invalid"),
        ("\"a b\"@example.com", "invalid"),
        ("a\nb", "unfit"),
    ] {
        assert_eq!(
            outcome(&json!({ "sub": subject }), &issuer),
            Err(expected),
            "{subject}"
        );
    }
}

#[test]
fn subjects_that_are_long_or_look_like_another_are_refused_for_every_type() {
    let domain = |kind, domain: &str| IssuerConfig {
        subject_domain: domain.to_owned(),
        ..issuer(kind)
    };
    let token = |sub: &str| json!({"sub": sub, "email": "a@example.com", "email_verified": true});
    for issuer in [
        issuer(IssuerType::Email),
        domain(IssuerType::Username, "example.com"),
    ] {
        for subject in ["1", "zoë", &"a".repeat(2036)] {
            assert!(outcome(&token(subject), &issuer).is_ok(), "{subject}");
        }
        for subject in [
            &"a".repeat(2049),
            "a\u{7f}",
            "a\u{85}b",
            "a\u{61c}b",
            "a\u{200e}b",
            "a\u{200f}b",
            "a\u{202a}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{2069}b",
        ] {
            assert_eq!(
                outcome(&token(subject), &issuer),
                Err("unfit"),
                "{subject:?}"
            );
        }
    }
    let uri = domain(IssuerType::Uri, "https://example.com");
    let long = format!("https://example.com/{}", "a".repeat(2029));
    assert!(outcome(&token(&long[..2048]), &uri).is_ok());
    assert_eq!(outcome(&token(&long), &uri), Err("unfit"));
}
