//! Workloads: by a URI, by a SPIFFE ID, by a service account.

use serde_json::{Value, json};

use super::claim_types::needed;
use crate::case::{Case, Change, case, refused, set, without};
use crate::draft::Base;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = needed(Base::Services, "sub");
    let of = |base, rows: &[&str], says: &'static str| {
        let rows = rows.iter().map(move |sub| {
            case(
                format!("{base:?}: sub {sub:?}"),
                base,
                set("sub", json!(sub)),
                refused("identity", says),
            )
        });
        rows.collect::<Vec<_>>()
    };
    cases.extend(of(
        Base::Services,
        &NO_URIS,
        "a URI with a scheme and a host",
    ));
    cases.extend(of(
        Base::Services,
        &FOREIGN_URIS,
        "with scheme and host of https://services.example.com",
    ));
    cases.extend(of(
        Base::Services,
        &[
            "https://alice@services.example.com/a",
            "https://services.example.com:x@services.example.com/",
        ],
        "without user information",
    ));
    let long = format!("https://services.example.com/{}", "a".repeat(2048));
    cases.push(case(
        "Services: sub of 2077 bytes",
        Base::Services,
        set("sub", json!(long)),
        refused("identity", "at most 2048 bytes"),
    ));
    cases.extend(needed(Base::Spiffe, "sub"));
    cases.extend(of(Base::Spiffe, &NO_IDS, "a SPIFFE ID"));
    cases.extend(of(
        Base::Spiffe,
        &FOREIGN_IDS,
        "a SPIFFE ID of trust domain example.org",
    ));
    let long = format!("spiffe://example.org/{}", "a".repeat(2048));
    cases.push(case(
        "Spiffe: sub of 2069 bytes",
        Base::Spiffe,
        set("sub", json!(long)),
        refused("identity", "at most 2048 bytes"),
    ));
    cases.push(case(
        "Spiffe: neither iss nor a trust domain that is known",
        Base::Spiffe,
        Change::Claims(vec![
            ("iss".to_owned(), None),
            ("sub".to_owned(), Some(json!("spiffe://other.org/web"))),
        ]),
        refused("issuer", "the token has no claim iss"),
    ));
    cases.push(case(
        "Spiffe: iss not there",
        Base::Spiffe,
        without("iss"),
        crate::case::Expected::Accepted,
    ));
    cases.extend(needed(Base::Kubernetes, "sub"));
    cases.extend(kubernetes());
    cases
}

const NO_URIS: [&str; 15] = [
    "build",
    "/build",
    "services.example.com/build",
    "//services.example.com/build",
    "https:",
    "https://",
    "https:///build",
    "https:/services.example.com/build",
    "mailto:alice@services.example.com",
    "urn:services.example.com:build",
    "https://services.example.com/\u{0}",
    "https://services.example.com/a\nb",
    "https://services.example.com/%zz",
    "https://services.example.com:port/build",
    " https://services.example.com/build",
];

const FOREIGN_URIS: [&str; 14] = [
    "http://services.example.com/build",
    "ftp://services.example.com/build",
    "https://services.example.org/build",
    "https://other.example.com/build",
    "https://a.services.example.com/build",
    "https://example.com/services.example.com",
    "https://services.example.com.evil.example.org/build",
    "https://services.example.comm/build",
    "https://services.example.com./build",
    "https://SERVICES.example.com/build",
    "https://evil.example.org#https://services.example.com",
    "https://evil.example.org?https://services.example.com",
    "https://serv\u{456}ces.example.com/build",
    "https://192.0.2.1/build",
];

const NO_IDS: [&str; 19] = [
    "web",
    "example.org/web",
    "https://example.org/web",
    "SPIFFE://example.org/web",
    "spiffe:/example.org/web",
    "spiffe://",
    "spiffe:///web",
    "spiffe://Example.org/web",
    "spiffe://example.org/",
    "spiffe://example.org/web/",
    "spiffe://example.org//web",
    "spiffe://example.org/./web",
    "spiffe://example.org/../web",
    "spiffe://example.org/w%65b",
    "spiffe://example.org/web?a=b",
    "spiffe://example.org/web#a",
    "spiffe://example.org:443/web",
    "spiffe://alice@example.org/web",
    "spiffe://example.org/web\u{0}",
];

const FOREIGN_IDS: [&str; 6] = [
    "spiffe://example.com/web",
    "spiffe://other.example.org/web",
    "spiffe://example.org.evil.example.com/web",
    "spiffe://xample.org/web",
    "spiffe://example.or/web",
    "spiffe://example.orgg/web",
];

fn kubernetes() -> Vec<Case> {
    let base = Base::Kubernetes;
    let mut cases = Vec::new();
    let mut row = |name: &str, change, says: &str| {
        cases.push(case(
            format!("Kubernetes: {name}"),
            base,
            change,
            refused("identity", says),
        ));
    };
    let account = |namespace: Value, name: Value| {
        set(
            "kubernetes.io",
            json!({"namespace": namespace, "serviceaccount": {"name": name}}),
        )
    };
    row(
        "no claims of the cluster",
        without("kubernetes.io"),
        "has no claim $['kubernetes.io'].namespace",
    );
    row(
        "no service account",
        set("kubernetes.io", json!({"namespace": "default"})),
        "has no claim",
    );
    row(
        "no namespace",
        set(
            "kubernetes.io",
            json!({"serviceaccount": {"name": "builder"}}),
        ),
        "has no claim",
    );
    for kind in [
        json!(7),
        json!(""),
        json!(["default"]),
        json!({"a": 1}),
        json!(true),
    ] {
        row(
            &format!("namespace {kind}"),
            account(kind.clone(), json!("builder")),
            "of the token is",
        );
        row(
            &format!("name {kind}"),
            account(json!("default"), kind),
            "of the token is",
        );
    }
    for name in [
        "Default",
        "-a",
        "a-",
        "a_b",
        "a/b",
        "a b",
        "..",
        "a\u{0}",
        "\u{e4}",
        "default:builder",
    ] {
        row(
            &format!("namespace {name:?}"),
            account(json!(name), json!("builder")),
            "a label of RFC 1123",
        );
        row(
            &format!("name {name:?}"),
            account(json!("default"), json!(name)),
            "a subdomain of RFC 1123",
        );
    }
    row(
        "namespace of 64 bytes",
        account(json!("a".repeat(64)), json!("builder")),
        "a label of RFC 1123",
    );
    row(
        "name of 255 bytes",
        account(json!("default"), json!(["a"; 128].join("."))),
        "a subdomain of RFC 1123",
    );
    for subject in [
        "system:serviceaccount:default:other",
        "system:serviceaccount:other:builder",
        "system:serviceaccount:default:builder:x",
        "system:serviceaccount:default",
        "system:serviceaccounts:default:builder",
        "builder",
        "system:serviceaccount:default:builder\u{0}",
    ] {
        row(
            &format!("sub {subject:?}"),
            set("sub", json!(subject)),
            "as the claim kubernetes.io says",
        );
    }
    for (what, value) in [
        ("a text", json!("default")),
        ("null", Value::Null),
        ("empty", json!("")),
    ] {
        row(
            &format!("a token from a secret, namespace {what}"),
            set("kubernetes.io/serviceaccount/namespace", value),
            "use a projected one",
        );
    }
    cases
}
