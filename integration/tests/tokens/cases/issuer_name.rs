//! Names of issuers that are nearly one that is trusted. A name is compared byte by byte.

use serde_json::{Value, json};

use super::claim_types::OTHER_KINDS;
use crate::case::{Case, case, refused, set, without};
use crate::draft::Base;

pub(super) fn cases() -> Vec<Case> {
    let unknown = || refused("issuer", "is not trusted here");
    let mut cases: Vec<Case> = NEARLY
        .iter()
        .map(|iss| {
            case(
                format!("iss: {iss:?}"),
                Base::People,
                set("iss", json!(iss)),
                unknown(),
            )
        })
        .collect();
    let long = format!("https://people.example.com/{}", "a".repeat(2048));
    cases.push(case(
        "iss: longer than any url",
        Base::People,
        set("iss", json!(long)),
        unknown(),
    ));
    let missing = || refused("issuer", "the token has no claim iss");
    cases.push(case(
        "iss: not there",
        Base::People,
        without("iss"),
        missing(),
    ));
    cases.push(case(
        "iss: null",
        Base::People,
        set("iss", Value::Null),
        missing(),
    ));
    for (kind, value) in OTHER_KINDS
        .iter()
        .chain(&[("empty", "\"\""), ("a number", "7")])
    {
        let value: Value = serde_json::from_str(value).unwrap();
        let expected = refused("issuer", "claim iss of the token is");
        cases.push(case(
            format!("iss: {kind}"),
            Base::People,
            set("iss", value),
            expected,
        ));
    }
    cases
}

const NEARLY: [&str; 40] = [
    "https://people.example.com/",
    "https://people.example.com//",
    "https://people.example.com/.",
    "https://people.example.com/..",
    "https://people.example.com/%2e",
    "https://people.example.com#",
    "https://people.example.com#fragment",
    "https://people.example.com?",
    "https://people.example.com?query",
    "https://people.example.com:443",
    "https://people.example.com:",
    "https://people.example.com.",
    "https://people.example.com ",
    " https://people.example.com",
    "\thttps://people.example.com",
    "https://people.example.com\n",
    "https://people.example.com\u{0}",
    "https://people.example.com\u{0}.evil.example.org",
    "https://people.example.com.evil.example.org",
    "https://people.example.com@evil.example.org",
    "https://alice@people.example.com",
    "https://alice:secret@people.example.com",
    "https://evil.example.org/https://people.example.com",
    "https://evil.example.org#https://people.example.com",
    "https://evil.example.org\\@people.example.com",
    "https:\\\\people.example.com",
    "https:/people.example.com",
    "https:people.example.com",
    "//people.example.com",
    "people.example.com",
    "http://people.example.com",
    "HTTPS://people.example.com",
    "https://PEOPLE.example.com",
    "https://people.example.co",
    "https://people.example.comm",
    "https://%70eople.example.com",
    "https://pe\u{43e}ple.example.com",
    "https://xn--peple-yob.example.com",
    "https://\u{ff50}eople.example.com",
    "https://people\u{3002}example\u{3002}com",
];
