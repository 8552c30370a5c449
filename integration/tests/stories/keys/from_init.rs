//! A token has all keys of an instance from the beginning, those of the operator too, as `docs/keys.md` shows it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sigstead_integration::{
    Instance, KeyPlace as _, KeyServer, PIN, Rotated, Token, run, wait_for,
};

use super::{away_and_back, clients_sign_and_verify, holds_at_least, is_in_no_log};
use crate::refuses;

#[test]
fn no_key_of_an_instance_was_ever_in_a_file() {
    let Some(token) = Token::new().unwrap() else {
        return;
    };
    let (variable, file) = token.environment();
    let arguments = as_written(&token, "all=");
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let instance = Instance::create_where((variable, &file), "acme", &arguments).unwrap();
    let directory = instance.directory();
    has_no_sealed_key(&directory);
    wait_for("the start", || instance.up().is_ok()).unwrap();
    clients_sign_and_verify(&instance);

    let sigctl = |words: &[&str]| {
        let output = instance.sigctl().args(words).arg(&directory).output();
        says_no_pin(output.unwrap())
    };
    let done = |words: &[&str]| {
        let output = sigctl(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    // The keys of the operator sign roots and targets, certificates of administrators, and those of the admin interfaces.
    done(&["trust", "publish"]);
    for role in ["tsa", "admin"] {
        let next = ["--key-uri", "pkcs11:token=site;object=tsa-2"];
        let mut words = vec!["--in", "1s", "--drain", "1s", "--accept-short-times"];
        if role == "tsa" {
            words.extend(next.iter().chain(&arguments[2..]));
        }
        Rotated(role).rotate(&instance, "start", &words);
        Rotated(role).until_over(&instance);
    }
    let keys = done(&["keys"]);
    assert!(keys.contains("pkcs11:token=site;object=oidc"), "{keys}");
    let doctor = sigctl(&["doctor"]);
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(!said.contains("does not open"), "{said}");

    // The file with the PIN is none of the instance, which is said, and the rest of the backup is whole.
    let backup = instance.work().join("backup.tar.age");
    let mut command = instance.sigctl();
    command.env("SIGCTL_BACKUP_PASSPHRASE", "of the backup");
    let taken = command.arg("backup").arg(&directory).arg(&backup).output();
    let taken = says_no_pin(taken.unwrap());
    assert_eq!(taken.status.code(), Some(3), "{taken:?}");
    assert!(backup.exists());

    has_no_sealed_key(&directory);
    clients_sign_and_verify(&instance);
    is_in_no_log(&instance, PIN);
}

/// Every signature that the token makes is wrong for a while, and none of them leaves.
#[test]
fn a_token_that_signs_wrongly_is_caught() {
    let Some(token) = Token::new().unwrap() else {
        return;
    };
    let Some(module) = token.lying_module().unwrap() else {
        return;
    };
    let mut arguments = as_written(&token, "all=");
    let named = arguments.iter_mut().find(|word| word.ends_with(".so"));
    *named.unwrap() = module.display().to_string();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let (variable, file) = token.environment();
    let instance = Instance::create_where((variable, &file), "lied-to", &arguments).unwrap();
    wait_for("the start", || instance.up().is_ok()).unwrap();
    let lie = || token.lie().unwrap();
    let tell_the_truth = || token.tell_the_truth().unwrap();
    let taken = away_and_back(&instance, lie, tell_the_truth);
    holds_at_least(&instance, taken);
    // What the operator signs is looked at too, and nothing of it is published.
    lie();
    let mut publish = instance.sigctl();
    publish.args(["trust", "publish"]).arg(instance.directory());
    refuses(&mut publish, &["e-key-001"]);
    tell_the_truth();
    run(&mut publish).unwrap();
    run(instance
        .sigctl()
        .args(["log", "check"])
        .arg(instance.directory()))
    .unwrap();
    clients_sign_and_verify(&instance);
    is_in_no_log(&instance, PIN);
}

#[test]
fn a_key_is_taken_when_that_is_said_and_by_one_role() {
    let server = KeyServer::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let init = |name: &str, keys: &[&str]| {
        let mut command = sigstead_integration::sigctl();
        command.arg("init").arg(folder.path().join(name));
        command.args(["--name", name, "--anchors"]);
        command.arg(folder.path().join("anchors"));
        for key in keys {
            command.args(["--key", key]);
        }
        for (field, value) in server.fields() {
            command.arg(format!("--{}", field.replace('_', "-")));
            command.arg(value);
        }
        command
    };
    let tsa = "tsa=vault:transit/time?version=1";
    refuses(
        &mut init("a", &[tsa, "tls-ca=vault:transit/a?version=1"]),
        &["e-key-040"],
    );
    refuses(&mut init("a", &["tsa=vault:transit/time"]), &["e-key-021"]);
    refuses(
        &mut init("a", &[tsa, "ca=vault:transit/time?version=1"]),
        &["e-key-041"],
    );
    assert!(!folder.path().join("a").exists());
    // What the one before made is there.
    refuses(&mut init("a", &[tsa]), &["e-key-042"]);
    run(init("a", &[tsa]).arg("--take-keys")).unwrap();
    let config = std::fs::read_to_string(folder.path().join("a/tsa/config.yaml")).unwrap();
    assert!(config.contains("vault:transit/time?version=1"), "{config}");
    // Some clients take no such key there, and none is made in its place.
    let uri = "vault:transit/edwards?version=1";
    let nobody = Instance::create("nobody", &[]).unwrap();
    run(server
        .sigctl(&nobody, "create")
        .args([uri, "--algorithm", "ed25519"]))
    .unwrap();
    let key = format!("rekor-v1={uri}");
    refuses(init("b", &[&key]).arg("--take-keys"), &["e-key-024"]);
}

/// What the page has behind `--name acme` of the command with those keys, with the PIN of the token.
fn as_written(token: &Token, keys: &str) -> Vec<String> {
    let fields = token.fields().into_iter();
    let pin = fields.last().map(|(_, file)| file).unwrap();
    let words = words_of("init").into_iter().skip(4);
    let words: Vec<_> = words
        .map(|word| if word == "pin" { pin.clone() } else { word })
        .collect();
    assert!(words[1].starts_with(keys), "{words:?}");
    words
}

/// The words of the first command of the page that begins so.
pub(super) fn words_of(command: &str) -> Vec<String> {
    let page = include_str!("../../../../docs/keys.md");
    let begin = format!("$ sigctl {command}");
    let (_, rest) = page.split_once(&begin).unwrap();
    let rest = rest.replace("\\\n", " ");
    let line = rest.lines().next().unwrap();
    let script = format!("printf '%s\\n' {command}{line}");
    let split = run(Command::new("sh").arg("-c").arg(script)).unwrap();
    let split = String::from_utf8(split.stdout).unwrap();
    split.lines().map(str::to_owned).collect()
}

/// No file of the instance has a key that a passphrase opens.
pub(super) fn has_no_sealed_key(directory: &Path) {
    for file in files(directory) {
        let text = std::fs::read(&file).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        assert!(
            !text.contains("BEGIN ENCRYPTED PRIVATE KEY"),
            "{}",
            file.display()
        );
        assert!(!text.contains(PIN), "{}", file.display());
    }
}

pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| match path.is_dir() {
        true => files(&path),
        false => vec![path],
    };
    entries.flat_map(below).collect()
}

pub(super) fn says_no_pin(output: Output) -> Output {
    for said in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(said).contains(PIN), "{output:?}");
    }
    output
}
