//! What the JSON of strangers costs in memory while it is read. One test, because it counts what the whole process takes.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};
use sigstead_entry::v1::{ProposedEntry, SearchQuery};
use sigstead_key::Algorithm;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const LENGTH: usize = 2_000_000;

#[test]
fn json_costs_a_small_multiple_of_its_length_whatever_is_in_it() {
    let objects = many(r#"{"":0}"#);
    let strings = many(r#""""#);
    let proposal = |kind: &str, spec: &str| {
        let (kind, version) = kind.split_once(' ').unwrap();
        format!(r#"{{"kind":"{kind}","apiVersion":"{version}","spec":{spec}}}"#)
    };
    let dsse = |envelope: &str, verifiers: &str| {
        let envelope = json!(envelope);
        let proposed = format!(r#"{{"envelope":{envelope},"verifiers":{verifiers}}}"#);
        proposal(
            "dsse 0.0.1",
            &format!(r#"{{"proposedContent":{proposed}}}"#),
        )
    };
    let envelope = |signatures: &str| {
        format!(r#"{{"payloadType":"a","payload":"","signatures":{signatures}}}"#)
    };
    let refused = [
        ("a list as spec", proposal("hashedrekord 0.0.1", &objects)),
        (
            "an unknown member",
            proposal("hashedrekord 0.0.1", &format!(r#"{{"x":{objects}}}"#)),
        ),
        ("a deep spec", proposal("dsse 0.0.1", &"[".repeat(LENGTH))),
        ("verifiers", dsse(&envelope("[]"), &strings)),
        (
            "signatures",
            dsse(&envelope(&many(r#"{"sig":""}"#)), r#"[""]"#),
        ),
        (
            "signatures as lists",
            dsse(&envelope(&many(r#"[""]"#)), r#"[""]"#),
        ),
        (
            "signatures of intoto",
            proposal(
                "intoto 0.0.2",
                &format!(
                    r#"{{"content":{{"envelope":{{"payloadType":"a","payload":"","signatures":{}}}}}}}"#,
                    many(r#"{"publicKey":"","sig":""}"#)
                ),
            ),
        ),
        ("a list as entry", objects.clone()),
    ];
    for (what, text) in refused {
        let cost = cost(&text, |text| {
            assert!(ProposedEntry::from_json(text).is_err(), "{what}");
        });
        println!("{what}: {cost:.1}");
        assert!(cost < 4.0, "{what} costs {cost:.1} times its length");
    }
    let query = format!(r#"{{"x":{objects}}}"#);
    let cost_of_query = cost(&query, |text| {
        SearchQuery::from_json(text).unwrap();
    });
    assert!(cost_of_query < 1.0, "a query costs {cost_of_query:.1}");
    for (what, payload) in [
        ("a long payload", "x".repeat(LENGTH)),
        ("subjects", statement(&many(r#"{"digest":{"a":"b"}}"#))),
        ("empty subjects", statement(&many("{}"))),
        (
            "digests",
            statement(&format!(r#"[{{"digest":{}}}]"#, many_members())),
        ),
    ] {
        let text = signed(&payload).to_string();
        let cost = cost(&text, |text| {
            ProposedEntry::from_json(text).unwrap().verify().unwrap();
        });
        println!("{what}: {cost:.1}");
        assert!(cost < 4.0, "{what} costs {cost:.1} times its length");
    }
}

/// How many times the length of a text is in memory at most while it is read.
fn cost(text: &str, read: impl FnOnce(&[u8])) -> f64 {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    read(text.as_bytes());
    (MEMORY.peak_usage() - before) as f64 / text.len() as f64
}

fn many(element: &str) -> String {
    let count = LENGTH / (element.len() + 1);
    format!("[{}]", vec![element; count].join(","))
}

fn many_members() -> String {
    let members = (0..LENGTH / 14).map(|number| format!(r#""{number:06}":"b""#));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn statement(subjects: &str) -> String {
    format!(r#"{{"_type":"https://in-toto.io/Statement/v1","subject":{subjects}}}"#)
}

/// A right entry of kind `dsse` over a payload.
fn signed(payload: &str) -> Value {
    let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let pae = sigstead_entry::pae(PAYLOAD_TYPE, payload.as_bytes());
    let signature = futures::executor::block_on(signer.sign(&pae)).unwrap();
    let envelope = json!({
        "payloadType": PAYLOAD_TYPE,
        "payload": STANDARD.encode(payload),
        "signatures": [{"sig": STANDARD.encode(signature)}],
    });
    json!({
        "kind": "dsse",
        "apiVersion": "0.0.1",
        "spec": {"proposedContent": {
            "envelope": envelope.to_string(),
            "verifiers": [STANDARD.encode(signer.public_key().to_pem())],
        }},
    })
}

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
