//! The service from outside, in process, over HTTP and gRPC.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

mod world;

use std::sync::atomic::Ordering;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};
use sigstead_ca::ct_log::Ends;
use sigstead_identity::IssuerType;
use sigstead_key::Algorithm;
use sigstead_proto::fulcio::v2 as wire;
use sigstead_x509::{Certificate, SubjectAlternativeName};
use tower::ServiceExt;
use world::holder::{Holder, csr_pem};
use world::{Answer, EMAIL, Fault, ISSUER, Setup, TestCa, TestIssuer, now};

const V2: &str = "/api/v2/signingCert";
const V1: &str = "/api/v1/signingCert";

fn assert_refused(answer: &Answer, code: &str, message: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        answer.header("sigstead-code"),
        Some(code),
        "{}",
        answer.text()
    );
    let body = answer.json();
    assert_eq!(body["code"], 3);
    assert_eq!(body["details"], json!([]));
    let expected = format!("{code}: {message}");
    assert!(
        body["message"].as_str().unwrap().starts_with(&expected),
        "{body}"
    );
}

fn assert_fault(answer: &Answer, code: &str, message: &str) {
    assert_eq!(
        answer.status,
        StatusCode::INTERNAL_SERVER_ERROR,
        "{}",
        answer.text()
    );
    let body = answer.json();
    let expected = json!({"code": 13, "message": format!("{code}: {message}"), "details": []});
    assert_eq!(body, expected);
}

fn is_critical(certificate: &Certificate, oid: sigstead_x509::ObjectIdentifier) -> bool {
    certificate
        .extensions()
        .iter()
        .any(|extension| extension.oid == oid && extension.critical)
}

/// Contract 1.5 to 1.7: what every client checks.
fn assert_profile(ca: &TestCa, chain: &[Certificate], holder: &Holder) {
    let [leaf, intermediate, root] = chain else {
        panic!("{} certificates", chain.len())
    };
    assert!(ca.chain.certificates().iter().eq([intermediate, root]));
    leaf.verify_signed_by(intermediate).unwrap();
    assert_eq!(leaf.public_key(), holder.0.public_key());
    assert_eq!(leaf.not_before().unix_timestamp(), now().unix_timestamp());
    assert_eq!(
        leaf.not_after() - leaf.not_before(),
        time::Duration::minutes(10)
    );
    assert_eq!(leaf.subject_der(), [0x30, 0x00]);
    assert!(is_critical(
        leaf,
        sigstead_x509::oid::SUBJECT_ALTERNATIVE_NAME
    ));
    assert_eq!(
        leaf.extended_key_usages(),
        Some(&[sigstead_x509::oid::CODE_SIGNING][..])
    );
    assert!(!is_critical(leaf, sigstead_x509::oid::EXTENDED_KEY_USAGE));
    assert_eq!(leaf.authority_key_id(), intermediate.subject_key_id());
    assert!(leaf.extension(&sigstead_x509::oid::POISON).is_none());
    let scts = sigstead_ct::embedded_in(leaf).unwrap();
    let [sct] = scts.as_slice() else {
        panic!("{} scts", scts.len())
    };
    let entry = sigstead_ct::SignedEntry::of_final_certificate(leaf, intermediate).unwrap();
    sct.verify(entry, ca.ct_log.key.public_key()).unwrap();
    let submission = ca
        .ct_log
        .submissions
        .lock()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    let precertificate = Certificate::from_der(&submission[0]).unwrap();
    assert_eq!(precertificate.serial(), leaf.serial());
    assert_eq!(submission.len(), 3);
    assert_eq!(
        sigstead_x509::strip_extension(precertificate.tbs_der(), &sigstead_x509::oid::POISON)
            .unwrap(),
        sigstead_x509::strip_extension(leaf.tbs_der(), &sigstead_x509::oid::SCT_LIST).unwrap(),
    );
}

#[tokio::test]
async fn issues_for_every_kind_of_key_with_the_token_in_the_header() {
    let ca = TestCa::new().await;
    for algorithm in [
        Algorithm::EcdsaP256Sha256,
        Algorithm::EcdsaP384Sha384,
        Algorithm::Ed25519,
        Algorithm::RsaPkcs1v15_2048Sha256,
    ] {
        let holder = Holder::new(algorithm);
        let token = ca.issuer.token().await;
        let answer = ca
            .post(V2, Some(&token), &holder.request(EMAIL).await)
            .await;
        let chain = answer.chain();
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_profile(&ca, &chain, &holder);
        let leaf = &chain[0];
        assert_eq!(
            leaf.identities().unwrap(),
            [SubjectAlternativeName::Email(EMAIL.to_owned())]
        );
        let extensions = leaf.fulcio().unwrap();
        assert_eq!(
            (extensions.issuer.as_str(), extensions.subject.as_str()),
            (ISSUER, "user-1")
        );
    }
}

#[tokio::test]
async fn the_answer_has_exactly_one_member_and_whole_pem_blocks() {
    let ca = TestCa::new().await;
    let token = ca.issuer.token().await;
    let answer = ca
        .post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
        .await;
    let body = answer.json();
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["signedCertificateEmbeddedSct"]);
    for pem in body["signedCertificateEmbeddedSct"]["chain"]["certificates"]
        .as_array()
        .unwrap()
    {
        let pem = pem.as_str().unwrap();
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n"));
        assert!(pem.ends_with("\n-----END CERTIFICATE-----\n"));
    }
}

#[tokio::test]
async fn takes_the_shapes_of_all_clients() {
    let ca = TestCa::new().await;
    let holder = Holder::p256();
    let (token, proof) = (ca.issuer.token().await, holder.proof(EMAIL).await);
    let pem = holder.pem();
    let one_line = {
        let body: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----")
    };
    let key = |algorithm: Value, content: &str| {
        json!({"publicKeyRequest": {
            "publicKey": {"algorithm": algorithm, "content": content}, "proofOfPossession": proof,
        }})
    };
    let mut in_body = key(json!("ECDSA"), &pem);
    in_body["credentials"] = json!({"oidcIdentityToken": token});
    let mut both = in_body.clone();
    both["credentials"]["oidcIdentityToken"] = json!("");
    both["certificateSigningRequest"] = Value::Null;
    let csr = holder.csr().await;
    for (name, header, body) in [
        ("go, ecdsa", true, key(json!("ECDSA"), &pem)),
        (
            "go, rsa's name, which no enum has",
            true,
            key(json!("RSA"), &pem),
        ),
        ("number of the enum", true, key(json!(2), &pem)),
        ("no algorithm", true, key(Value::Null, &pem)),
        (
            "java, one line without final newline",
            true,
            key(json!("ECDSA"), &one_line),
        ),
        ("js, token in the body", false, in_body),
        ("empty token in the body", true, both),
        (
            "python, certification request",
            true,
            json!({"certificateSigningRequest": STANDARD.encode(&csr)}),
        ),
        (
            "unpadded base64",
            true,
            json!({
                "certificateSigningRequest": STANDARD.encode(&csr).trim_end_matches('='),
            }),
        ),
        (
            "snake case and unknown fields",
            true,
            json!({
                "public_key_request": {
                    "public_key": {"algorithm": "ECDSA", "content": pem, "x": 1},
                    "proof_of_possession": proof,
                },
                "new_field": {"a": []},
            }),
        ),
    ] {
        let answer = ca.post(V2, header.then_some(token.as_str()), &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.text());
        assert_profile(&ca, &answer.chain(), &holder);
    }
}

#[tokio::test]
async fn a_certification_request_says_nothing_about_who_the_certificate_is_for() {
    let ca = TestCa::new().await;
    let holder = Holder::p256();
    let body = json!({"certificateSigningRequest": STANDARD.encode(holder.csr().await)});
    let chain = ca
        .post(V2, Some(&ca.issuer.token().await), &body)
        .await
        .chain();
    assert_profile(&ca, &chain, &holder);
    assert_eq!(
        chain[0].identities().unwrap(),
        [SubjectAlternativeName::Email(EMAIL.to_owned())]
    );
}

#[tokio::test]
async fn the_same_key_may_be_certified_again_under_another_serial_number() {
    let ca = TestCa::new().await;
    let holder = Holder::p256();
    let token = ca.issuer.token().await;
    let body = holder.request(EMAIL).await;
    let first = ca.post(V2, Some(&token), &body).await.chain();
    let second = ca.post(V2, Some(&token), &body).await.chain();
    assert_ne!(first[0].serial(), second[0].serial());
}

#[tokio::test]
async fn uri_and_username_issuers_certify_the_subject() {
    let uri = "https://example.com/workloads/1";
    for (kind, subject_domain, subject, expected) in [
        (
            IssuerType::Uri,
            "https://example.com",
            uri,
            SubjectAlternativeName::Uri(uri.to_owned()),
        ),
        (
            IssuerType::Username,
            "example.com",
            "bob",
            SubjectAlternativeName::OtherName("bob!example.com".to_owned()),
        ),
    ] {
        let ca = TestCa::with(Setup {
            kind,
            subject_domain,
            ..Setup::default()
        })
        .await;
        let holder = Holder::p256();
        let token = ca.issuer.token_with("sub", json!(subject)).await;
        let chain = ca
            .post(V2, Some(&token), &holder.request(subject).await)
            .await
            .chain();
        assert_eq!(chain[0].identities().unwrap(), [expected]);
        let by_email = ca
            .post(V2, Some(&token), &holder.request(EMAIL).await)
            .await;
        assert_refused(
            &by_email,
            "E-CA-007",
            "The signature supplied in the request could not be verified",
        );
    }
}

#[tokio::test]
async fn refuses_every_bad_token_with_400_and_never_401() {
    let ca = TestCa::new().await;
    let stranger = TestCa::new().await;
    let issuer = &ca.issuer;
    let seconds = now().unix_timestamp();
    let mut without_exp = TestIssuer::claims();
    without_exp.as_object_mut().unwrap().remove("exp");
    let good = issuer.token().await;
    let (input, _) = good.rsplit_once('.').unwrap();
    for (name, token) in [
        ("none", String::new()),
        ("not a token", "nonsense".to_owned()),
        ("too large", "a".repeat(20_000)),
        ("no signature", format!("{input}.")),
        ("foreign signature", stranger.issuer.token().await),
        (
            "foreign issuer",
            issuer
                .token_with("iss", json!("https://evil.example"))
                .await,
        ),
        (
            "other audience",
            issuer.token_with("aud", json!("other")).await,
        ),
        ("expired", issuer.token_with("exp", json!(seconds)).await),
        ("without end", issuer.token_of(&without_exp).await),
        (
            "not yet valid",
            issuer.token_with("nbf", json!(seconds + 400)).await,
        ),
        (
            "address not verified",
            issuer.token_with("email_verified", json!(false)).await,
        ),
        ("no address", issuer.token_with("email", json!(null)).await),
        (
            "no e-mail address",
            issuer.token_with("email", json!("alice")).await,
        ),
        ("no subject", issuer.token_with("sub", json!(null)).await),
    ] {
        let answer = ca
            .post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}");
        assert_refused(
            &answer,
            "E-CA-004",
            "There was an error processing the identity token",
        );
    }
    let answer = ca
        .post(V2, None, &Holder::p256().request(EMAIL).await)
        .await;
    assert_refused(
        &answer,
        "E-CA-004",
        "There was an error processing the identity token",
    );
    assert!(
        !ca.ct_log.was_asked.load(Ordering::SeqCst),
        "nothing was signed"
    );
}

#[tokio::test]
async fn refuses_bad_keys_and_proofs() {
    let ca = TestCa::new().await;
    let token = ca.issuer.token().await;
    let (holder, other) = (Holder::p256(), Holder::p256());
    let mut changed_csr = holder.csr_der().await;
    let last = changed_csr.len() - 1;
    changed_csr[last] ^= 1;
    let key = |content: &str, proof: String| json!({"publicKeyRequest": {"publicKey": {"content": content}, "proofOfPossession": proof}});
    let csr = |content: String| json!({"certificateSigningRequest": STANDARD.encode(content)});
    let unproven = (
        "E-CA-007",
        "The signature supplied in the request could not be verified",
    );
    let malformed_key = (
        "E-CA-005",
        "The public key supplied in the request could not be parsed",
    );
    let malformed_csr = (
        "E-CA-008",
        "The certificate signing request could not be parsed",
    );
    let malformed = ("E-CA-001", "The request could not be parsed");
    for (name, body, (code, message)) in [
        (
            "proof over another name",
            key(&holder.pem(), holder.proof("bob@example.com").await),
            unproven,
        ),
        (
            "proof by another key",
            key(&holder.pem(), other.proof(EMAIL).await),
            unproven,
        ),
        ("no proof", key(&holder.pem(), String::new()), unproven),
        ("no key", key("", holder.proof(EMAIL).await), malformed_key),
        (
            "not a key",
            key(
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                String::new(),
            ),
            malformed_key,
        ),
        (
            "a certificate",
            key(&ca.chain.issuer().to_pem(), String::new()),
            malformed_key,
        ),
        (
            "weak key",
            key(WEAK_RSA_KEY, String::new()),
            (
                "E-CA-006",
                "The public key supplied in the request is insecure",
            ),
        ),
        (
            "csr with a broken signature",
            csr(csr_pem(&changed_csr)),
            unproven,
        ),
        ("not a csr", csr("nonsense".to_owned()), malformed_csr),
        (
            "csr under another label",
            csr(holder
                .csr()
                .await
                .replace("CERTIFICATE REQUEST", "CERTIFICATE")),
            malformed_csr,
        ),
        (
            "csr that is not base64",
            json!({"certificateSigningRequest": "%"}),
            malformed,
        ),
        ("neither", json!({}), malformed),
        ("not an object", json!([]), malformed),
        (
            "members without their names",
            json!([null, holder.request(EMAIL).await["publicKeyRequest"], null]),
            malformed,
        ),
        (
            "inner members without their names",
            json!({"publicKeyRequest": [{"content": holder.pem()}, holder.proof(EMAIL).await]}),
            malformed,
        ),
        (
            "both",
            {
                let mut both = holder.request(EMAIL).await;
                both["certificateSigningRequest"] = json!(STANDARD.encode(holder.csr().await));
                both
            },
            malformed,
        ),
    ] {
        let answer = ca.post(V2, Some(&token), &body).await;
        assert_eq!(
            answer.header("sigstead-code"),
            Some(code),
            "{name}: {}",
            answer.text()
        );
        assert_refused(&answer, code, message);
    }
    let answer = ca.post_bytes(V2, Some(&token), "{".into()).await;
    assert_refused(&answer, "E-CA-001", "The request could not be parsed");
    assert!(
        !ca.ct_log.was_asked.load(Ordering::SeqCst),
        "nothing was signed"
    );
}

#[tokio::test]
async fn a_fault_of_the_ct_log_gives_no_certificate() {
    for (fault, code) in [
        (Fault::RefusesChain, "E-CA-009"),
        (Fault::SignsWithAnotherKey, "E-CA-033"),
        (Fault::SignsAnotherEntry, "E-CA-033"),
        (Fault::ClockBehind, "E-CA-033"),
        (Fault::ClockAhead, "E-CA-033"),
    ] {
        let ca = TestCa::with(Setup {
            fault,
            ..Setup::default()
        })
        .await;
        let token = ca.issuer.token().await;
        let answer = ca
            .post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
            .await;
        assert_fault(&answer, code, "Error entering certificate in CTL");
        let answer = ca
            .post(V1, Some(&token), &legacy(&Holder::p256()).await)
            .await;
        assert_fault(&answer, code, "Error entering certificate in CTL");
    }
}

#[tokio::test]
async fn a_silent_ct_log_gives_no_certificate_and_says_when_to_come_back() {
    for fault in [Fault::Unreachable, Fault::Hangs] {
        let ca = TestCa::with(Setup {
            fault,
            ..Setup::default()
        })
        .await;
        let token = ca.issuer.token().await;
        let request = Holder::p256().request(EMAIL).await;
        let answer = ca.post(V2, Some(&token), &request).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("sigstead-code"), Some("E-CA-010"));
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
}

#[tokio::test]
async fn a_log_that_fails_again_and_again_is_left_in_peace_for_a_while() {
    let ca = TestCa::with(Setup {
        fault: Fault::Unreachable,
        ..Setup::default()
    })
    .await;
    let token = ca.issuer.token().await;
    for _ in 0..3 {
        ca.post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
            .await;
    }
    ca.ct_log.was_asked.store(false, Ordering::SeqCst);
    let answer = ca
        .post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
        .await;
    assert_eq!(answer.header("sigstead-code"), Some("E-CA-010"));
    assert!(!ca.ct_log.was_asked.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_clock_of_the_log_that_is_a_little_late_is_no_fault() {
    let ca = TestCa::with(Setup {
        fault: Fault::ClockALittleBehind,
        ..Setup::default()
    })
    .await;
    let token = ca.issuer.token().await;
    let request = Holder::p256().request(EMAIL).await;
    assert_eq!(ca.post(V2, Some(&token), &request).await.chain().len(), 3);
}

#[tokio::test]
async fn another_log_promises_when_the_first_does_not() {
    let at = now() + time::Duration::minutes(10);
    let (open, closed, later) = (
        Ends::default(),
        Ends {
            until: Some(at),
            ..Ends::default()
        },
        Ends {
            from: Some(at - time::Duration::seconds(1)),
            until: Some(at + time::Duration::DAY),
        },
    );
    for (fault, ends, second) in [
        (Fault::Unreachable, open, open),
        (Fault::RefusesChain, open, later),
        // Its interval ends a moment before the certificate does.
        (
            Fault::None,
            Ends {
                until: Some(at - time::Duration::seconds(1)),
                ..open
            },
            open,
        ),
    ] {
        let ca = TestCa::with(Setup {
            fault,
            ends,
            second: Some((Fault::None, second)),
            ..Setup::default()
        })
        .await;
        let token = ca.issuer.token().await;
        let answer = ca
            .post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
            .await;
        let list = answer.chain()[0].sct_list().unwrap().to_vec();
        let first = ca.ct_log.key.public_key().log_id();
        let found = list.windows(32).any(|window| window == first.as_bytes());
        assert!(!found, "{fault:?}: the first log did not promise");
        assert_eq!(
            ca.ct_log.was_asked.load(Ordering::SeqCst),
            fault != Fault::None
        );
    }
    let ca = TestCa::with(Setup {
        ends: Ends {
            from: Some(at + time::Duration::DAY),
            ..closed
        },
        ..Setup::default()
    })
    .await;
    let token = ca.issuer.token().await;
    let answer = ca
        .post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
        .await;
    assert_fault(
        &answer,
        "E-CA-053",
        "Error entering certificate in CTL: no log takes certificates that end at this time; the operator has to open one",
    );
    assert!(!ca.ct_log.was_asked.load(Ordering::SeqCst));
}

#[tokio::test]
async fn without_a_log_a_certificate_has_no_sct() {
    let ca = TestCa::with(Setup {
        has_log: false,
        ..Setup::default()
    })
    .await;
    let token = ca.issuer.token().await;
    let request = Holder::p256().request(EMAIL).await;
    let answer = ca.post(V2, Some(&token), &request).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let json = answer.json();
    let chain = &json["signedCertificateDetachedSct"]["chain"]["certificates"];
    let leaf = Certificate::from_pem(chain[0].as_str().unwrap()).unwrap();
    assert!(leaf.sct_list().is_err());
    assert!(leaf.extension(&sigstead_x509::oid::POISON).is_none());
}

#[tokio::test]
async fn a_certificate_begins_as_early_as_the_operator_says() {
    let ca = TestCa::with(Setup {
        backdate: time::Duration::minutes(1),
        ..Setup::default()
    })
    .await;
    let token = ca.issuer.token().await;
    let request = Holder::p256().request(EMAIL).await;
    let leaf = &ca.post(V2, Some(&token), &request).await.chain()[0];
    let issued = now().replace_nanosecond(0).unwrap();
    assert_eq!(leaf.not_before(), issued - time::Duration::minutes(1));
    assert_eq!(leaf.not_after(), issued + time::Duration::minutes(10));
}

#[tokio::test]
async fn keys_that_are_not_allowed_and_the_instances_own_are_not_certified() {
    let ca = TestCa::with(Setup {
        allowed: vec![Algorithm::EcdsaP256Sha256],
        ..Setup::default()
    })
    .await;
    let insecure = "The public key supplied in the request is insecure";
    for (holder, code) in [
        (Holder::new(Algorithm::Ed25519), "E-CA-031"),
        (Holder(ca.ct_log.key.clone()), "E-CA-032"),
    ] {
        let token = ca.issuer.token().await;
        let answer = ca
            .post(V2, Some(&token), &holder.request(EMAIL).await)
            .await;
        assert_refused(&answer, code, insecure);
    }
    assert!(ca.record.states().is_empty());
    let token = ca.issuer.token().await;
    ca.post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
        .await
        .chain();
}

/// Go's client writes every member, and null for what it has not.
#[tokio::test]
async fn v1_takes_the_certification_request_of_a_client_that_writes_all_members() {
    let ca = TestCa::new().await;
    let holder = Holder::p256();
    let request = STANDARD.encode(holder.csr().await);
    for public_key in [
        json!({"content": null}),
        json!({"content": STANDARD.encode(Holder::p256().pem())}),
    ] {
        let token = ca.issuer.token().await;
        let body = json!({
            "publicKey": public_key, "signedEmailAddress": null, "certificateSigningRequest": request,
        });
        let answer = ca.post(V1, Some(&token), &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        let chain = Certificate::chain_from_pem(answer.text()).unwrap();
        assert_eq!(chain[0].public_key(), holder.0.public_key());
    }
    let token = ca.issuer.token().await;
    let body = json!({"publicKeyRequest": {"publicKey": {"content": ""}}, "certificateSigningRequest": request});
    assert_eq!(ca.post(V2, Some(&token), &body).await.chain().len(), 3);
}

#[tokio::test]
async fn a_key_that_does_not_sign_is_a_fault_of_the_authority() {
    let ca = TestCa::with(Setup {
        signer_fails: true,
        ..Setup::default()
    })
    .await;
    let token = ca.issuer.token().await;
    let answer = ca
        .post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
        .await;
    assert_fault(&answer, "E-CA-011", "error communicating with CA backend");
    assert!(!ca.ct_log.was_asked.load(Ordering::SeqCst));
}

#[tokio::test]
async fn an_authority_at_its_end_issues_nothing() {
    let ca = TestCa::new().await;
    let late = now() + time::Duration::days(365) - time::Duration::minutes(1);
    ca.clock.set(late);
    let mut claims = TestIssuer::claims();
    claims["iat"] = json!(late.unix_timestamp());
    claims["exp"] = json!(late.unix_timestamp() + 60);
    let token = ca.issuer.token_of(&claims).await;
    let answer = ca
        .post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
        .await;
    assert_fault(&answer, "E-CA-012", "error communicating with CA backend");
}

#[tokio::test]
async fn an_issuer_that_is_down_asks_to_try_again() {
    let ca = TestCa::with(Setup {
        issuer_is_up: false,
        ..Setup::default()
    })
    .await;
    let token = ca.issuer.token().await;
    let answer = ca
        .post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
        .await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("sigstead-code"), Some("E-CA-013"));
    assert!(answer.header("retry-after").is_some());
    assert_eq!(answer.json()["code"], 14);
}

#[tokio::test]
async fn made_up_keys_do_not_make_an_issuer_look_down() {
    let ca = TestCa::new().await;
    let request = Holder::p256().request(EMAIL).await;
    let mut codes = Vec::new();
    for key_id in ["made-up-1", "made-up-2"] {
        let claims = TestIssuer::claims();
        let token = ca.issuer.token_of_key(key_id, &claims).await;
        let answer = ca.post(V2, Some(&token), &request).await;
        codes.push(answer.header("sigstead-code").unwrap().to_owned());
        if key_id == "made-up-2" {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.header("retry-after"), Some("60"));
        }
    }
    // The first waits for keys that come, and the second is told to come back.
    assert_eq!(codes[1], "E-CA-016", "{codes:?}");
}

async fn legacy(holder: &Holder) -> Value {
    json!({
        "publicKey": {"algorithm": "ecdsa", "content": STANDARD.encode(holder.pem())},
        "signedEmailAddress": holder.proof(EMAIL).await,
    })
}

#[tokio::test]
async fn v1_answers_201_with_pem_and_no_sct_header() {
    let ca = TestCa::new().await;
    let holder = Holder::p256();
    let token = ca.issuer.token().await;
    let mut der = legacy(&holder).await;
    der["publicKey"]["content"] = json!(STANDARD.encode(holder.0.public_key().spki_der()));
    let csr = json!({"certificateSigningRequest": STANDARD.encode(holder.csr().await)});
    for body in [legacy(&holder).await, der, csr] {
        let answer = ca.post(V1, Some(&token), &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        assert_eq!(
            answer.header("content-type"),
            Some("application/pem-certificate-chain")
        );
        assert_eq!(answer.header("sct"), None);
        assert!(
            !answer
                .headers
                .keys()
                .any(|name| name.as_str().starts_with("grpc-"))
        );
        let chain = Certificate::chain_from_pem(answer.text()).unwrap();
        assert_profile(&ca, &chain, &holder);
    }
}

#[tokio::test]
async fn v1_takes_the_token_from_the_header_only_and_refuses_like_v2() {
    let ca = TestCa::new().await;
    let holder = Holder::p256();
    let mut body = legacy(&holder).await;
    body["credentials"] = json!({"oidcIdentityToken": ca.issuer.token().await});
    let answer = ca.post(V1, None, &body).await;
    assert_refused(
        &answer,
        "E-CA-004",
        "There was an error processing the identity token",
    );
    let token = ca.issuer.token().await;
    body["signedEmailAddress"] = json!("");
    let answer = ca.post(V1, Some(&token), &body).await;
    assert_refused(
        &answer,
        "E-CA-007",
        "The signature supplied in the request could not be verified",
    );
    body["publicKey"]["content"] = json!(holder.pem());
    let answer = ca.post(V1, Some(&token), &body).await;
    assert_refused(&answer, "E-CA-001", "The request could not be parsed");
}

#[tokio::test]
async fn tells_the_trust_bundle_in_both_faces() {
    let ca = TestCa::new().await;
    let pems: Vec<String> = ca
        .chain
        .certificates()
        .iter()
        .map(Certificate::to_pem)
        .collect();
    let answer = ca.get("/api/v2/trustBundle").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json(), json!({"chains": [{"certificates": pems}]}));
    let answer = ca.get("/api/v1/rootCert").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.header("content-type"),
        Some("application/pem-certificate-chain")
    );
    assert_eq!(answer.text(), pems.concat());
}

#[tokio::test]
async fn tells_the_configuration_with_empty_members_and_one_of_the_oneof() {
    let ca = TestCa::new().await;
    let expected = json!({"issuers": [{
        "issuerUrl": ISSUER, "audience": "sigstore", "challengeClaim": "email", "spiffeTrustDomain": "",
        "issuerType": "email", "subjectDomain": "", "skipEmailVerification": false,
    }]});
    assert_eq!(ca.get("/api/v2/configuration").await.json(), expected);
}

#[tokio::test]
async fn answers_health_unknown_paths_wrong_methods_and_large_bodies_in_json() {
    let ca = TestCa::new().await;
    let answer = ca.get("/healthz").await;
    assert_eq!(
        (answer.status, answer.json()),
        (StatusCode::OK, json!({"status": "SERVING"}))
    );
    for (answer, status) in [
        (ca.get("/api/v2/nothing").await, StatusCode::NOT_FOUND),
        (ca.get(V2).await, StatusCode::METHOD_NOT_ALLOWED),
        (
            ca.post_bytes(V2, None, vec![b' '; 5 << 20].into()).await,
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
    ] {
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.json()["message"].is_string());
    }
}

#[tokio::test]
async fn any_origin_may_call() {
    let ca = TestCa::new().await;
    let request = http::Request::get("/api/v2/trustBundle").header("origin", "https://app.example");
    let request = request.body(Body::empty()).unwrap();
    let response = ca.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn counts_certificates_and_times_requests_under_fulcios_names() {
    let ca = TestCa::new().await;
    let token = ca.issuer.token().await;
    ca.post(V2, Some(&token), &Holder::p256().request(EMAIL).await)
        .await
        .chain();
    ca.post(V2, Some(&token), &json!({})).await;
    let families = ca.registry.gather();
    let family = |name: &str| {
        families
            .iter()
            .find(|family| family.name() == name)
            .unwrap()
    };
    assert_eq!(
        family("fulcio_new_certs").get_metric()[0]
            .get_counter()
            .get_value(),
        1.0
    );
    let latency = family("fulcio_api_latency");
    let mut labels: Vec<String> = latency
        .get_metric()
        .iter()
        .map(|metric| {
            metric
                .get_label()
                .iter()
                .map(|label| label.value())
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    labels.sort();
    assert_eq!(labels, ["200 post", "400 post"]);
}

#[tokio::test]
async fn grpc_issues_and_refuses_as_http_does() {
    let ca = TestCa::new().await;
    let service = tower::ServiceBuilder::new()
        .map_request(|request: http::Request<tonic::body::Body>| request.map(Body::new))
        .service(ca.router.clone());
    let mut client = wire::ca_client::CaClient::new(service);
    let holder = Holder::p256();
    let credentials = |token: String| wire::Credentials {
        credentials: Some(wire::credentials::Credentials::OidcIdentityToken(token)),
    };
    let request = wire::CreateSigningCertificateRequest {
        credentials: Some(credentials(ca.issuer.token().await)),
        key: Some(
            wire::create_signing_certificate_request::Key::PublicKeyRequest(
                wire::PublicKeyRequest {
                    public_key: Some(wire::PublicKey {
                        algorithm: 0,
                        content: holder.pem(),
                    }),
                    proof_of_possession: holder.0.sign(EMAIL.as_bytes()).await.unwrap(),
                },
            ),
        ),
    };
    let answer = client
        .create_signing_certificate(request.clone())
        .await
        .unwrap()
        .into_inner();
    let Some(wire::signing_certificate::Certificate::SignedCertificateEmbeddedSct(embedded)) =
        answer.certificate
    else {
        panic!("no embedded sct")
    };
    let pems = embedded.chain.unwrap().certificates;
    let chain: Vec<Certificate> = pems
        .iter()
        .map(|pem| Certificate::from_pem(pem).unwrap())
        .collect();
    assert_profile(&ca, &chain, &holder);

    let bad = wire::CreateSigningCertificateRequest {
        credentials: Some(credentials("x".to_owned())),
        ..request.clone()
    };
    let status = client.create_signing_certificate(bad).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    assert!(
        status
            .message()
            .starts_with("E-CA-004: There was an error processing the identity token")
    );
    let keyless = wire::CreateSigningCertificateRequest {
        key: None,
        ..request
    };
    let status = client
        .create_signing_certificate(keyless)
        .await
        .unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);

    let bundle = client
        .get_trust_bundle(wire::GetTrustBundleRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(bundle.chains[0].certificates.len(), 2);
    let configuration = client
        .get_configuration(wire::GetConfigurationRequest {})
        .await
        .unwrap()
        .into_inner();
    let issuer = &configuration.issuers[0];
    assert_eq!(
        issuer.issuer,
        Some(wire::oidc_issuer::Issuer::IssuerUrl(ISSUER.to_owned()))
    );
    assert_eq!(
        (issuer.audience.as_str(), issuer.issuer_type.as_str()),
        ("sigstore", "email")
    );
}

/// An RSA key of 1024 bits, made for this test.
const WEAK_RSA_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCuqYLt/gY2yuJmI3V0kn3SYGb\n\
    aFa5GWlTAM56jLWjTbJztREQMMux8X5kSIcjw8zIm/1Oir/jRNLHtjDWDN6Wil+X\n\
    dsp6OkUMfUceQPPKLAowuCZPTS2yquqp00X/PDXDPU6pTRMU29C1GOJmcPhvs7nn\n\
    pfhsYohlaAr5xAXkZwIDAQAB\n\
    -----END PUBLIC KEY-----\n";
