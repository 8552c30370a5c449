//! The JSON documents: what is written reads back, and nothing else is read.

use serde_json::{Value, json};
use sigstead_trust_root::{
    Base64Bytes, ClientTrustConfig, Error, SigningConfig, TimeRange, TrustedRoot,
};
use time::{Duration, OffsetDateTime};

use crate::world::{day, range, state};

/// What is changed, and how.
type Change = (&'static str, fn(&mut Value));

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
        assert!(matches!(refused, Err(Error::NotProtoJson { .. })), "{at}");
    }
    for at in in_config {
        let refused = SigningConfig::parse(&with_unknown_member(&config, &at));
        assert!(matches!(refused, Err(Error::NotProtoJson { .. })), "{at}");
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
fn bytes_are_written_in_padded_standard_base64() {
    let bytes = Base64Bytes::from(vec![0xfb, 0xff, 0xfe, 0x01]);
    assert_eq!(serde_json::to_value(&bytes).unwrap(), json!("+//+AQ=="));
}

#[test]
fn a_trusted_root_is_read_in_every_spelling_of_protojson() {
    let expected = state().trusted_root().unwrap();
    let table: [Change; 5] = [
        ("null for what has a default", |root| {
            root["tlogs"][0]["checkpointKeyId"] = Value::Null;
            root["certificateAuthorities"][0]["validFor"]["end"] = Value::Null;
        }),
        ("enumerations by number", |root| {
            root["tlogs"][0]["hashAlgorithm"] = json!(1);
            root["tlogs"][0]["publicKey"]["keyDetails"] = json!(5);
        }),
        ("original names", |root| {
            let authorities = root["certificateAuthorities"].take();
            root.as_object_mut()
                .unwrap()
                .remove("certificateAuthorities");
            root["certificate_authorities"] = authorities;
            let key = root["tlogs"][0]["logId"]["keyId"].take();
            root["tlogs"][0]["logId"] = json!({ "key_id": key });
        }),
        ("the URL-safe alphabet without padding", |root| {
            let bytes = &mut root["certificateAuthorities"][0]["certChain"]["certificates"][0];
            let text = bytes["rawBytes"].as_str().unwrap();
            let text = text.replace('+', "-").replace('/', "_");
            bytes["rawBytes"] = json!(text.trim_end_matches('='));
        }),
        ("times with another offset", |root| {
            let start = &mut root["tlogs"][0]["publicKey"]["validFor"]["start"];
            let text = start.as_str().unwrap().replace('Z', "+00:00");
            *start = json!(text);
        }),
    ];
    for (what, change) in table {
        let mut root = json(&expected.encode());
        change(&mut root);
        let read = TrustedRoot::parse(root.to_string().as_bytes());
        assert_eq!(read.ok().as_ref(), Some(&expected), "{what}");
    }
}

#[test]
fn an_authority_needs_no_subject_and_nobody_an_operator() {
    let mut root = json(&state().trusted_root().unwrap().encode());
    root["certificateAuthorities"][0]
        .as_object_mut()
        .unwrap()
        .remove("subject");
    for member in ["tlogs", "certificateAuthorities"] {
        root[member][0]["operator"] = Value::Null;
    }
    let read = TrustedRoot::parse(root.to_string().as_bytes()).unwrap();
    assert_eq!(read.certificate_authorities[0].subject.common_name, "");
    assert_eq!(read.tlogs[0].operator, "");
}

#[test]
fn a_trusted_root_of_arrays_or_odd_values_is_refused() {
    let table: [Change; 5] = [
        ("/tlogs/0/logId", |value| *value = json!([value["keyId"]])),
        ("/tlogs/0", |value| {
            *value = value.as_object().unwrap().values().cloned().collect()
        }),
        ("/tlogs/0/hashAlgorithm", |value| *value = json!("SHA2-256")),
        ("/tlogs/0/publicKey/keyDetails", |value| *value = json!("5")),
        ("/tlogs/0/publicKey/rawBytes", |value| {
            *value = json!("-_+/")
        }),
    ];
    for (at, change) in table {
        let mut root = json(&state().trusted_root().unwrap().encode());
        change(root.pointer_mut(at).unwrap());
        let refused = TrustedRoot::parse(root.to_string().as_bytes()).unwrap_err();
        let Error::NotProtoJson { source, .. } = refused else {
            unreachable!("{at}: {refused}");
        };
        assert!(source.to_string().starts_with("tlogs[0]"), "{at}: {source}");
    }
}

#[test]
fn several_trusted_roots_stand_in_a_line_each() {
    let root = state().trusted_root().unwrap();
    let line = json(&root.encode()).to_string();
    let table = [
        (format!("{line}\n"), Some(1)),
        (format!("{line}\n{line}\n"), Some(2)),
        (format!("{line}\r\n\n  \n{line}"), Some(2)),
        (format!("{line}\n{{}}\n"), None),
        (format!("{{}}\n{line}\n"), None),
        (String::new(), None),
    ];
    for (text, count) in table {
        let read = TrustedRoot::parse_all(text.as_bytes());
        assert_eq!(read.ok().map(|roots| roots.len()), count, "{text}");
    }
    let indented = TrustedRoot::parse_all(&root.encode()).unwrap();
    assert_eq!(indented, [root]);
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
