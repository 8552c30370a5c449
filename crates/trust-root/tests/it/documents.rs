//! The JSON documents: what is written reads back, and nothing else is read.

use serde_json::{Value, json};
use sigstead_trust_root::{
    Base64Bytes, ClientTrustConfig, Error, SigningConfig, TimeRange, TrustedRoot,
};
use time::{Duration, OffsetDateTime};

use crate::world::{day, range, state};

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// Where a document has objects: each of these may not have an unknown member.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(at.to_owned());
            for (name, member) in members {
                objects(member, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn with_unknown_member(document: &Value, at: &str) -> Vec<u8> {
    let mut document = document.clone();
    document.pointer_mut(at).unwrap()["unknown"] = json!(1);
    document.to_string().into_bytes()
}

#[test]
fn the_documents_read_back_as_they_were_written() {
    let state = state();
    let root = state.trusted_root().unwrap();
    assert_eq!(TrustedRoot::parse(&root.encode()).unwrap(), root);
    let config = state.signing_config();
    assert_eq!(SigningConfig::parse(&config.encode()).unwrap(), config);
    let both = state.client_trust_config().unwrap();
    let read: ClientTrustConfig = serde_json::from_slice(&both.encode()).unwrap();
    assert_eq!(read, both);
    assert_eq!((read.trusted_root, read.signing_config), (root, config));
    assert_eq!(read.media_type, ClientTrustConfig::MEDIA_TYPE);
}

#[test]
fn a_document_ends_with_one_newline() {
    for bytes in [
        state().trusted_root().unwrap().encode(),
        state().signing_config().encode(),
    ] {
        assert!(bytes.ends_with(b"}\n"));
    }
}

#[test]
fn an_unknown_member_is_refused_wherever_it_stands() {
    let root = json(&state().trusted_root().unwrap().encode());
    let config = json(&state().signing_config().encode());
    let (mut in_root, mut in_config) = (Vec::new(), Vec::new());
    objects(&root, "", &mut in_root);
    objects(&config, "", &mut in_config);
    assert!(in_root.len() > 20 && in_config.len() > 5);
    for at in in_root {
        let refused = TrustedRoot::parse(&with_unknown_member(&root, &at));
        assert!(matches!(refused, Err(Error::Malformed { .. })), "{at}");
    }
    for at in in_config {
        let refused = SigningConfig::parse(&with_unknown_member(&config, &at));
        assert!(matches!(refused, Err(Error::Malformed { .. })), "{at}");
    }
}

#[test]
fn other_media_types_are_refused() {
    let mut root = json(&state().trusted_root().unwrap().encode());
    let mut config = json(&state().signing_config().encode());
    for other in [
        "",
        "application/json",
        "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.signingconfig.v0.1+json",
    ] {
        root["mediaType"] = json!(other);
        config["mediaType"] = json!(other);
        let refused = TrustedRoot::parse(root.to_string().as_bytes());
        assert!(matches!(refused, Err(Error::MediaType { found, .. }) if found == other));
        let refused = SigningConfig::parse(config.to_string().as_bytes());
        assert!(matches!(refused, Err(Error::MediaType { found, .. }) if found == other));
    }
}

#[test]
fn what_is_no_document_is_refused() {
    let root = state().trusted_root().unwrap().encode();
    let twice = [root.clone(), root.clone()].concat();
    for bytes in [
        &b""[..],
        b"{}",
        b"[]",
        b"null",
        &root[..root.len() / 2],
        &twice,
    ] {
        assert!(TrustedRoot::parse(bytes).is_err());
    }
    assert!(SigningConfig::parse(&root).is_err());
}

#[test]
fn bytes_are_padded_standard_base64_and_nothing_else() {
    let bytes = Base64Bytes::from(vec![0xfb, 0xff, 0xfe, 0x01]);
    assert_eq!(serde_json::to_value(&bytes).unwrap(), json!("+//+AQ=="));
    let read = |text| serde_json::from_value::<Base64Bytes>(json!(text));
    assert_eq!(read("+//+AQ==").unwrap(), bytes);
    for text in ["-__-AQ==", "+//+AQ", "+//+AQ==\n", "!"] {
        assert!(read(text).is_err(), "{text:?}");
    }
}

#[test]
fn times_are_written_in_utc() {
    assert_eq!(
        serde_json::to_value(range(0, Some(1))).unwrap(),
        json!({ "start": "2023-11-14T22:13:20Z", "end": "2023-11-15T22:13:20Z" })
    );
    assert_eq!(
        serde_json::to_value(TimeRange::since(day(0))).unwrap(),
        json!({ "start": "2023-11-14T22:13:20Z" })
    );
    assert!(serde_json::from_value::<TimeRange>(json!({ "start": "2023-11-14" })).is_err());
}

#[test]
fn a_range_covers_its_first_and_its_last_instant() {
    let ended = range(0, Some(10));
    let instant = Duration::nanoseconds(1);
    for (at, covered) in [
        (day(0) - instant, false),
        (day(0), true),
        (day(5), true),
        (day(10), true),
        (day(10) + instant, false),
    ] {
        assert_eq!(ended.covers(at), covered, "{at}");
    }
    assert!(TimeRange::since(day(0)).covers(day(100_000)));
    assert!(!TimeRange::since(day(0)).covers(day(-1)));
    assert!(!range(10, Some(0)).covers(day(5)));
}

#[test]
fn a_range_without_a_start_covers_nothing() {
    let endless = TimeRange::default();
    let ended = TimeRange {
        start: None,
        end: Some(day(10)),
    };
    for at in [OffsetDateTime::UNIX_EPOCH, day(0), day(10), day(11)] {
        assert!(!endless.covers(at) && !ended.covers(at), "{at}");
    }
}

#[test]
fn an_authority_without_certificates_or_with_unreadable_ones_has_no_chain() {
    let root = state().trusted_root().unwrap();
    let mut authority = root.certificate_authorities[0].clone();
    assert_eq!(authority.chain().unwrap().len(), 2);
    authority.cert_chain.certificates[1].raw_bytes = vec![1].into();
    assert!(matches!(authority.chain(), Err(Error::Certificate { .. })));
    authority.cert_chain.certificates.clear();
    assert!(matches!(authority.chain(), Err(Error::EmptyChain { .. })));
}
