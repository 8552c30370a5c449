//! What is no signed JSON Web Token in compact form (RFC 7515 §3.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

use crate::case::{Case, Change, Expected, case, refused};
use crate::draft::{Base, Draft};
use crate::key::{Keys, encode};

use super::payload::{PAYLOAD, with};

pub(super) fn cases() -> Vec<Case> {
    let people = |name: &str, change, expected| case(name, Base::People, change, expected);
    let texts = texts();
    let texts = texts
        .into_iter()
        .map(|(name, spoil, says)| people(name, Change::Text(spoil), refused("format", says)));
    let taken = [
        people(
            "size: 16384 bytes",
            Change::Text(|keys, _| of_bytes(keys, 16_384)),
            Expected::Accepted,
        ),
        people(
            "size: 16385 bytes",
            Change::Text(|keys, _| of_bytes(keys, 16_385)),
            refused("format", "the token has 16385 bytes, more than 16384"),
        ),
    ];
    texts.chain(taken).collect()
}

type Spoil = fn(&Keys, &Draft) -> String;

fn texts() -> Vec<(&'static str, Spoil, &'static str)> {
    let texts: &[(&'static str, Spoil, &'static str)] = &[
        ("text: empty", |_, _| String::new(), PARTS),
        ("text: a word", |_, _| "token".to_owned(), PARTS),
        ("text: one dot", |_, _| ".".to_owned(), PARTS),
        ("text: two dots", |_, _| "..".to_owned(), PARTS),
        ("text: 16 KiB of dots", |_, _| ".".repeat(16_384), PARTS),
        (
            "text: 1 MiB of dots",
            |_, _| ".".repeat(1 << 20),
            "1048576 bytes",
        ),
        (
            "text: 1 MiB of letters",
            |_, _| "a".repeat(1 << 20),
            "1048576 bytes",
        ),
        (
            "parts: header alone",
            |keys, draft| first(&draft.sign(keys), 1),
            PARTS,
        ),
        (
            "parts: no signature",
            |keys, draft| first(&draft.sign(keys), 2),
            PARTS,
        ),
        (
            "parts: an empty signature",
            |keys, draft| first(&draft.sign(keys), 2) + ".",
            PARTS,
        ),
        ("parts: four", |keys, draft| draft.sign(keys) + ".AA", PARTS),
        (
            "parts: five, as if encrypted",
            |keys, draft| draft.sign(keys) + ".AA.AA",
            PARTS,
        ),
        (
            "parts: a dot behind",
            |keys, draft| draft.sign(keys) + ".",
            PARTS,
        ),
        (
            "parts: a dot before",
            |keys, draft| format!(".{}", draft.sign(keys)),
            PARTS,
        ),
        (
            "parts: a dot in the middle",
            |keys, draft| draft.sign(keys).replacen('.', "..", 1),
            PARTS,
        ),
        (
            "parts: no header",
            |keys, draft| swap(&draft.sign(keys), 0, ""),
            HEADER,
        ),
        (
            "parts: no payload",
            |keys, draft| swap(&draft.sign(keys), 1, ""),
            PAYLOAD,
        ),
        (
            "text: JSON serialization",
            |keys, draft| {
                let token = draft.sign(keys);
                let parts: Vec<&str> = token.split('.').collect();
                json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]})
                    .to_string()
            },
            PARTS,
        ),
        (
            "text: a scheme before",
            |keys, draft| format!("Bearer {}", draft.sign(keys)),
            BASE64,
        ),
        (
            "text: a blank before",
            |keys, draft| format!(" {}", draft.sign(keys)),
            BASE64,
        ),
        (
            "text: a line feed before",
            |keys, draft| format!("\n{}", draft.sign(keys)),
            BASE64,
        ),
        (
            "text: quotes around",
            |keys, draft| format!("\"{}\"", draft.sign(keys)),
            BASE64,
        ),
        (
            "text: a NUL before",
            |keys, draft| format!("\0{}", draft.sign(keys)),
            BASE64,
        ),
        (
            "text: a byte order mark before",
            |keys, draft| format!("\u{feff}{}", draft.sign(keys)),
            BASE64,
        ),
        (
            "text: a blank in the header",
            |keys, draft| draft.sign(keys).replacen("ey", "ey ", 1),
            BASE64,
        ),
        (
            "text: full-width dots",
            |keys, draft| draft.sign(keys).replace('.', "\u{ff0e}"),
            PARTS,
        ),
        (
            "base64: a padded header",
            |keys, draft| {
                let header = draft.header.replacen('}', " }", 1);
                signed(
                    keys,
                    draft,
                    &(encode(header) + "="),
                    &encode(&draft.payload),
                )
            },
            BASE64,
        ),
        (
            "base64: a padded payload",
            |keys, draft| {
                signed(
                    keys,
                    draft,
                    &encode(&draft.header),
                    &(encode(&draft.payload) + "=="),
                )
            },
            BASE64,
        ),
        (
            "base64: the other alphabet in the header",
            |keys, draft| {
                let header = draft.header.replacen('}', r#","x":"???>>>~~~"}"#, 1);
                signed(
                    keys,
                    draft,
                    &STANDARD_NO_PAD.encode(header),
                    &encode(&draft.payload),
                )
            },
            BASE64,
        ),
        (
            "base64: the other alphabet in the payload",
            |keys, draft| {
                let payload = with(&draft.payload, r#""x":"???>>>~~~""#);
                signed(
                    keys,
                    draft,
                    &encode(&draft.header),
                    &STANDARD_NO_PAD.encode(payload),
                )
            },
            BASE64,
        ),
        (
            "base64: a header of impossible length",
            |keys, draft| {
                let header = "A".repeat(encode(&draft.header).len() / 4 * 4 + 1);
                signed(keys, draft, &header, &encode(&draft.payload))
            },
            BASE64,
        ),
        (
            "base64: a percent-encoded dot",
            |keys, draft| draft.sign(keys).replacen('.', "%2E", 1),
            PARTS,
        ),
        (
            "text: 16385 letters",
            |_, _| "a".repeat(16_385),
            "16385 bytes",
        ),
    ];
    texts.to_vec()
}

fn first(token: &str, parts: usize) -> String {
    let parts: Vec<&str> = token.split('.').take(parts).collect();
    parts.join(".")
}

fn swap(token: &str, part: usize, text: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[part] = text;
    parts.join(".")
}

fn signed(keys: &Keys, draft: &Draft, header: &str, payload: &str) -> String {
    let input = format!("{header}.{payload}");
    let signature = keys.sign(draft.signing, input.as_bytes());
    format!("{input}.{}", encode(signature))
}

/// A sound token of this length: no length of one part is possible that leaves one letter over.
fn of_bytes(keys: &Keys, bytes: usize) -> String {
    let draft = Base::People.draft();
    let mut claims = Base::People.claims();
    for padding in 0..bytes {
        claims["pad"] = Value::from("p".repeat(bytes * 3 / 4 - 600 + padding));
        for of_header in ["", "h", "hh"] {
            let header = json!({"alg": "ES256", "kid": "p256", "pad": of_header}).to_string();
            let payload = claims.to_string();
            let length = encode(&header).len() + encode(&payload).len() + 2 + 86;
            if length == bytes {
                return Draft {
                    header,
                    payload,
                    ..draft
                }
                .sign(keys);
            }
        }
    }
    panic!("no token has {bytes} bytes")
}

const PARTS: &str = "it does not have three parts";
const HEADER: &str = "the header is not a json object with alg, or has a member twice";
const BASE64: &str = "a part is not base64url";
