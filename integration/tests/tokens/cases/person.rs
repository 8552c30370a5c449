//! People: addresses, who vouches for them, and names.

use serde_json::{Value, json};

use super::claim_types::{certified, needed};
use crate::case::{Case, Change, Expected, case, refused, set, without};
use crate::draft::Base;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = needed(Base::People, "sub");
    cases.extend(certified(Base::People, "sub", "user-1"));
    cases.extend(needed(Base::People, "email"));
    for address in NO_ADDRESSES {
        let expected = refused("identity", "expected an e-mail address");
        cases.push(case(
            format!("email: {address:?}"),
            Base::People,
            set("email", json!(address)),
            expected,
        ));
    }
    let long = format!("{}@example.com", "a".repeat(243));
    cases.push(case(
        "email: of 255 bytes",
        Base::People,
        set("email", json!(long)),
        refused("identity", "expected an e-mail address"),
    ));
    for (value, says) in verified() {
        let expected = says.map_or(Expected::Accepted, |says| refused("identity", says));
        cases.push(case(
            format!("email_verified: {value}"),
            Base::People,
            set("email_verified", value),
            expected,
        ));
    }
    cases.push(case(
        "email_verified: not there",
        Base::People,
        without("email_verified"),
        refused("identity", "has no claim email_verified"),
    ));
    cases.push(case(
        "email_verified: in another spelling",
        Base::People,
        Change::Claims(vec![
            ("email_verified".to_owned(), None),
            ("emailVerified".to_owned(), Some(json!(true))),
        ]),
        refused("identity", "has no claim email_verified"),
    ));
    for (claim, value) in unread() {
        cases.push(case(
            format!("{claim}: {value}"),
            Base::People,
            set(claim, value),
            Expected::Accepted,
        ));
    }
    cases.extend(bidirectional());
    cases.extend(federating());
    cases.extend(mixed());
    cases.extend(names());
    cases
}

const NO_ADDRESSES: [&str; 34] = [
    "alice",
    "@example.com",
    "alice@",
    "alice@localhost",
    "alice@example",
    "alice@@example.com",
    "alice@example.com@evil.example.org",
    "alice@example.com ",
    " alice@example.com",
    "alice @example.com",
    "alice@example.com\u{0}",
    "alice@example.com\n",
    "alice\r\n@example.com",
    "\"alice\"@example.com",
    "\"a b\"@example.com",
    "alice@[192.0.2.1]",
    "alice@192.0.2.1",
    ".alice@example.com",
    "alice.@example.com",
    "a..lice@example.com",
    "alice@example..com",
    "alice@.example.com",
    "alice@example.com.",
    "alice@-example.com",
    "alice@example.com-",
    "alice@exa_mple.com",
    "\u{e4}lice@example.com",
    "alice@ex\u{e4}mple.com",
    "\u{430}lice@example.com",
    "alice@example.com,mallory@example.com",
    "alice@example.com;mallory@example.com",
    "Alice <alice@example.com>",
    "mailto:alice@example.com",
    "alice%40example.com",
];

fn verified() -> Vec<(Value, Option<&'static str>)> {
    let invalid = Some("claim email_verified of the token is");
    vec![
        (json!("true"), None),
        (json!("True"), None),
        (
            json!(false),
            Some("the issuer has not verified the e-mail address"),
        ),
        (json!("false"), invalid),
        (json!("TRUE"), invalid),
        (json!("yes"), invalid),
        (json!("1"), invalid),
        (json!(" true"), invalid),
        (json!("true\u{0}"), invalid),
        (json!(""), invalid),
        (json!(1), invalid),
        (json!(0), invalid),
        (json!(1.0), invalid),
        (json!([true]), invalid),
        (json!({"true": true}), invalid),
        (Value::Null, invalid),
    ]
}

/// The authority asked for none of these, so it has nothing to compare them with.
fn unread() -> Vec<(&'static str, Value)> {
    vec![
        ("nonce", json!("n-0S6_WzA2Mj")),
        ("nonce", json!("")),
        ("nonce", json!(7)),
        ("nonce", Value::Null),
        ("nonce", json!(["a"])),
        ("at_hash", json!("MTIzNDU2Nzg5MDEyMzQ1Ng")),
        ("at_hash", json!("wrong")),
        ("at_hash", json!(7)),
        ("c_hash", json!("wrong")),
        ("auth_time", json!(1)),
        ("acr", json!({"a": 1})),
        ("amr", json!("pwd")),
        ("jti", json!("a-1")),
        ("jti", json!(7)),
        ("jti", json!("\u{0}")),
        ("sid", Value::Null),
        ("cnf", json!({"jkt": "wrong"})),
        ("https://evil.example.com/admin", json!(true)),
    ]
}

/// What turns the direction of text lets one name pass for another.
fn bidirectional() -> impl Iterator<Item = Case> {
    let characters = [
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
    ];
    characters.into_iter().map(|character| {
        let subject = format!("user-{character}1");
        let name = format!("sub: with U+{:04X}", u32::from(character));
        case(
            name,
            Base::People,
            set("sub", json!(subject)),
            refused("identity", "change the direction of text"),
        )
    })
}

fn federating() -> Vec<Case> {
    let federated = |value| set("federated_claims", value);
    let missing = || {
        refused(
            "identity",
            "the token has no claim $.federated_claims.connector_id",
        )
    };
    let invalid = || {
        refused(
            "identity",
            "claim $.federated_claims.connector_id of the token is",
        )
    };
    let connector = |value: Value| federated(json!({ "connector_id": value }));
    let base = Base::Federating;
    vec![
        case(
            "issuer-claim: not there",
            base,
            without("federated_claims"),
            missing(),
        ),
        case(
            "issuer-claim: null",
            base,
            federated(Value::Null),
            missing(),
        ),
        case(
            "issuer-claim: no object around",
            base,
            federated(json!("https://behind.example.com")),
            missing(),
        ),
        case(
            "issuer-claim: a list around",
            base,
            federated(json!([{"connector_id": "a"}])),
            missing(),
        ),
        case(
            "issuer-claim: no member",
            base,
            federated(json!({})),
            missing(),
        ),
        case("issuer-claim: empty", base, connector(json!("")), invalid()),
        case(
            "issuer-claim: a number",
            base,
            connector(json!(7)),
            invalid(),
        ),
        case(
            "issuer-claim: a list",
            base,
            connector(json!(["a"])),
            invalid(),
        ),
        case(
            "issuer-claim: an object",
            base,
            connector(json!({"a": 1})),
            invalid(),
        ),
        case(
            "issuer-claim: with a NUL",
            base,
            connector(json!("https://behind.example.com\u{0}")),
            refused("identity", "no control characters"),
        ),
        case(
            "issuer-claim: of 3000 bytes",
            base,
            connector(json!("a".repeat(3000))),
            refused("identity", "at most 2048 bytes"),
        ),
        case(
            "issuer-claim: with U+202E",
            base,
            connector(json!("a\u{202e}b")),
            refused("identity", "change the direction of text"),
        ),
    ]
}

/// An address makes a person of a token, and no address a workload.
fn mixed() -> Vec<Case> {
    let base = Base::Mixed;
    vec![
        case(
            "mixed: email a number",
            base,
            set("email", json!(7)),
            refused("audience", "claim email of the token is 7"),
        ),
        case(
            "mixed: email a list",
            base,
            set("email", json!(["alice@example.com"])),
            refused("audience", "claim email of the token is"),
        ),
        case(
            "mixed: a person's subject without email",
            base,
            without("email"),
            refused("identity", "claim sub of the token is"),
        ),
        case(
            "mixed: a workload's subject with email not verified",
            base,
            Change::Claims(vec![
                (
                    "sub".to_owned(),
                    Some(json!("https://mixed.example.com/build")),
                ),
                ("email_verified".to_owned(), Some(json!(false))),
            ]),
            refused("identity", "has not verified"),
        ),
    ]
}

fn names() -> Vec<Case> {
    let mut cases = needed(Base::Names, "sub");
    cases.extend(certified(Base::Names, "sub", "alice"));
    for name in [
        "alice@example.com",
        "\u{fc}@example.com",
        "\"a b\"@example.com",
        "a@b@example.com",
    ] {
        let expected = refused("identity", "taken for an e-mail address");
        cases.push(case(
            format!("Names: sub {name:?}"),
            Base::Names,
            set("sub", json!(name)),
            expected,
        ));
    }
    for name in ["alice!other.example.com", "!", "alice!"] {
        let expected = refused("identity", "without an exclamation mark");
        cases.push(case(
            format!("Names: sub {name:?}"),
            Base::Names,
            set("sub", json!(name)),
            expected,
        ));
    }
    let bent = json!("alice\u{202e}");
    cases.push(case(
        "Names: sub with U+202E",
        Base::Names,
        set("sub", bent),
        refused("identity", "change the direction of text"),
    ));
    cases
}
