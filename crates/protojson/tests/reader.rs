//! What is read, and what is not.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use sigstead_protojson::{Base64Bytes, Unknown, enumeration, from_slice, int64, plain};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Message {
    media_type: String,
    raw_bytes: Base64Bytes,
    #[serde(with = "int64")]
    log_index: u64,
    version: u32,
    offset: i32,
    #[serde(deserialize_with = "colour")]
    colour: String,
    x509_chain: Option<Box<Self>>,
    tlog_entries: Vec<Self>,
    labels: BTreeMap<String, String>,
    is_final: bool,
}

fn colour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    enumeration::deserialize(deserializer, &[(0, "COLOUR_UNSPECIFIED"), (1, "RED")])
}

fn read(json: &str) -> Result<Message, String> {
    from_slice(json.as_bytes(), Unknown::Refuse).map_err(|error| error.to_string())
}

#[test]
fn reads_every_spelling_of_a_value() {
    let bytes = || Message {
        raw_bytes: vec![0xfb, 0xff, 0xfe, 0].into(),
        ..Message::default()
    };
    let index = || Message {
        log_index: 100,
        ..Message::default()
    };
    let red = || Message {
        colour: "RED".to_owned(),
        ..Message::default()
    };
    let table = [
        (r#"{"rawBytes":"+//+AA=="}"#, bytes()),
        (r#"{"rawBytes":"+//+AA"}"#, bytes()),
        (r#"{"rawBytes":"-__-AA=="}"#, bytes()),
        (r#"{"rawBytes":"-__-AA"}"#, bytes()),
        (r#"{"raw_bytes":"+//+AA=="}"#, bytes()),
        (r#"{"logIndex":"100"}"#, index()),
        (r#"{"logIndex":100}"#, index()),
        (r#"{"logIndex":100.0}"#, index()),
        (r#"{"logIndex":"1e2"}"#, index()),
        (r#"{"log_index":1e2}"#, index()),
        (r#"{"colour":"RED"}"#, red()),
        (r#"{"colour":1}"#, red()),
    ];
    for (json, expected) in table {
        assert_eq!(read(json).as_ref(), Ok(&expected), "{json}");
    }
}

#[test]
fn null_is_the_default_of_every_field() {
    let json = r#"{"mediaType":null,"rawBytes":null,"logIndex":null,"version":null,"offset":null,"colour":null,
        "x509Chain":null,"tlogEntries":null,"labels":null,"isFinal":null}"#;
    assert_eq!(read(json), Ok(Message::default()));
}

#[test]
fn refuses_what_is_no_spelling_of_a_value_and_says_where() {
    let table = [
        (r"[]", "the document: "),
        (r"null", "the document: "),
        (r#"["a"]"#, "the document: "),
        (r#"{"x509Chain":["a","AA==","1"]}"#, "x509Chain: "),
        (r#"{"x509Chain":[]}"#, "x509Chain: "),
        (r#"{"tlogEntries":{}}"#, "tlogEntries: "),
        (r#"{"tlogEntries":[{},[]]}"#, "tlogEntries[1]: "),
        (r#"{"tlogEntries":[null]}"#, "tlogEntries[0]: "),
        (
            r#"{"tlogEntries":[{"x509Chain":{"version":"x"}}]}"#,
            "tlogEntries[0].x509Chain.version: ",
        ),
        (r#"{"labels":{"a":null}}"#, "labels: "),
        (r#"{"labels":[["a","b"]]}"#, "labels: "),
        (r#"{"logIndex":"+5"}"#, "logIndex: "),
        (r#"{"logIndex":"005"}"#, "logIndex: "),
        (r#"{"logIndex":" 5"}"#, "logIndex: "),
        (r#"{"logIndex":"5.5"}"#, "logIndex: "),
        (r#"{"logIndex":-1}"#, "logIndex: "),
        (r#"{"logIndex":"9223372036854775808"}"#, "logIndex: "),
        (r#"{"logIndex":true}"#, "logIndex: "),
        (r#"{"version":4294967296}"#, "version: "),
        (r#"{"offset":"-2147483649"}"#, "offset: "),
        (r#"{"mediaType":5}"#, "mediaType: "),
        (r#"{"isFinal":"true"}"#, "isFinal: "),
        (r#"{"isFinal":1}"#, "isFinal: "),
        (r#"{"colour":"BLUE"}"#, "colour: "),
        (r#"{"colour":4294967296}"#, "colour: "),
        (r#"{"rawBytes":"A"}"#, "rawBytes: "),
        (r#"{"rawBytes":"+_8="}"#, "rawBytes: "),
        (r#"{"rawBytes":"AA==\n"}"#, "rawBytes: "),
        (r#"{"rawBytes":[0]}"#, "rawBytes: "),
    ];
    for (json, place) in table {
        let refused = read(json).unwrap_err();
        assert!(refused.starts_with(place), "{json}: {refused}");
    }
}

#[test]
fn a_number_without_a_name_is_kept_as_its_digits() {
    assert_eq!(read(r#"{"colour":17}"#).unwrap().colour, "17");
}

#[test]
fn a_field_stands_once_under_either_name() {
    for json in [
        r#"{"version":1,"version":1}"#,
        r#"{"version":null,"version":1}"#,
        r#"{"logIndex":1,"log_index":1}"#,
        r#"{"logIndex":1,"log_index":null}"#,
        r#"{"labels":{"a":"1","a":"1"}}"#,
    ] {
        assert!(read(json).is_err(), "{json}");
    }
    // Also where nobody looks.
    let hidden = br#"{"unknown":[{"a":1,"a":2}]}"#;
    assert!(from_slice::<Message>(hidden, Unknown::Ignore).is_err());
}

#[test]
fn unknown_fields_are_as_the_caller_says() {
    let json = br#"{"version":1,"stranger":{"x":[1,null]}}"#;
    let refused = from_slice::<Message>(json, Unknown::Refuse).unwrap_err();
    assert!(refused.to_string().contains("stranger"), "{refused}");
    assert_eq!(
        from_slice::<Message>(json, Unknown::Ignore)
            .unwrap()
            .version,
        1
    );
    // A wrong spelling of a field is an unknown field.
    for json in [
        r#"{"MediaType":""}"#,
        r#"{"media_Type":""}"#,
        r#"{"mediatype":""}"#,
    ] {
        assert!(read(json).is_err(), "{json}");
    }
}

#[test]
fn depth_is_bounded_and_deep_documents_are_refused_without_a_crash() {
    let nested = |depth: usize| {
        let json = format!(
            "{}{{}}{}",
            r#"{"x509Chain":"#.repeat(depth),
            "}".repeat(depth)
        );
        from_slice::<Message>(json.as_bytes(), Unknown::Refuse)
    };
    assert!(nested(126).is_ok());
    assert!(nested(127).is_err());
    assert!(nested(100_000).is_err());
}

#[test]
fn plain_json_has_exact_names_and_numbers_and_the_same_strictness() {
    fn document<T: DeserializeOwned>(json: &str) -> Option<T> {
        plain::from_slice(json.as_bytes(), Unknown::Refuse).ok()
    }
    let table = [
        (r#"{"version":5}"#, true),
        (r#"{"mediaType":null}"#, true),
        (r#"{"version":"5"}"#, false),
        (r#"{"media_type":"x"}"#, false),
        (r#"{"version":5,"version":5}"#, false),
        (r#"["x"]"#, false),
        (r#"{"x509Chain":["x"]}"#, false),
    ];
    for (json, is_read) in table {
        assert_eq!(document::<Message>(json).is_some(), is_read, "{json}");
    }
}

#[test]
fn values_of_any_type_are_read_whole() {
    let json = r#"{"a":[1,-2,0.5,"x",null,true,{"b":{}}]}"#;
    let value: serde_json::Value = from_slice(json.as_bytes(), Unknown::Refuse).unwrap();
    assert_eq!(
        value,
        serde_json::from_str::<serde_json::Value>(json).unwrap()
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read(bytes: Vec<u8>, index in 0..=i64::MAX.unsigned_abs(), offset: i32, text: String) {
        let message = Message {
            media_type: text.clone(),
            raw_bytes: bytes.into(),
            log_index: index,
            offset,
            colour: "RED".to_owned(),
            labels: BTreeMap::from([(text, "value".to_owned())]),
            ..Message::default()
        };
        // The colour of a nested message would be empty, which is no name.
        let json = serde_json::to_vec(&message).unwrap();
        prop_assert_eq!(from_slice::<Message>(&json, Unknown::Refuse).unwrap(), message);
    }

    #[test]
    fn no_text_makes_it_panic(json: Vec<u8>) {
        let _ = from_slice::<Message>(&json, Unknown::Ignore);
    }
}
