//! Payloads that are no claims, or that two readers read differently.

use crate::case::{Case, Change, Expected, case, refused};
use crate::draft::Base;

pub(super) fn cases() -> Vec<Case> {
    let people =
        |name: &str, spoil, expected| case(name, Base::People, Change::Payload(spoil), expected);
    let spoiled = payloads()
        .into_iter()
        .map(|(name, spoil)| people(name, spoil, refused("format", PAYLOAD)));
    let taken: [(&str, SpoilPayload); 2] = [
        ("payload: objects 100 deep", |text| nested(text, 100)),
        (
            "payload: a NUL in the name of a claim that nobody reads",
            |text| with(text, r#""a\u0000b":1"#),
        ),
    ];
    let taken = taken.map(|(name, spoil)| people(name, spoil, Expected::Accepted));
    spoiled.chain(taken).collect()
}

/// What becomes of a payload.
type SpoilPayload = fn(&str) -> Vec<u8>;

fn payloads() -> Vec<(&'static str, SpoilPayload)> {
    let payloads: &[(&'static str, SpoilPayload)] = &[
        ("payload: a list", |_| b"[]".to_vec()),
        ("payload: a list of claims", |text| {
            format!("[{text}]").into_bytes()
        }),
        ("payload: a text", |_| b"\"claims\"".to_vec()),
        ("payload: a number", |_| b"1".to_vec()),
        ("payload: null", |_| b"null".to_vec()),
        ("payload: not JSON", |_| b"claims".to_vec()),
        ("payload: cut off", |text| {
            text.as_bytes()[..text.len() - 1].to_vec()
        }),
        ("payload: two objects", |text| text.repeat(2).into_bytes()),
        ("payload: something behind", |text| {
            format!("{text}x").into_bytes()
        }),
        ("payload: a NUL behind", |text| {
            format!("{text}\0").into_bytes()
        }),
        ("payload: a byte order mark", |text| {
            format!("\u{feff}{text}").into_bytes()
        }),
        ("payload: a comment", |text| {
            format!("/**/{text}").into_bytes()
        }),
        ("payload: a comma too many", |text| {
            text.replacen('}', ",}", 1).into_bytes()
        }),
        ("payload: single quotes", |text| {
            text.replace('"', "'").into_bytes()
        }),
        ("payload: UTF-16", |text| {
            text.encode_utf16().flat_map(u16::to_le_bytes).collect()
        }),
        ("payload: no UTF-8", |text| {
            [text.as_bytes(), &[0xff]].concat()
        }),
        ("payload: no UTF-8 within a text", |text| {
            let at = text.find("alice").unwrap();
            [
                &text.as_bytes()[..at],
                &[0xc0, 0x80],
                &text.as_bytes()[at..],
            ]
            .concat()
        }),
        ("payload: half of a surrogate pair", |text| {
            with(text, r#""x":"\ud800""#)
        }),
        ("payload: a control character within a text", |text| {
            with(text, "\"x\":\"\u{1}\"")
        }),
        ("payload: a number that is none", |text| {
            with(text, r#""x":NaN"#)
        }),
        ("payload: a number beyond all bounds", |text| {
            with(text, r#""x":1e999"#)
        }),
        ("payload: a number with a zero before", |text| {
            with(text, r#""x":01"#)
        }),
        ("payload: a number with a plus sign", |text| {
            with(text, r#""x":+1"#)
        }),
        ("payload: objects 200 deep", |text| nested(text, 200)),
        ("payload: lists 5000 deep", |text| {
            with(
                text,
                &format!("\"x\":{}{}", "[".repeat(5000), "]".repeat(5000)),
            )
        }),
        ("twice: iss, the sound one first", |text| {
            with(text, r#""iss":"https://evil.example.com""#)
        }),
        ("twice: iss, the sound one last", |text| {
            before(text, r#""iss":"https://evil.example.com""#)
        }),
        ("twice: iss, the same", |text| {
            with(text, r#""iss":"https://people.example.com""#)
        }),
        ("twice: iss, written otherwise", |text| {
            with(text, r#""\u0069ss":"https://evil.example.com""#)
        }),
        ("twice: aud", |text| with(text, r#""aud":"other""#)),
        ("twice: sub", |text| with(text, r#""sub":"user-2""#)),
        ("twice: exp", |text| with(text, r#""exp":9999999999"#)),
        ("twice: nbf", |text| with(text, r#""nbf":1,"nbf":2"#)),
        ("twice: iat", |text| with(text, r#""iat":1"#)),
        ("twice: email", |text| {
            with(text, r#""email":"mallory@example.com""#)
        }),
        ("twice: email_verified", |text| {
            before(text, r#""email_verified":false"#)
        }),
        ("twice: jti", |text| with(text, r#""jti":"a","jti":"b""#)),
        ("twice: a claim that nobody reads", |text| {
            with(text, r#""x":1,"x":1"#)
        }),
        ("twice: within an object", |text| {
            with(text, r#""act":{"sub":"a","sub":"b"}"#)
        }),
        ("twice: within an object of a list", |text| {
            with(text, r#""x":[{"a":1,"a":2}]"#)
        }),
        ("twice: five objects deep", |text| {
            with(text, r#""x":{"x":{"x":{"x":{"a":1,"a":2}}}}"#)
        }),
    ];
    payloads.to_vec()
}

/// The payload with another member at its end.
pub(super) fn with(payload: &str, member: &str) -> Vec<u8> {
    let open = payload.strip_suffix('}').unwrap();
    format!("{open},{member}}}").into_bytes()
}

/// The payload with another member at its beginning.
fn before(payload: &str, member: &str) -> Vec<u8> {
    let rest = payload.strip_prefix('{').unwrap();
    format!("{{{member},{rest}").into_bytes()
}

fn nested(payload: &str, depth: usize) -> Vec<u8> {
    let (open, close) = (r#"{"x":"#.repeat(depth), "}".repeat(depth));
    with(payload, &format!("\"x\":{open}1{close}"))
}

/// What the authority says of each.
pub(super) const PAYLOAD: &str = "the payload is not a json object, or has a member twice";
