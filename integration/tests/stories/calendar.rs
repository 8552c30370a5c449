//! An operator asks what there is, until when, and what to do about it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, client, run, sigctl};

#[test]
fn every_key_of_an_instance_is_listed_and_what_ends_is_in_the_calendar() {
    let Some(openssl) = client::openssl() else {
        return;
    };
    let instance = Instance::start("calendar", &["--tls"]).unwrap();
    let listed = ask(&instance, &["keys"], 0);
    assert_eq!(listed["unread"], serde_json::json!([]));
    let known: BTreeSet<_> = texts(&listed["keys"], "key").collect();
    let mut files = Vec::new();
    key_files(&instance.directory(), &mut files);
    assert!(files.len() > 20, "{files:?}");
    for file in files {
        let fingerprint = fingerprint(&openssl, &instance, &file);
        assert!(
            known.contains(&fingerprint),
            "{} is not listed",
            file.display()
        );
    }

    has_all_ends_as_metrics(&instance, &listed);
    let calendar = ask(&instance, &["calendar", "--months", "70"], 0);
    let entries = calendar["entries"].as_array().unwrap();
    let days: Vec<_> = texts(&calendar["entries"], "date").collect();
    assert!(days.is_sorted(), "{days:?}");
    for (subject, how) in [
        ("TUF root v1", "sigctl trust publish"),
        ("TUF targets v1", "sigctl trust publish"),
        ("timestamp authority", "sigctl rotate tsa plan"),
        (
            "certificate authority",
            "sigctl rotate ca-intermediate plan",
        ),
        (
            "TLS certificate: administration of tlog",
            "sigctl rotate admin plan",
        ),
        ("TLS certificate: TLS of tlog", "sigctl rotate tls plan"),
    ] {
        let entry = entries.iter().find(|entry| entry["subject"] == subject);
        let entry = entry.unwrap_or_else(|| panic!("{subject} is not in {entries:?}"));
        assert!(entry["how"].as_str().unwrap().contains(how), "{entry}");
    }
    let automatic: BTreeSet<_> = texts(&calendar["automatic"], "subject").collect();
    assert!(
        automatic
            .iter()
            .any(|subject| subject.starts_with("TUF timestamp v"))
    );
    let without_end: Vec<_> = texts(&calendar["without_end"], "subject").collect();
    for subject in ["log of Rekor v2", "log of Rekor v1", "issuer of tokens"] {
        assert!(
            without_end.iter().any(|each| each == subject),
            "{without_end:?}"
        );
    }
}

#[test]
fn what_has_its_successor_is_nobodys_work() {
    let instance = Instance::start("calendar-rotated", &[]).unwrap();
    let directory = instance.directory();
    let directory = directory.to_str().unwrap();
    run(sigctl().args(["rotate", "tsa", "start", directory])).unwrap();
    let listed = ask(&instance, &["keys"], 0);
    let of_tsa = |state: &str| {
        let keys = listed["keys"].as_array().unwrap();
        let mut keys = keys.iter();
        let key = keys.find(|key| key["subject"] == "timestamp authority" && key["state"] == state);
        key.unwrap_or_else(|| panic!("nothing is {state} in {listed}"))
    };
    assert_eq!(of_tsa("active")["successor"], of_tsa("announced")["key"]);
    let calendar = ask(&instance, &["calendar", "--months", "240"], 0);
    let ends: Vec<_> = calendar["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["subject"] == "timestamp authority")
        .map(|entry| entry["ends"].clone())
        .collect();
    assert_eq!(ends, [of_tsa("announced")["ends"].clone()]);

    fs::write(instance.directory().join("trust/state.json"), "{}").unwrap();
    let listed = ask(&instance, &["keys"], 3);
    assert_eq!(listed["unread"].as_array().unwrap().len(), 1, "{listed}");
    assert!(!listed["keys"].as_array().unwrap().is_empty());
}

fn ask(instance: &Instance, command: &[&str], code: i32) -> Value {
    let (name, options) = command.split_first().unwrap();
    let mut sigctl = sigctl();
    sigctl
        .args(["--output", "json", name])
        .arg(instance.directory());
    let output = sigctl.args(options).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn texts<'a>(list: &'a Value, member: &'a str) -> impl Iterator<Item = String> + 'a {
    let list = list.as_array().unwrap().iter();
    list.filter_map(move |each| Some(each[member].as_str()?.to_owned()))
}

fn key_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            key_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "key") {
            files.push(path);
        }
    }
}

/// As many as there are different things with an end.
fn has_all_ends_as_metrics(instance: &Instance, listed: &Value) {
    let mut keys = sigctl();
    keys.args(["keys", "--format", "metrics"]);
    let told = run(keys.arg(instance.directory())).unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let lines: BTreeSet<_> = told.lines().filter(|line| !line.starts_with('#')).collect();
    let listed = listed["keys"].as_array().unwrap().iter();
    let ends = listed.filter(|item| item["ends"].is_string());
    let ends: BTreeSet<_> = ends
        .map(|item| ["subject", "kind", "state", "key"].map(|name| item[name].to_string()))
        .collect();
    assert_eq!(lines.len(), ends.len(), "{told}");
    for subject in [
        "TUF root v1",
        "certificate authority",
        "TLS certificate: TLS of tlog",
    ] {
        let label = format!("subject=\"{subject}\"");
        assert!(lines.iter().any(|line| line.contains(&label)), "{told}");
    }
}

/// The SHA-256 of the public half, by OpenSSL.
fn fingerprint(openssl: &Path, instance: &Instance, file: &Path) -> String {
    let passphrase = instance.directory().join("passphrase");
    let output = run(Command::new(openssl)
        .args(["pkey", "-pubout", "-outform", "DER", "-in"])
        .arg(file)
        .arg("-passin")
        .arg(format!("file:{}", passphrase.display())))
    .unwrap();
    let key = sigstead_key::PublicKey::from_spki_der(&output.stdout);
    key.unwrap().fingerprint()
}
