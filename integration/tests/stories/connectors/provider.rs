//! People whose accounts are at a provider of identities that is not ours.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use sigstead_integration::{Instance, client, run, sigctl};

use super::{Clients, connect, page, shown_entries};
use crate::foreign_provider::{ForeignProvider, SECRET};

#[test]
fn people_of_a_provider_sign_with_every_client() {
    let Some(clients) = Clients::find() else {
        return;
    };
    let instance = Instance::create("provided", &[]).unwrap();
    let Some(provider) = ForeignProvider::start_for(&callback(&instance, "login")) else {
        return;
    };
    connect(
        &instance,
        &entry(&instance, &provider, "login", "Example login"),
    );
    instance.up().unwrap();
    let person = ("provider_login.py", &["bea"][..]);
    clients.sign(&instance, person, "bea@example.com");
    let said = provider.end();
    let gave = said.iter().filter(|line| *line == "grant sigstead");
    assert_eq!(gave.count(), 4, "{said:#?}");
}

/// Each attempt is a browser's at the pages of the issuer and of the providers.
#[test]
fn a_provider_signs_in_its_own_people_and_nobody_who_bends_an_answer() {
    let (Some(python), Some(_)) = (client::python(), client::chromium()) else {
        return;
    };
    let instance = Instance::create("attempts", &[]).unwrap();
    let url = |id| callback(&instance, id);
    let (Some(provider), Some(other), Some(late)) = (
        ForeignProvider::start_for(&url("login")),
        ForeignProvider::start_for(&url("other")),
        ForeignProvider::start_late_for(&url("late")),
    ) else {
        return;
    };
    let entries = [
        entry(&instance, &provider, "login", "Example login"),
        entry(&instance, &other, "other", "Other login"),
        entry(&instance, &late, "late", "Late login"),
    ];
    connect(&instance, &entries.concat());
    instance.up().unwrap();
    add(&instance, "alice@example.com", &[]);
    add(&instance, "dora@example.com", &["--link", "login=linked"]);
    let outcomes = run(Command::new(python)
        .arg(client::script("provider_attempts.py"))
        .args([&instance.url("oidc"), &page(&instance)])
        .args([provider.url(), other.url(), late.url()]))
    .unwrap();
    let outcomes: Value = serde_json::from_slice(&outcomes.stdout).unwrap();
    check_people(&outcomes);
    for (attempt, code) in REFUSALS {
        assert_eq!(outcomes[attempt], code, "{attempt}");
    }
    assert_eq!(outcomes["unknown"], "stays there");
    let attempts = outcomes.as_object().unwrap().len();
    assert_eq!(attempts, REFUSALS.len() + 5);
    let log = std::fs::read_to_string(instance.directory().join("run/oidc.log")).unwrap();
    assert!(!log.contains(SECRET));
}

/// Two people of one address at two providers are two people, and the word of one links nothing at the other.
fn check_people(outcomes: &Value) {
    let (right, elsewhere) = (&outcomes["right"], &outcomes["same address elsewhere"]);
    for (claims, connector) in [(right, "login"), (elsewhere, "other")] {
        assert_eq!(claims["email"], "bea@example.com");
        let theirs = serde_json::json!({"connector_id": connector, "user_id": "bea"});
        assert_eq!(claims["federated_claims"], theirs);
        let subject = claims["sub"].as_str().unwrap();
        assert!(subject.starts_with(&format!("{connector}:")), "{subject}");
    }
    let (linked, unlinked) = (&outcomes["linked"], &outcomes["unlinked"]);
    assert_eq!(linked["email"], "dora@example.com");
    assert!(!linked["sub"].as_str().unwrap().contains(':'), "{linked}");
    assert_eq!(unlinked["email"], "linked@example.com");
}

/// An account of the issuer, with what `sigctl oidc user change` changes of it.
fn add(instance: &Instance, email: &str, changes: &[&str]) {
    let user = |verb: &str| {
        let mut command = sigctl();
        command.args(["oidc", "user", verb]);
        command.arg(instance.directory()).arg(email);
        command
    };
    let mut adding = user("add")
        .arg("--password-stdin")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = adding.stdin.take().unwrap();
    input.write_all(b"correct horse battery staple").unwrap();
    drop(input);
    assert!(adding.wait().unwrap().success());
    if !changes.is_empty() {
        run(user("change").args(changes)).unwrap();
    }
}

fn callback(instance: &Instance, id: &str) -> String {
    format!("{}/callback/{id}", instance.url("oidc"))
}

/// The entry of `docs/own-issuer.md`, with this provider in place of the company's.
fn entry(instance: &Instance, provider: &ForeignProvider, id: &str, name: &str) -> String {
    let secret: &Path = &instance.directory().join("oidc").join("login-secret");
    std::fs::write(secret, SECRET).unwrap();
    let (_, entry) = shown_entries();
    entry
        .replace("id: login\n", &format!("id: {id}\n"))
        .replace("Example login", name)
        .replace("https://login.example.com", &provider.url())
}

const REFUSALS: [(&str, &str); 16] = [
    ("address of an account", "E-OIDC-062"),
    ("unverified", "E-OIDC-063"),
    ("other domain", "E-OIDC-063"),
    ("expired", "E-OIDC-066"),
    ("cancelled", "E-OIDC-066"),
    ("denied", "E-OIDC-066"),
    ("nonce", "E-OIDC-066"),
    ("no nonce", "E-OIDC-066"),
    ("challenge", "E-OIDC-066"),
    ("state", "E-OIDC-028"),
    ("replayed", "E-OIDC-028"),
    ("another's code", "E-OIDC-066"),
    ("mix-up", "E-OIDC-066"),
    ("mix-up without iss", "E-OIDC-066"),
    ("another browser", "E-OIDC-028"),
    ("another place", "E-OIDC-028"),
];
