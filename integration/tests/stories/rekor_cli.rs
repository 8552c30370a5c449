//! The command-line client of Rekor v1: upload, get, search, loginfo and verify.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, client, run, shared};

use crate::{artifact, beside, refuses};

#[test]
fn an_entry_is_uploaded_fetched_found_and_verified() {
    let Some(program) = client::rekor_cli() else {
        return;
    };
    let cli = RekorCli::new(program, shared());
    let signed = Signed::new(shared().work(), "rekor-cli");
    let uploaded = cli.json("upload", &signed.arguments());
    let place = uploaded["Location"].as_str().unwrap().to_owned();
    let uuid = place.rsplit('/').next().unwrap();

    let fetched = cli.json("get", &["--uuid", uuid]);
    assert_eq!(fetched["UUID"], uuid);
    let digest = format!("sha256:{}", signed.digest);
    assert_eq!(
        fetched["Body"]["HashedRekordObj"]["data"]["hash"]["value"],
        signed.digest
    );
    let by_index = cli.json("get", &["--log-index", &fetched["LogIndex"].to_string()]);
    assert_eq!(by_index["UUID"], uuid);

    let key = signed.public_key.to_str().unwrap();
    let of_key = ["--public-key", key, "--pki-format", "x509"];
    for search in [&["--sha", digest.as_str()][..], &of_key] {
        let found = cli.found(search);
        assert!(
            found.iter().any(|each| each == uuid),
            "{search:?}: {found:?}"
        );
    }
    run(&mut cli.command("verify", &signed.arguments())).unwrap();
    // Again, so that the state that it kept is compared with a later head.
    for _ in 0..2 {
        run(&mut cli.command("loginfo", &[])).unwrap();
        let signed = Signed::new(shared().work(), "rekor-cli-more");
        run(&mut cli.command("upload", &signed.arguments())).unwrap();
    }
    run(&mut cli.command("loginfo", &[])).unwrap();
}

#[test]
fn an_entry_that_is_there_already_is_told_by_its_place() {
    let Some(program) = client::rekor_cli() else {
        return;
    };
    let cli = RekorCli::new(program, shared());
    let signed = Signed::new(shared().work(), "rekor-cli-twice");
    let first = cli.json("upload", &signed.arguments());
    let again = cli.json("upload", &signed.arguments());
    assert_eq!(again["Location"], first["Location"]);
    assert_eq!(again["AlreadyExists"], true);
}

#[test]
fn it_is_told_what_is_wrong_with_an_entry_and_that_there_is_none() {
    let Some(program) = client::rekor_cli() else {
        return;
    };
    let cli = RekorCli::new(program, shared());
    let (signed, other) = (
        Signed::new(shared().work(), "rekor-cli-a"),
        Signed::new(shared().work(), "rekor-cli-b"),
    );
    let mut arguments = signed.arguments();
    arguments[5] = other.signature.to_str().unwrap();
    refuses(&mut cli.command("upload", &arguments), &["signature"]);
    let absent = "ab".repeat(32);
    refuses(
        &mut cli.command("get", &["--uuid", &absent]),
        &["404", "not found"],
    );
    refuses(
        &mut cli.command("verify", &other.arguments()),
        &["not", "404"],
    );
}

pub(crate) struct RekorCli<'a> {
    program: PathBuf,
    instance: &'a Instance,
    /// Where it remembers the log that it saw.
    home: tempfile::TempDir,
}

impl<'a> RekorCli<'a> {
    pub(crate) fn new(program: PathBuf, instance: &'a Instance) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self {
            program,
            instance,
            home,
        }
    }

    pub(crate) fn command(&self, verb: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env("HOME", self.home.path())
            .args([verb, "--rekor_server", &self.instance.url("tlog")])
            .args(["--format", "json"])
            .args(arguments);
        command
    }

    fn json(&self, verb: &str, arguments: &[&str]) -> Value {
        let output = run(&mut self.command(verb, arguments)).unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn found(&self, arguments: &[&str]) -> Vec<String> {
        // The index follows the log.
        for _ in 0..100 {
            let found = self.json("search", arguments);
            let ids = found["UUIDs"].as_array().cloned().unwrap_or_default();
            if !ids.is_empty() {
                let ids = ids.iter().map(|id| id.as_str().unwrap().to_owned());
                return ids.collect();
            }
            sigstead_integration::pause();
        }
        Vec::new()
    }
}

/// A file signed with a key of its own, by OpenSSL.
pub(crate) struct Signed {
    digest: String,
    signature: PathBuf,
    public_key: PathBuf,
}

impl Signed {
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let file = artifact(folder, name);
        let (key, public_key) = (beside(&file, "key"), beside(&file, "pub"));
        let signature = beside(&file, "sig");
        let openssl = || Command::new("openssl");
        run(openssl()
            .args([
                "ecparam",
                "-name",
                "prime256v1",
                "-genkey",
                "-noout",
                "-out",
            ])
            .arg(&key))
        .unwrap();
        run(openssl()
            .args(["ec", "-in"])
            .arg(&key)
            .args(["-pubout", "-out"])
            .arg(&public_key))
        .unwrap();
        run(openssl()
            .args(["dgst", "-sha256", "-sign"])
            .arg(&key)
            .arg("-out")
            .arg(&signature)
            .arg(&file))
        .unwrap();
        let digest = run(openssl().args(["dgst", "-sha256", "-r"]).arg(&file)).unwrap();
        let digest = String::from_utf8(digest.stdout).unwrap();
        Self {
            digest: digest.split_whitespace().next().unwrap().to_owned(),
            signature,
            public_key,
        }
    }

    pub(crate) fn arguments(&self) -> Vec<&str> {
        vec![
            "--type",
            "hashedrekord",
            "--artifact-hash",
            &self.digest,
            "--signature",
            self.signature.to_str().unwrap(),
            "--public-key",
            self.public_key.to_str().unwrap(),
            "--pki-format",
            "x509",
        ]
    }
}
