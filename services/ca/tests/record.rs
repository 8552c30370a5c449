//! What the authority can show later.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use http::StatusCode;
use serde_json::json;
use sigstead_issuance::{Issuance, Outcome, Stage};
use sigstead_key::HashAlgorithm;
use sigstead_proto::fulcio::v2 as wire;
use sigstead_x509::Certificate;
use world::holder::Holder;
use world::{Answer, EMAIL, Fault, ISSUER, Setup, TestCa};

const V2: &str = "/api/v2/signingCert";

async fn ask(ca: &TestCa) -> Answer {
    let (token, holder) = (ca.issuer.token().await, Holder::p256());
    ca.post(V2, Some(&token), &holder.request(EMAIL).await)
        .await
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(HashAlgorithm::Sha256.digest(bytes))
}

fn steps(states: &[Issuance]) -> Vec<(Stage, Outcome)> {
    states
        .iter()
        .map(|state| (state.stage, state.outcome))
        .collect()
}

#[tokio::test]
async fn says_what_will_be_signed_and_what_was() {
    let ca = TestCa::new().await;
    let holder = Holder::p256();
    let token = ca.issuer.token_with("jti", json!("token-7")).await;
    let answer = ca
        .post(V2, Some(&token), &holder.request(EMAIL).await)
        .await;
    let chain = answer.chain();
    let states = ca.record.states();
    assert_eq!(
        steps(&states),
        [
            (Stage::Precertificate, Outcome::Open),
            (Stage::Log, Outcome::Open),
            (Stage::Answer, Outcome::Issued),
        ]
    );
    for state in &states {
        assert_eq!(
            (
                state.issuer.as_str(),
                state.subject.as_str(),
                state.identity.as_str()
            ),
            (ISSUER, "user-1", EMAIL)
        );
        assert_eq!(state.token_id.as_deref(), Some("token-7"));
        assert_eq!(state.token_sha256, sha256(token.as_bytes()));
        assert_eq!(state.key, holder.0.public_key().fingerprint());
        assert_eq!(state.authority, sha256(chain[1].to_der()));
        assert_eq!(state.not_before, chain[0].not_before());
        assert_eq!(state.not_after, chain[0].not_after());
        assert_eq!(state.id, states[0].id);
        let text = serde_json::to_string(state).unwrap();
        assert!(
            !text.contains(&token),
            "a token is a secret for as long as it lives"
        );
        assert!(text.contains(&hex::encode(chain[0].serial())), "{text}");
    }
    let issued = &states[2];
    assert_eq!(issued.certificate_sha256, Some(sha256(chain[0].to_der())));
    let submitted = ca.ct_log.submissions.lock().unwrap()[0][0].clone();
    assert_eq!(issued.precertificate_sha256, Some(sha256(&submitted)));
    assert_eq!(states[1].precertificate_sha256, Some(sha256(&submitted)));
    let precertificate = Certificate::from_der(&submitted).unwrap();
    assert_eq!(states[0].tbs_sha256, sha256(precertificate.tbs_der()));
    let logged = issued.logged.as_ref().unwrap();
    assert_eq!(
        logged.log_id,
        hex::encode(ca.ct_log.key.public_key().log_id().as_bytes())
    );
    assert!(states[0].logged.is_none() && states[1].certificate_sha256.is_none());
}

#[tokio::test]
async fn a_failure_is_recorded_with_its_stage_and_cause() {
    let signer = Setup {
        signer_fails: true,
        ..Setup::default()
    };
    let log = Setup {
        fault: Fault::Unreachable,
        ..Setup::default()
    };
    let refused = Setup {
        fault: Fault::RefusesChain,
        ..Setup::default()
    };
    for (setup, stage, cause) in [
        (signer, Stage::Precertificate, "did not sign"),
        (log, Stage::Log, "nobody listens"),
        (refused, Stage::Log, "unknown root"),
    ] {
        let ca = TestCa::with(setup).await;
        ask(&ca).await;
        let last = ca.record.states().pop().unwrap();
        assert_eq!((last.stage, last.outcome), (stage, Outcome::Failed));
        let failure = last.failure.unwrap();
        assert!(failure.contains(cause), "{failure}");
        assert!(last.certificate_sha256.is_none());
    }
}

#[tokio::test]
async fn the_record_has_the_number_that_the_answer_carries() {
    let ca = TestCa::with(Setup {
        signer_fails: true,
        ..Setup::default()
    })
    .await;
    let answer = ask(&ca).await;
    let number = answer.header("sigstead-request-id").unwrap().to_owned();
    let (token, holder) = (ca.issuer.token().await, Holder::p256());
    let router = tower::ServiceBuilder::new()
        .map_request(|request: http::Request<tonic::body::Body>| request.map(axum::body::Body::new))
        .service(ca.router.clone());
    let mut request = tonic::Request::new(wire::CreateSigningCertificateRequest {
        credentials: Some(wire::Credentials {
            credentials: Some(wire::credentials::Credentials::OidcIdentityToken(token)),
        }),
        key: Some(
            wire::create_signing_certificate_request::Key::CertificateSigningRequest(
                holder.csr().await.into_bytes(),
            ),
        ),
    });
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    request
        .metadata_mut()
        .insert("traceparent", parent.parse().unwrap());
    let mut client = wire::ca_client::CaClient::new(router);
    let status = client
        .create_signing_certificate(request)
        .await
        .unwrap_err();
    let of_call = status.metadata().get("sigstead-request-id").unwrap();
    let of_call = of_call.to_str().unwrap().to_owned();
    let states = ca.record.states();
    let numbers: Vec<_> = states
        .iter()
        .map(|state| state.request_id.clone())
        .collect();
    let (number, of_call) = (Some(number), Some(of_call));
    assert_ne!(number, of_call);
    assert_eq!(numbers, [number.clone(), number, of_call.clone(), of_call]);
    assert_eq!(states[0].trace_id, None);
    assert_eq!(states[3].trace_id.as_deref(), Some(trace));
}

#[tokio::test]
async fn what_is_refused_leaves_no_record() {
    let ca = TestCa::new().await;
    let answer = ca
        .post(
            V2,
            Some("no.token.at-all"),
            &Holder::p256().request(EMAIL).await,
        )
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(ca.record.states().is_empty());
}

#[tokio::test]
async fn without_a_record_there_is_no_signature_and_no_log_is_asked() {
    let ca = TestCa::new().await;
    ca.record.set_full(true);
    let answer = ask(&ca).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("sigstead-code"), Some("E-CA-030"));
    assert_eq!(answer.header("retry-after"), Some("10"));
    assert!(ca.ct_log.submissions.lock().unwrap().is_empty());
    ca.record.set_full(false);
    ask(&ca).await.chain();
}

#[tokio::test]
async fn a_certificate_whose_end_cannot_be_recorded_does_not_leave() {
    let ca = TestCa::new().await;
    // The intention and the submission fit, and the end does not.
    ca.record.take_only(2);
    let answer = ask(&ca).await;
    assert_eq!(answer.header("sigstead-code"), Some("E-CA-030"));
    assert!(!answer.text().contains("BEGIN CERTIFICATE"));
    let last = ca.record.states().pop().unwrap();
    assert_eq!((last.stage, last.outcome), (Stage::Log, Outcome::Open));
    assert_eq!(
        ca.ct_log.submissions.lock().unwrap().len(),
        1,
        "nothing else refused first"
    );
}

#[tokio::test]
async fn an_issuance_ends_although_nobody_waits_for_it() {
    let ca = TestCa::with(Setup {
        fault: Fault::WaitsForTheGate,
        ..Setup::default()
    })
    .await;
    let (token, holder) = (ca.issuer.token().await, Holder::p256());
    let body = holder.request(EMAIL).await;
    {
        let asked = ca.ct_log.asked.notified();
        let request = ca.post(V2, Some(&token), &body);
        tokio::select! {
            _ = request => panic!("the log has not answered yet"),
            () = asked => {}
        }
    }
    // The request is dropped now, as it is when a client hangs up.
    ca.ct_log.gate.add_permits(1);
    let ended = async {
        loop {
            let last = ca.record.states().pop().unwrap();
            if last.outcome != Outcome::Open {
                return last;
            }
            tokio::task::yield_now().await;
        }
    };
    let last = ended.await;
    assert_eq!((last.stage, last.outcome), (Stage::Answer, Outcome::Issued));
}
