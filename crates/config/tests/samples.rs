//! Each sample is read by the struct of its service, and everything beside it is refused.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where the sample is wrong"
)]

use std::fs;
use std::path::PathBuf;

use sigstead_kit::{ConfigError, ServiceConfig, read_config};

fn sample(service: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples");
    fs::read_to_string(folder.join(format!("{service}.yaml"))).unwrap()
}

fn read<C: ServiceConfig>(text: &str) -> Result<C, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    fs::write(&path, text).unwrap();
    read_config(&path)
}

/// The complaint about a text, without the folder of its file.
fn refusal<C: ServiceConfig>(text: &str) -> String {
    let Err(error) = read::<C>(text) else {
        panic!("this was accepted: {text}")
    };
    let full = error.to_string();
    full.rsplit_once("config.yaml:").unwrap().1.to_owned()
}

fn contradiction<C: ServiceConfig>(service: &str, from: &str, to: &str) -> String {
    let text = sample(service);
    assert!(text.contains(from), "{service} has no {from}");
    read::<C>(&text.replace(from, to))
        .unwrap()
        .check()
        .unwrap_err()
}

fn survives_writing<C: ServiceConfig>(service: &str) {
    let first: C = read(&sample(service)).unwrap();
    first.check().unwrap();
    let written = sigstead_config::to_yaml(&first).unwrap();
    let second: C = read(&written).unwrap();
    assert_eq!(sigstead_config::to_yaml(&second).unwrap(), written);
}

#[test]
fn every_sample_is_read_and_survives_being_written() {
    survives_writing::<sigstead_config::ca::Config>("ca");
    survives_writing::<sigstead_config::ctlog::Config>("ctlog");
    survives_writing::<sigstead_config::tlog::Config>("tlog");
    survives_writing::<sigstead_config::tsa::Config>("tsa");
    survives_writing::<sigstead_config::tuf::Config>("tuf");
    survives_writing::<sigstead_config::oidc::Config>("oidc");
}

#[test]
fn an_unknown_key_at_the_top_is_refused_with_its_place_and_the_nearest_name() {
    type Case = (&'static str, fn(&str) -> String, &'static str, &'static str);
    let cases: [Case; 6] = [
        (
            "ca",
            refusal::<sigstead_config::ca::Config>,
            "chian",
            "chain",
        ),
        (
            "ctlog",
            refusal::<sigstead_config::ctlog::Config>,
            "root",
            "roots",
        ),
        (
            "tlog",
            refusal::<sigstead_config::tlog::Config>,
            "log",
            "logs",
        ),
        (
            "tsa",
            refusal::<sigstead_config::tsa::Config>,
            "polices",
            "policy",
        ),
        (
            "tuf",
            refusal::<sigstead_config::tuf::Config>,
            "resign_befor",
            "resign_before",
        ),
        (
            "oidc",
            refusal::<sigstead_config::oidc::Config>,
            "isuer",
            "issuer",
        ),
    ];
    for (service, refuse, wrong, right) in cases {
        let text = format!("{}{wrong}: 1\n", sample(service));
        let line = text.lines().count();
        let complaint = refuse(&text);
        assert!(complaint.starts_with(&format!("{line}:1: ")), "{complaint}");
        assert!(
            complaint.contains(&format!("unknown field `{wrong}`")),
            "{complaint}"
        );
        assert!(
            complaint.ends_with(&format!("did you mean `{right}`?")),
            "{complaint}"
        );
    }
}

#[test]
fn an_unknown_key_inside_is_refused_with_its_path() {
    type Case = (
        &'static str,
        fn(&str) -> String,
        &'static str,
        &'static str,
        &'static str,
    );
    let cases: [Case; 6] = [
        (
            "ca",
            refusal::<sigstead_config::ca::Config>,
            "  public_key:",
            "  publickey:",
            "ct_log",
        ),
        (
            "ca",
            refusal::<sigstead_config::ca::Config>,
            "client_ca:",
            "clientca:",
            "listeners.admin",
        ),
        (
            "ca",
            refusal::<sigstead_config::ca::Config>,
            "log_level",
            "loglevel",
            "telemetry",
        ),
        (
            "tlog",
            refusal::<sigstead_config::tlog::Config>,
            "min_round_interval",
            "interval",
            "logs[2]",
        ),
        (
            "oidc",
            refusal::<sigstead_config::oidc::Config>,
            "secret_hash",
            "secret",
            "clients[1]",
        ),
        (
            "oidc",
            refusal::<sigstead_config::oidc::Config>,
            "max_failures",
            "failures",
            "sessions",
        ),
    ];
    for (service, refuse, right, wrong, path) in cases {
        let complaint = refuse(&sample(service).replace(right, wrong));
        assert!(complaint.contains(path), "{complaint}");
        assert!(complaint.contains("unknown field"), "{complaint}");
        assert!(
            complaint.starts_with(|c: char| c.is_ascii_digit()),
            "{complaint}"
        );
    }
}

#[test]
fn values_are_parsed_and_not_taken_as_text() {
    type Case = (&'static str, fn(&str) -> String, &'static str, &'static str);
    let cases: [Case; 8] = [
        (
            "ca",
            refusal::<sigstead_config::ca::Config>,
            "127.0.0.1:5555",
            "localhost",
        ),
        (
            "ca",
            refusal::<sigstead_config::ca::Config>,
            "certificate_lifetime: 10m",
            "certificate_lifetime: 10",
        ),
        (
            "ca",
            refusal::<sigstead_config::ca::Config>,
            "http://localhost:6962/",
            "localhost",
        ),
        (
            "tlog",
            refusal::<sigstead_config::tlog::Config>,
            "rekor-v2",
            "rekor-v9",
        ),
        (
            "tlog",
            refusal::<sigstead_config::tlog::Config>,
            "without_quorum: wait",
            "without_quorum: refuse",
        ),
        (
            "ctlog",
            refusal::<sigstead_config::ctlog::Config>,
            "ct2026.demo.localhost",
            "http://ct.localhost",
        ),
        (
            "oidc",
            refusal::<sigstead_config::oidc::Config>,
            "http://localhost:8080\n",
            "http://localhost:8080/\n",
        ),
        (
            "oidc",
            refusal::<sigstead_config::oidc::Config>,
            "device_code",
            "devices",
        ),
    ];
    for (service, refuse, good, bad) in cases {
        let text = sample(service);
        assert!(text.contains(good), "{service} has no {good}");
        refuse(&text.replace(good, bad));
    }
}

/// A type that refuses what it has read already must be placed as well as one that cannot be read.
#[test]
fn what_is_wrong_is_refused_where_it_stands() {
    use sigstead_config::{ca, ctlog, oidc, tlog, tsa, tuf};
    type Case = (&'static str, fn(&str) -> String, &'static str, &'static str);
    let cases: [Case; 15] = [
        (
            "ca",
            refusal::<ca::Config>,
            "uri: file:keys/ca.key",
            "uri: scroll:keys",
        ),
        ("ca", refusal::<ca::Config>, "10m", "ten"),
        (
            "ca",
            refusal::<ca::Config>,
            "\"http://127.0.0.1:4317\"",
            "nowhere",
        ),
        ("ca", refusal::<ca::Config>, "  public_key:", "  publickey:"),
        ("tlog", refusal::<tlog::Config>, "2891745330117236", "0"),
        (
            "tlog",
            refusal::<tlog::Config>,
            "uri: file:keys/log2026-2.key",
            "uri: scroll:keys",
        ),
        ("tlog", refusal::<tlog::Config>, "250ms", "soon"),
        ("tlog", refusal::<tlog::Config>, "without_quorum", "quorum"),
        (
            "ctlog",
            refusal::<ctlog::Config>,
            "ct2026.demo.localhost",
            "http://ct.localhost",
        ),
        ("ctlog", refusal::<ctlog::Config>, "time-stamping", "stamps"),
        (
            "tsa",
            refusal::<tsa::Config>,
            "{uri: \"file:keys/tsa.key\"",
            "{uri: scroll:keys",
        ),
        ("tuf", refusal::<tuf::Config>, "2d", "soon"),
        (
            "tuf",
            refusal::<tuf::Config>,
            "{uri: \"file:keys/timestamp.key\"",
            "{uri: scroll:keys",
        ),
        (
            "oidc",
            refusal::<oidc::Config>,
            "http://localhost:8080",
            "http://localhost/",
        ),
        ("oidc", refusal::<oidc::Config>, "8h", "long"),
    ];
    for (service, refuse, good, bad) in cases {
        let text = sample(service);
        let at = text.find(good).unwrap();
        let before = &text[..at];
        let indent = good.len() - good.trim_start().len();
        let line = before.lines().count() + usize::from(before.ends_with('\n'));
        let column = before.rsplit('\n').next().unwrap().len() + indent + 1;
        let complaint = refuse(&text.replacen(good, bad, 1));
        let place = format!("{line}:{column}: ");
        assert!(
            complaint.starts_with(&place),
            "{service} {bad}, at {place} {complaint}"
        );
    }
}

#[test]
fn what_is_missing_is_missed_where_it_should_stand() {
    let text = sample("ca").replace("    client_ca: ../trust/admin-ca.pem\n", "");
    let complaint = refusal::<sigstead_config::ca::Config>(&text);
    assert!(
        complaint.starts_with("6:3: listeners.admin: missing"),
        "{complaint}"
    );
}

#[test]
fn every_line_that_is_required_is_missed() {
    let without = |service: &str, key: &str| {
        let text = sample(service);
        let mut document: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        document.as_mapping_mut().unwrap().remove(key).unwrap();
        serde_yaml::to_string(&document).unwrap()
    };
    for key in ["listeners", "key", "chain", "issuers", "ct_log"] {
        let complaint = refusal::<sigstead_config::ca::Config>(&without("ca", key));
        assert!(
            complaint.contains(&format!("missing field `{key}`")),
            "{complaint}"
        );
    }
    for key in ["listeners", "issuer", "key", "store", "users", "clients"] {
        let complaint = refusal::<sigstead_config::oidc::Config>(&without("oidc", key));
        assert!(
            complaint.contains(&format!("missing field `{key}`")),
            "{complaint}"
        );
    }
}

#[test]
fn fields_that_contradict_each_other_are_refused() {
    use sigstead_config::{ca, ctlog, oidc, tlog, tsa, tuf};
    for (complaint, part) in [
        (
            contradiction::<ca::Config>("ca", "lifetime: 10m", "lifetime: 30d"),
            "certificate_lifetime",
        ),
        (
            contradiction::<ca::Config>("ca", "timeout: 5s", "extra_ca: company-ca.pem"),
            "ct_log.ca",
        ),
        (
            contradiction::<ctlog::Config>("ctlog", "anchor: anchor", "anchor: data/anchor"),
            "anchor",
        ),
        (
            contradiction::<tlog::Config>("tlog", "log2026-2.rekor", "log2026-1.rekor"),
            "origin",
        ),
        (
            contradiction::<tlog::Config>("tlog", "log2026-2/data", "log2026-1/data"),
            "directory",
        ),
        (
            contradiction::<tlog::Config>(
                "tlog",
                "anchor: rekor-v1/anchor",
                "anchor: rekor-v1/anchor\n    witnesses: {policy: policy}",
            ),
            "refuse cosigned checkpoints",
        ),
        (
            contradiction::<tsa::Config>("tsa", "[1.2.3.4]", "[x]"),
            "object identifier",
        ),
        (
            contradiction::<tuf::Config>("tuf", "resign_before: 2d", "resign_before: 7d"),
            "resign_before",
        ),
        (
            contradiction::<tuf::Config>(
                "tuf",
                "timestamp_validity: 7d",
                "timestamp_validity: 22d",
            ),
            "snapshot_validity",
        ),
        (
            contradiction::<oidc::Config>("oidc", "- id: release", "- id: sigstore"),
            "two clients",
        ),
        (
            contradiction::<oidc::Config>("oidc", "$argon2id$v=19", "hunter2"),
            "never write the secret",
        ),
        (
            contradiction::<oidc::Config>("oidc", "{team: release}", "{email: a@example.com}"),
            "email",
        ),
        (
            contradiction::<oidc::Config>("oidc", "token_lifetime: 5m", "token_lifetime: 0s"),
            "token_lifetime is 0s",
        ),
        (
            // Added to the time of day it would overflow.
            contradiction::<oidc::Config>("oidc", "login_lifetime: 8h", "login_lifetime: 9999999d"),
            "login_lifetime",
        ),
        (
            contradiction::<oidc::Config>("oidc", "max_failures: 5", "max_failures: 0"),
            "max_failures",
        ),
        (
            contradiction::<oidc::Config>("oidc", "name: Sigstore tools", "name: \"a\\nb\""),
            "name of client sigstore",
        ),
        (
            contradiction::<oidc::Config>("oidc", "- id: release", "- id: re lease"),
            "client id",
        ),
        (
            contradiction::<oidc::Config>(
                "oidc",
                "{team: release}",
                &format!("{{team: {}}}", "x".repeat(5000)),
            ),
            "4096 bytes",
        ),
        (
            contradiction::<oidc::Config>(
                "oidc",
                "users: users.records",
                "users: users.records\npages: {contact: \" \"}",
            ),
            "contact of pages",
        ),
    ] {
        assert!(complaint.contains(part), "{complaint}");
    }
}
