//! Rules: who does not fit them learns that, and not which.

use serde_json::{Value, json};

use crate::case::{Case, Change, Expected, case, set, without};
use crate::draft::Base;

pub(super) fn cases() -> Vec<Case> {
    let base = Base::Ruled;
    let not_allowed = || Expected::Refused {
        code: "E-CA-034",
        check: "rules",
        says: "no rule of the issuer lets this identity have a certificate".to_owned(),
    };
    let mut cases = vec![
        case(
            "rule: claim not there",
            base,
            without("groups"),
            not_allowed(),
        ),
        case(
            "rule: left, and still of the staff",
            base,
            set("left", json!(true)),
            not_allowed(),
        ),
        case(
            "rule: left is a text",
            base,
            set("left", json!("no")),
            not_allowed(),
        ),
        case(
            "rule: left is null",
            base,
            set("left", Value::Null),
            not_allowed(),
        ),
        case(
            "rule: not left",
            base,
            set("left", json!(false)),
            Expected::Accepted,
        ),
        case(
            "rule: staff among others",
            base,
            set("groups", json!(["a", "staff"])),
            Expected::Accepted,
        ),
        case(
            "rule: a list that is not judged",
            base,
            set("groups", json!(vec!["staff"; 257])),
            not_allowed(),
        ),
        case(
            "rule: a list elsewhere that is not judged",
            base,
            Change::Claims(vec![("other".to_owned(), Some(json!(vec![0; 257])))]),
            not_allowed(),
        ),
    ];
    for groups in [
        json!([]),
        json!("staff"),
        json!(["Staff"]),
        json!(["staff "]),
        json!([["staff"]]),
        json!({"a": "staff"}),
        json!(7),
        json!(["staff\u{0}"]),
        json!(true),
        Value::Null,
    ] {
        cases.push(case(
            format!("rule: groups {groups}"),
            base,
            set("groups", groups),
            not_allowed(),
        ));
    }
    cases
}
