//! For whom a token is (RFC 7519 §4.1.3), and to whom it was issued (OpenID Connect Core §2, `azp`).

use serde_json::{Value, json};

use crate::case::{Case, Change, Expected, case, refused, set, without};
use crate::draft::Base;

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = audiences()
        .into_iter()
        .map(|(name, value, says)| {
            let expected = says.map_or(Expected::Accepted, |says| refused("audience", says));
            case(
                format!("aud: {name}"),
                Base::People,
                set("aud", value),
                expected,
            )
        })
        .collect();
    cases.push(case(
        "aud: not there",
        Base::People,
        without("aud"),
        refused("audience", MISMATCH),
    ));
    for (name, party, says) in parties() {
        let expected = says.map_or(Expected::Accepted, |says| refused("audience", says));
        cases.push(case(
            format!("azp: {name}"),
            Base::People,
            set("azp", party),
            expected,
        ));
    }
    for (name, base, aud, azp, expected) in listed() {
        let claims = vec![("aud".to_owned(), Some(aud)), ("azp".to_owned(), azp)];
        cases.push(case(name, base, Change::Claims(claims), expected));
    }
    cases
}

fn audiences() -> Vec<(&'static str, Value, Option<&'static str>)> {
    let mismatch = Some(MISMATCH);
    let foreign = Some(FOREIGN);
    vec![
        ("a list of the one", json!(["sigstore"]), None),
        (
            "a list of the one, twice",
            json!(["sigstore", "sigstore"]),
            None,
        ),
        (
            "a list of the one, a thousand times",
            json!(vec!["sigstore"; 1000]),
            None,
        ),
        ("null", Value::Null, mismatch),
        ("empty", json!(""), mismatch),
        ("another", json!("other"), mismatch),
        ("in capitals", json!("SIGSTORE"), mismatch),
        ("a capital", json!("Sigstore"), mismatch),
        ("a blank before", json!(" sigstore"), mismatch),
        ("a blank behind", json!("sigstore "), mismatch),
        ("a NUL behind", json!("sigstore\u{0}"), mismatch),
        ("a letter more", json!("sigstore2"), mismatch),
        ("a letter less", json!("sigstor"), mismatch),
        ("two in a text", json!("sigstore other"), mismatch),
        (
            "two in a text, with a comma",
            json!("sigstore,other"),
            mismatch,
        ),
        (
            "letters of another script",
            json!("sigst\u{43e}re"),
            mismatch,
        ),
        ("full-width letters", json!("\u{ff53}igstore"), mismatch),
        ("with a width of zero", json!("sig\u{200b}store"), mismatch),
        ("a url", json!("https://sigstore"), mismatch),
        ("everybody", json!("*"), mismatch),
        ("true", json!(true), mismatch),
        ("a number", json!(7), mismatch),
        ("an object", json!({"sigstore": true}), mismatch),
        ("an empty object", json!({}), mismatch),
        ("an empty list", json!([]), mismatch),
        ("a list of nothing", json!([""]), mismatch),
        ("a list of null", json!([null]), mismatch),
        ("a list within a list", json!([["sigstore"]]), mismatch),
        ("a list with a number", json!(["sigstore", 7]), mismatch),
        ("a list with null", json!(["sigstore", null]), mismatch),
        (
            "a list with an object",
            json!(["sigstore", {"other": 1}]),
            mismatch,
        ),
        (
            "a list with a list",
            json!(["sigstore", ["other"]]),
            mismatch,
        ),
        ("a list of another", json!(["other"]), mismatch),
        (
            "others too, the one first",
            json!(["sigstore", "other"]),
            foreign,
        ),
        (
            "others too, the one last",
            json!(["other", "sigstore"]),
            foreign,
        ),
        (
            "others too, one of a thousand",
            json!([vec!["sigstore"; 999], vec!["other"]].concat()),
            foreign,
        ),
        (
            "others too, of which one is nobody",
            json!(["sigstore", ""]),
            Some(r#"the token is also for """#),
        ),
        (
            "others too, one a capital away",
            json!(["sigstore", "Sigstore"]),
            Some(r#"the token is also for "Sigstore""#),
        ),
    ]
}

fn parties() -> Vec<(&'static str, Value, Option<&'static str>)> {
    let invalid = Some("claim azp of the token is");
    vec![
        ("the audience", json!("sigstore"), None),
        ("null", Value::Null, None),
        ("another", json!("other"), Some(FOREIGN)),
        (
            "in capitals",
            json!("SIGSTORE"),
            Some("the token is also for"),
        ),
        ("empty", json!(""), invalid),
        ("a list", json!(["sigstore"]), invalid),
        ("an object", json!({"sigstore": 1}), invalid),
        ("a number", json!(7), invalid),
        ("true", json!(true), invalid),
    ]
}

/// Where the entry lists `account`, it may be there, and nobody else.
fn listed() -> Vec<(&'static str, Base, Value, Option<Value>, Expected)> {
    let both = || json!(["sigstore", "account"]);
    let foreign = || refused("audience", FOREIGN);
    vec![
        (
            "listed: both",
            Base::Listed,
            both(),
            None,
            Expected::Accepted,
        ),
        (
            "listed: both, issued to the other",
            Base::Listed,
            both(),
            Some(json!("account")),
            Expected::Accepted,
        ),
        (
            "listed: the other alone",
            Base::Listed,
            json!("account"),
            None,
            refused("audience", MISMATCH),
        ),
        (
            "listed: a third",
            Base::Listed,
            json!(["sigstore", "account", "other"]),
            None,
            foreign(),
        ),
        (
            "listed: issued to a third",
            Base::Listed,
            both(),
            Some(json!("other")),
            foreign(),
        ),
        (
            "not listed: both",
            Base::People,
            both(),
            None,
            refused("audience", r#"the token is also for "account""#),
        ),
        (
            "azp: another, of a list of the one",
            Base::People,
            json!(["sigstore"]),
            Some(json!("other")),
            foreign(),
        ),
    ]
}

const MISMATCH: &str = r#"the token is not for audience "sigstore""#;
const FOREIGN: &str = r#"the token is also for "other""#;
