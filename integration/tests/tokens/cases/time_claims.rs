//! `exp`, `nbf` and `iat` (RFC 7519 §4.1): at their limits, beyond them, and of every other kind.

use serde_json::{Value, json};

use super::claim_types::OTHER_KINDS;
use crate::case::{Case, Change, Expected, case, refused, set, without};
use crate::draft::Base;

pub(super) fn cases() -> Vec<Case> {
    let one = |claim: &'static str, (value, says): (Value, Option<&str>)| {
        let expected = says.map_or(Expected::Accepted, |says| refused("time", says));
        case(
            format!("{claim}: {value}"),
            Base::People,
            set(claim, value),
            expected,
        )
    };
    let exp = ends().into_iter().map(|row| one("exp", row));
    let nbf = beginnings().into_iter().map(|row| one("nbf", row));
    let iat = issues().into_iter().map(|row| one("iat", row));
    exp.chain(nbf)
        .chain(iat)
        .chain(kinds())
        .chain(others())
        .collect()
}

/// The clock of the authority says 1,700,000,000 and three quarters.
fn ends() -> Vec<(Value, Option<&'static str>)> {
    let expired = Some("the token expired at");
    let lasts = Some("the token lasts until");
    let invalid = Some("claim exp of the token is");
    vec![
        (json!(1_700_000_001), None),
        (json!(1_700_000_000), expired),
        (json!(1_699_999_999), expired),
        (json!(1_700_000_001.9), None),
        (json!(1_700_000_000.9), expired),
        (json!(1), expired),
        (json!(0), expired),
        (json!(-1), expired),
        (json!(1_700_086_400), None),
        (json!(1_700_086_401), lasts),
        (json!(4_102_444_800_i64), lasts),
        (json!("1700000060"), None),
        (json!("1700000060.5"), None),
        (json!("1700000000"), expired),
        (json!("-1"), expired),
        (json!(9_007_199_254_740_993_i64), invalid),
        (json!(i64::MAX), invalid),
        (json!(u64::MAX), invalid),
        (json!(i64::MIN), invalid),
        (json!(1e18), invalid),
        (json!(1e300), invalid),
        (json!(-1e300), invalid),
        (json!("never"), invalid),
        (json!("inf"), invalid),
        (json!("NaN"), invalid),
        (json!("1e10"), invalid),
        (json!("0x77359400"), invalid),
        (json!("+1700000060"), invalid),
        (json!(" 1700000060"), invalid),
        (json!("1700000060 "), invalid),
        (json!("1_700_000_060"), invalid),
        (json!("1,700,000,060"), invalid),
        (json!("2023-11-14T22:14:20Z"), invalid),
        (json!("٣"), invalid),
        (json!("9".repeat(33)), invalid),
        (json!("1700000060\u{0}"), invalid),
    ]
}

fn beginnings() -> Vec<(Value, Option<&'static str>)> {
    let early = Some("the token is not valid before");
    let invalid = Some("claim nbf of the token is");
    vec![
        (json!(1_700_000_000), None),
        (json!(1_700_000_300), None),
        (json!(1_700_000_301), early),
        (json!(1_700_000_301.5), early),
        (json!("1700000301"), early),
        (json!(4_102_444_800_i64), early),
        (json!(0), None),
        (json!(-1), None),
        (Value::Null, None),
        (json!(i64::MAX), invalid),
        (json!("tomorrow"), invalid),
        (json!(""), invalid),
    ]
}

fn issues() -> Vec<(Value, Option<&'static str>)> {
    let unissued = Some("the token says that it is issued at");
    let lasts = Some("the token lasts until");
    let invalid = Some("claim iat of the token is");
    vec![
        (json!(1_700_000_300), None),
        (json!(1_700_000_301), unissued),
        (json!("1700000301"), unissued),
        (json!(1_700_000_301.25), unissued),
        (json!(4_102_444_800_i64), unissued),
        (json!(1_699_913_660), None),
        (json!(1_699_913_659), lasts),
        (json!(0), lasts),
        (json!(-1), lasts),
        (Value::Null, None),
        (json!(i64::MAX), invalid),
        (json!("yesterday"), invalid),
    ]
}

/// A claim of another kind is not a claim that is not there.
fn kinds() -> impl Iterator<Item = Case> {
    ["exp", "nbf", "iat"].into_iter().flat_map(|claim| {
        OTHER_KINDS.iter().map(move |(kind, value)| {
            let says = format!("claim {claim} of the token is");
            let value: Value = serde_json::from_str(value).unwrap();
            case(
                format!("{claim}: {kind}"),
                Base::People,
                set(claim, value),
                refused("time", says),
            )
        })
    })
}

fn others() -> Vec<Case> {
    let people = |name: &str, change, expected| case(name, Base::People, change, expected);
    let both = |exp: i64, iat: i64| {
        let claims = [("exp", exp), ("iat", iat)];
        let claims = claims.map(|(claim, time)| (claim.to_owned(), Some(json!(time))));
        Change::Claims(claims.to_vec())
    };
    let missing = refused("time", "the token has no claim exp");
    vec![
        people("exp: not there", without("exp"), missing.clone()),
        people("exp: null", set("exp", Value::Null), missing),
        people(
            "exp: in capitals",
            Change::Claims(vec![
                ("exp".to_owned(), None),
                ("EXP".to_owned(), Some(json!(1_700_000_060))),
            ]),
            refused("time", "the token has no claim exp"),
        ),
        people("iat: not there", without("iat"), Expected::Accepted),
        people(
            "iat: behind exp",
            both(1_700_000_060, 1_700_000_120),
            Expected::Accepted,
        ),
        people(
            "exp and iat: both to come",
            both(1_800_000_000, 1_799_999_900),
            refused("time", "is issued at"),
        ),
        case(
            "max-token-life: at the limit",
            Base::Brief,
            both(1_700_000_600, 1_700_000_000),
            Expected::Accepted,
        ),
        case(
            "max-token-life: beyond the limit",
            Base::Brief,
            both(1_700_000_601, 1_700_000_000),
            refused("time", "the token lasts until"),
        ),
        case(
            "max-token-life: from now without iat",
            Base::Brief,
            Change::Claims(vec![
                ("exp".to_owned(), Some(json!(1_700_000_601))),
                ("iat".to_owned(), None),
            ]),
            refused("time", "the token lasts until"),
        ),
    ]
}
