//! A gRPC client that is not ours drives every service with types learned by reflection.

use std::process::Command;

use serde_json::{Map, Value, json};
use sigstead_integration::{SERVICES, client, run, shared};

use crate::PERSON;

#[test]
fn a_certificate_an_entry_and_a_timestamp_are_made_through_reflection() {
    let Some(python) = client::python() else {
        return;
    };
    let instance = shared();
    let mut addresses = Map::new();
    for service in SERVICES {
        let url = instance.url(service);
        addresses.insert(service.to_owned(), url.trim_start_matches("http://").into());
    }
    addresses.insert("token".to_owned(), instance.token(PERSON).unwrap().into());
    let file = instance.work().join("grpc.json");
    std::fs::write(&file, Value::Object(addresses).to_string()).unwrap();

    let output = run(Command::new(python)
        .arg(client::script("grpc_client.py"))
        .arg(&file))
    .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (service, name) in [
        ("ca", "dev.sigstore.fulcio.v2.CA"),
        ("tlog", "dev.sigstore.rekor.v2.Rekor"),
        ("ctlog", "sigstead.ct.v1.CtLog"),
        ("tsa", "sigstead.timestamp.v1.TimestampAuthority"),
        ("tuf", "sigstead.trustroot.v1.TrustRoot"),
    ] {
        let listed = answer["services"][service].as_array().unwrap();
        assert!(listed.contains(&json!(name)), "{service} lists {listed:?}");
    }
    for service in SERVICES {
        assert_eq!(answer["health"][service], "SERVING", "{service}");
    }
    assert_eq!(answer["certificates"], 3, "leaf, intermediate, root");
    assert_eq!(answer["garbage_token"], "INVALID_ARGUMENT");
    assert_eq!(
        answer["entry"],
        json!({"kind": "hashedrekord", "index_in_tree": true, "checkpoint": true})
    );
    assert_eq!(answer["bad_signature"], "INVALID_ARGUMENT");
    assert!(answer["timestamp_octets"].as_u64().unwrap() > 100);
    assert_eq!(answer["bad_query"], "INVALID_ARGUMENT");
    let fields = answer["trusted_root_fields"].as_array().unwrap();
    assert!(!fields.is_empty(), "the trusted root is not empty");
}
