//! People whose accounts are in a directory, which is a real one.

use std::path::Path;
use std::process::Command;

use sigstead_integration::{Instance, client, run};
use sigstead_test_support::slapd::{PASSWORD, SEARCHER, Slapd};

use super::{Clients, connect, page, shown_entries};
use crate::doctor::{doctor, found};

#[test]
fn people_of_a_directory_sign_with_every_client_and_are_told_when_it_is_away() {
    let Some(clients) = Clients::find() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let Some(mut slapd) = Slapd::start(folder.path(), "") else {
        return;
    };
    let instance = Instance::create("connectors", &[]).unwrap();
    connect(&instance, &entry(&slapd));
    instance.up().unwrap();
    let person = ("connector_login.py", &["ada", PASSWORD][..]);
    clients.sign(&instance, person, "ada@example.com");
    what_the_page_says(&instance, &clients.python, &mut slapd);
}

/// Refusals have one sentence, and the log has why. A directory that is away is named, and takes nothing else with it.
fn what_the_page_says(instance: &Instance, python: &Path, slapd: &mut Slapd) {
    let says = |name: &str, password: &str, sentence: &str| {
        run(Command::new(python)
            .arg(client::script("connector_login.py"))
            .args([&page(instance), name, password, sentence]))
        .unwrap();
    };
    let wrong = "e-mail address or the password is wrong";
    for (name, password) in [
        ("ada", "wrong"),
        ("locked", PASSWORD),
        ("expired", PASSWORD),
    ] {
        says(name, password, wrong);
    }
    let log = instance.directory().join("run/oidc.log");
    let log = std::fs::read_to_string(log).unwrap();
    for why in [
        "the password is wrong",
        "has locked the account",
        "the password has expired",
    ] {
        assert!(log.contains(why), "{why}\n{log}");
    }
    assert!(!log.contains(PASSWORD));
    let directory = instance.directory();
    let directory = directory.to_str().unwrap();
    let listed = || instance.json(&["oidc", "connector", "list", directory]);
    assert_eq!(listed().unwrap()[0].get("fault"), None);

    slapd.end();
    says("ada", PASSWORD, "Example Ltd does not answer");
    let fault = listed().unwrap()[0]["fault"].as_str().unwrap().to_owned();
    assert!(fault.contains("does not answer"), "{fault}");
    let (codes, report) = found(&mut doctor(instance, &["--no-sign"]));
    assert!(codes.contains("E-DOCTOR-161"), "{report}");
    assert_eq!(instance.service("oidc").unwrap()["state"], "ready");
    slapd.begin();
    says("ada", "wrong", wrong);
}

/// The entry of `docs/own-issuer.md`, with this server in place of the company's.
fn entry(slapd: &Slapd) -> String {
    let (entry, _) = shown_entries();
    entry
        .replace("ldaps://ldap.example.com", &slapd.tls_url())
        .replace("ldap-ca.pem", slapd.authority().to_str().unwrap())
        .replace("ldap-password", slapd.password_file().to_str().unwrap())
        .replace("cn=sigstead,ou=services,dc=example,dc=com", SEARCHER)
}
