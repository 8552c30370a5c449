//! Requests up to the limit of their route, and one byte beyond it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};
use sigstead_key::Algorithm;
use sigstead_proto::intoto::Envelope;
use sigstead_proto::json::Unknown;
use sigstead_proto::rekor::v2::CreateEntryRequest;
use sigstead_proto::rekor::v2::create_entry_request::Spec;
use sigstead_proto::rekor::v2::rekor_client::RekorClient;

use crate::rekor_v1::verified;
use crate::world::{Answer, Signed, TestTlog};

#[tokio::test]
async fn rekor_v1_logs_attestations_up_to_its_limit() {
    let tlog = TestTlog::of_rekor_v1().await;
    for (index, length) in [2_500_000, V1_LIMIT].into_iter().enumerate() {
        let body = padded(v1_dsse(length).await, length);
        let answer = tlog.post_v1(V1_ENTRIES, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        let (_, entry) = verified(&tlog, &answer).await;
        assert_eq!(entry["logIndex"], index);
    }
    let body = padded(v1_dsse(V1_LIMIT).await, V1_LIMIT + 1);
    let answer = tlog.post_v1(V1_ENTRIES, body).await;
    too_large(&answer, V1_LIMIT);
    assert_eq!(answer.json()["code"], 413);
}

#[tokio::test]
async fn rekor_v2_logs_attestations_up_to_its_limit() {
    let tlog = TestTlog::new().await;
    let body = padded(v2_dsse(V2_LIMIT).await, V2_LIMIT);
    let answer = tlog.post(body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    assert_eq!(answer.json()["logIndex"], "0");
    let body = padded(v2_dsse(V2_LIMIT).await, V2_LIMIT + 1);
    too_large(&tlog.post(body).await, V2_LIMIT);
    tlog.verify_log().await;
}

#[tokio::test]
async fn rekor_v2_takes_messages_as_large_and_no_long_lists() {
    let tlog = TestTlog::new().await;
    let mut client = RekorClient::new(tlog.router.clone());
    let message = wire_dsse(&v2_dsse(V2_LIMIT).await);
    let entry = client.create_entry(message.clone()).await.unwrap();
    assert_eq!(entry.into_inner().log_index, 0);
    let mut long = message.clone();
    envelope(&mut long).payload.resize(V2_LIMIT, b'x');
    let mut many = message;
    envelope(&mut many).payload.clear();
    envelope(&mut many)
        .signatures
        .resize_with(1_025, Default::default);
    for (message, code, limit) in [
        // The head of its frame included.
        (long, "E-KIT-004", V2_LIMIT + 5),
        (many, "E-KIT-017", 1_024),
    ] {
        let refused = client.create_entry(message).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
        assert_eq!(refused.metadata().get("sigstead-code").unwrap(), code);
        let text = refused.message();
        assert!(text.contains(&limit.to_string()), "{text}");
    }
    tlog.verify_log().await;
}

fn wire_dsse(request: &Value) -> CreateEntryRequest {
    let json = request.to_string();
    sigstead_proto::json::decode(json.as_bytes(), Unknown::Refuse).unwrap()
}

fn envelope(request: &mut CreateEntryRequest) -> &mut Envelope {
    match &mut request.spec {
        Some(Spec::DsseRequestV002(dsse)) => dsse.envelope.as_mut().unwrap(),
        other => unreachable!("{other:?}"),
    }
}

/// The refusal is the service's own: JSON with its code and the limit.
fn too_large(answer: &Answer, limit: usize) {
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("sigstead-code"), "E-KIT-004");
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&limit.to_string()), "{message}");
}

async fn v1_dsse(length: usize) -> Value {
    let (envelope, signed) = attestation(length).await;
    let key = STANDARD.decode(&signed.public_key).unwrap();
    let key = sigstead_key::PublicKey::from_spki_der(&key).unwrap();
    json!({"kind": "dsse", "apiVersion": "0.0.1", "spec": {"proposedContent": {
        "envelope": envelope.to_string(),
        "verifiers": [STANDARD.encode(key.to_pem())],
    }}})
}

async fn v2_dsse(length: usize) -> Value {
    let (envelope, signed) = attestation(length).await;
    json!({"dsseRequestV002": {"envelope": envelope, "verifiers": [signed.verifier()]}})
}

/// An envelope whose request takes a little less than `length`.
async fn attestation(length: usize) -> (Value, Signed) {
    let payload_type = "application/vnd.in-toto+json";
    let statement = json!({"predicate": "x".repeat(length / 4 * 3 - 2000)}).to_string();
    let pae = sigstead_entry::pae(payload_type, statement.as_bytes());
    let signed = Signed::new(Algorithm::EcdsaP256Sha256, &pae).await;
    let envelope = json!({
        "payloadType": payload_type,
        "payload": STANDARD.encode(&statement),
        "signatures": [{"sig": signed.signature, "keyid": ""}],
    });
    (envelope, signed)
}

/// Blanks after the document change nothing of its meaning.
fn padded(document: Value, length: usize) -> String {
    let mut document = document.to_string();
    assert!(document.len() > length - 4000, "{}", document.len());
    document.push_str(&" ".repeat(length - document.len()));
    document
}

const V1_ENTRIES: &str = "/api/v1/log/entries";
const V1_LIMIT: usize = 8 * 1024 * 1024;
const V2_LIMIT: usize = 4 * 1024 * 1024;
