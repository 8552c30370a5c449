//! Builds: each claim that the certificate needs, as everything that it must not be.

use serde_json::{Value, json};

use super::claim_types::{certified, needed};
use crate::case::{Case, Change, Expected, case, refused, set, without};
use crate::draft::Base;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (base, claims) in NEEDED {
        for claim in *claims {
            cases.extend(needed(*base, claim));
        }
    }
    for (base, claims) in CERTIFIED {
        let sound = base.claims();
        for claim in *claims {
            cases.extend(certified(*base, claim, sound[claim].as_str().unwrap()));
        }
    }
    cases.extend(gitlab());
    cases.extend(codefresh());
    cases.extend(chainguard());
    cases.extend(provider());
    cases
}

const NEEDED: &[(Base, &[&str])] = &[
    (Base::Github, &GITHUB),
    (Base::Gitlab, &GITLAB),
    (
        Base::Buildkite,
        &["sub", "organization_slug", "pipeline_slug"],
    ),
    (Base::Codefresh, &CODEFRESH),
    (Base::Chainguard, &["sub"]),
    (Base::Provider, &["sub"]),
];

/// Without those that a check of their own refuses, and those that only are asked for.
const CERTIFIED: &[(Base, &[&str])] = &[
    (Base::Github, &GITHUB),
    (
        Base::Gitlab,
        &[
            "sub",
            "project_path",
            "project_id",
            "pipeline_source",
            "ci_config_ref_uri",
            "namespace_path",
            "namespace_id",
            "job_id",
            "ref",
            "sha",
            "runner_environment",
        ],
    ),
    (
        Base::Buildkite,
        &["sub", "organization_slug", "pipeline_slug"],
    ),
    (Base::Codefresh, &CODEFRESH),
    (Base::Chainguard, &["sub"]),
    (Base::Provider, &["sub", "project", "revision"]),
];

const GITHUB: [&str; 17] = [
    "sub",
    "event_name",
    "sha",
    "workflow",
    "repository",
    "ref",
    "job_workflow_ref",
    "job_workflow_sha",
    "runner_environment",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "workflow_ref",
    "workflow_sha",
    "run_id",
    "run_attempt",
];
const GITLAB: [&str; 13] = [
    "sub",
    "project_path",
    "project_id",
    "pipeline_source",
    "pipeline_id",
    "ci_config_ref_uri",
    "namespace_path",
    "namespace_id",
    "job_id",
    "ref",
    "ref_type",
    "sha",
    "runner_environment",
];
const CODEFRESH: [&str; 6] = [
    "sub",
    "account_id",
    "account_name",
    "pipeline_id",
    "pipeline_name",
    "workflow_id",
];

fn gitlab() -> Vec<Case> {
    let base = Base::Gitlab;
    let mut cases = Vec::new();
    for value in [
        json!(0),
        json!("1"),
        json!(1.5),
        json!(true),
        json!([1]),
        json!({"id": 1}),
        json!(u64::MAX),
    ] {
        let expected = refused("identity", "claim runner_id of the token is");
        cases.push(case(
            format!("Gitlab: runner_id {value}"),
            base,
            set("runner_id", value),
            expected,
        ));
    }
    for (name, change) in [
        ("not there", without("runner_id")),
        ("null", set("runner_id", Value::Null)),
    ] {
        let expected = refused("identity", "the token has no claim runner_id");
        cases.push(case(
            format!("Gitlab: runner_id {name}"),
            base,
            change,
            expected,
        ));
    }
    for value in ["Branch", "merge", "branch ", "heads", "branch\u{0}"] {
        let expected = refused("identity", "expected branch or tag");
        cases.push(case(
            format!("Gitlab: ref_type {value:?}"),
            base,
            set("ref_type", json!(value)),
            expected,
        ));
    }
    for value in ["", "/g/p", "gitlab.com:port/g/p", "git lab.com/g"] {
        let expected = refused(
            "identity",
            if value.is_empty() {
                "of the token is"
            } else {
                "subject alternative name"
            },
        );
        let name = format!("Gitlab: ci_config_ref_uri {value:?}");
        cases.push(case(
            name,
            base,
            set("ci_config_ref_uri", json!(value)),
            expected,
        ));
    }
    for claim in ["ci_config_sha", "project_visibility"] {
        for value in [json!(7), json!(["a"]), json!({"a": 1}), json!(false)] {
            let expected = refused("identity", format!("claim {claim} of the token is"));
            cases.push(case(
                format!("Gitlab: {claim} {value}"),
                base,
                set(claim, value),
                expected,
            ));
        }
        cases.push(case(
            format!("Gitlab: {claim} null"),
            base,
            set(claim, Value::Null),
            Expected::Accepted,
        ));
        cases.extend(certified(base, claim, "a"));
    }
    cases
}

fn codefresh() -> Vec<Case> {
    let base = Base::Codefresh;
    let mut cases = Vec::new();
    for claim in [
        "scm_repo_url",
        "scm_ref",
        "runner_environment",
        "platform_url",
    ] {
        for value in [json!(7), json!(["a"]), json!({"a": 1}), json!(false)] {
            let expected = refused("identity", format!("claim {claim} of the token is"));
            cases.push(case(
                format!("Codefresh: {claim} {value}"),
                base,
                set(claim, value),
                expected,
            ));
        }
    }
    for claim in ["scm_repo_url", "scm_ref", "runner_environment"] {
        cases.extend(certified(base, claim, "a"));
    }
    for url in [
        "codefresh.example.com",
        "//codefresh.example.com",
        "https://",
        "https://a\u{0}b",
    ] {
        let expected = refused("identity", "a URL with a scheme and a host");
        cases.push(case(
            format!("Codefresh: platform_url {url:?}"),
            base,
            set("platform_url", json!(url)),
            expected,
        ));
    }
    cases
}

fn chainguard() -> Vec<Case> {
    let base = Base::Chainguard;
    let mut cases = Vec::new();
    for actor in [
        json!("a"),
        json!(7),
        json!(["a"]),
        json!({"a": 1}),
        json!({"a": {"b": "c"}}),
        json!(false),
    ] {
        let expected = refused("identity", "claim act of the token is");
        cases.push(case(
            format!("Chainguard: act {actor}"),
            base,
            set("act", actor),
            expected,
        ));
    }
    for (verified, says) in [
        (None, "has no claim email_verified"),
        (Some(json!(false)), "has not verified"),
        (Some(json!(1)), "claim email_verified of the token is"),
    ] {
        let name = format!("Chainguard: email_verified {verified:?}");
        let claims = vec![
            ("email".to_owned(), Some(json!("a@example.com"))),
            ("email_verified".to_owned(), verified),
        ];
        cases.push(case(
            name,
            base,
            Change::Claims(claims),
            refused("identity", says),
        ));
    }
    for email in [json!(7), json!(["a@example.com"]), json!(true)] {
        let expected = refused("identity", "claim email of the token is");
        cases.push(case(
            format!("Chainguard: email {email}"),
            base,
            set("email", email),
            expected,
        ));
    }
    cases
}

fn provider() -> Vec<Case> {
    let base = Base::Provider;
    let mut cases = Vec::new();
    for claim in ["project", "revision", "attempt"] {
        for (name, change) in [
            ("not there", without(claim)),
            ("null", set(claim, Value::Null)),
        ] {
            let expected = refused("identity", format!("the token has no claim {claim}"));
            cases.push(case(
                format!("Provider: {claim} {name}"),
                base,
                change,
                expected,
            ));
        }
        for value in [json!(["a"]), json!({"a": 1}), json!([])] {
            let expected = refused("identity", format!("claim {claim} of the token is"));
            cases.push(case(
                format!("Provider: {claim} {value}"),
                base,
                set(claim, value),
                expected,
            ));
        }
    }
    cases.push(case(
        "Provider: attempt with a line feed",
        base,
        set("attempt", json!("1\n2")),
        refused("identity", "control character"),
    ));
    cases.push(case(
        "Provider: project with a percent sign alone",
        base,
        set("project", json!("a%zz")),
        refused("identity", "percent sign"),
    ));
    cases.push(case(
        "Provider: revision with U+202E",
        base,
        set("revision", json!("1\u{202e}")),
        refused("identity", "direction of text"),
    ));
    cases
}
