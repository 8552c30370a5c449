//! Claims that must be texts, each as everything else.

use serde_json::{Value, json};

use crate::case::{Case, case, refused, set, without};
use crate::draft::Base;

/// What is neither a number nor a text, in JSON.
pub(super) const OTHER_KINDS: [(&str, &str); 4] = [
    ("true", "true"),
    ("a list", "[1]"),
    ("an empty list", "[]"),
    ("an object", r#"{"a":1}"#),
];

/// A claim that an issuer's type cannot do without: not there, empty, and of each other kind.
pub(super) fn needed(base: Base, claim: &str) -> Vec<Case> {
    let missing = format!("the token has no claim {claim}");
    let invalid = format!("claim {claim} of the token is");
    let name = |what: &str| format!("{base:?}: {claim} {what}");
    let mut cases = vec![
        case(
            name("not there"),
            base,
            without(claim),
            refused("identity", missing.clone()),
        ),
        case(
            name("null"),
            base,
            set(claim, Value::Null),
            refused("identity", missing),
        ),
    ];
    for (what, value) in [
        ("empty", json!("")),
        ("a number", json!(7)),
        ("a fraction", json!(7.5)),
        ("true", json!(true)),
        ("a list", json!(["a"])),
        ("an object", json!({"a": "b"})),
    ] {
        let expected = refused("identity", invalid.clone());
        cases.push(case(name(what), base, set(claim, value), expected));
    }
    cases
}

/// A claim that goes into the certificate, with what must not come there. It ends as `sound` does.
pub(super) fn certified(base: Base, claim: &str, sound: &str) -> Vec<Case> {
    let rows = [
        ("with a NUL", format!("{sound}\0"), "control character"),
        (
            "with a line feed",
            format!("{sound}\n{sound}"),
            "control character",
        ),
        (
            "with an escape",
            format!("{sound}\u{1b}[2J"),
            "control character",
        ),
        ("with DEL", format!("{sound}\u{7f}"), "control character"),
        (
            "of 3000 bytes",
            format!("{sound}{}", "x".repeat(3000)),
            "at most 2048 bytes",
        ),
    ];
    let rows = rows.into_iter().map(|(what, value, says)| {
        let name = format!("{base:?}: {claim} {what}");
        case(
            name,
            base,
            set(claim, json!(value)),
            refused("identity", says),
        )
    });
    rows.collect()
}
