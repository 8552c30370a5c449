//! Holders of the root have their keys in tokens of their own, beside one whose key is a file, as `docs/keys.md` shows it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use sigstead_integration::{Instance, KeyPlace as _, PIN, Token, run, sigctl, wait_for};
use sigstead_trust_root::tuf::{Root, Signed};

use super::from_init::{files, says_no_pin, words_of};
use crate::refuses;
use crate::rotation::tuf_clients::clients_refresh;

#[test]
fn tokens_and_a_file_sign_the_root_together() {
    let (Some(site), Some(alice), Some(carol)) = (
        Token::new().unwrap(),
        Token::new().unwrap(),
        Token::new().unwrap(),
    ) else {
        return;
    };
    // The one key before the ceremony is in a token too.
    let (variable, file) = site.environment();
    let key = ["--key", "tuf-root=pkcs11:token=site;object=tuf-root"];
    let place = fields(&site);
    let place: Vec<_> = place.iter().map(String::as_str).collect();
    let instance =
        Instance::create_where((variable, &file), "held", &[&key[..], &place].concat()).unwrap();
    wait_for("the start", || instance.up().is_ok()).unwrap();
    let first = instance.work().join("first-root.json");
    fs::copy(instance.kit("root.json"), &first).unwrap();
    let table = Table::of(&instance);

    let wished = [
        "--replace",
        "operator=alice",
        "--add",
        "bob",
        "--add",
        "carol",
    ];
    table.draft("root-2", &[&wished[..], &["--threshold", "2"]].concat());
    run(&mut table.written("ceremony invite", &alice)).unwrap();
    table.with_file(&[
        "invite",
        "root-2",
        "--name",
        "bob",
        "--algorithm",
        "ed25519",
    ]);
    // A holder joins with a new key.
    let other = "pkcs11:token=site;object=other";
    run(table
        .sigctl(Some(&carol))
        .args(["key", "create", other])
        .args(fields(&carol)))
    .unwrap();
    let join = |uri: &str| {
        let mut join = table.sigctl(Some(&carol));
        join.args([
            "ceremony", "invite", "root-2", "--name", "carol", "--key", uri,
        ]);
        join.args(["--algorithm", "ed25519"]).args(fields(&carol));
        join
    };
    refuses(&mut join(other), &["e-ceremony-019"]);
    run(&mut join("pkcs11:token=site;object=root")).unwrap();

    // The operator's file says where the key is.
    let one = format!(
        "file:{}",
        instance.directory().join("trust/tuf-root.key").display()
    );
    let words = table.words("root-2");
    let sign = |token: &Token, key: &str, fields: &[String]| {
        let mut sign = table.sigctl(Some(token));
        sign.args([
            "ceremony", "sign", "root-2", "--key", key, "--words", &words,
        ]);
        sign.args(fields);
        sign
    };
    let wrong = fields_with(&carol, &table.pin("a-wrong-pin"));
    refuses(
        &mut sign(&carol, "pkcs11:token=site;object=root", &wrong),
        &["e-key-008"],
    );
    run(&mut sign(&site, &one, &[])).unwrap();
    run(&mut table.written("ceremony sign", &alice)).unwrap();
    run(&mut sign(
        &carol,
        "pkcs11:token=site;object=root",
        &fields(&carol),
    ))
    .unwrap();
    table.finish("root-2");
    clients_refresh(&instance, &first);

    // Two of three are enough: one in a token, one in a file.
    table.draft("root-3", &[]);
    let words = table.words("root-3");
    table.with_file(&["sign", "root-3", "--words", &words]);
    let mut again = table.sigctl(Some(&alice));
    again.args(["ceremony", "sign", "root-3", "--words", &words]);
    again.args(["--key", "pkcs11:token=site;object=root"]);
    run(again.args(fields(&alice))).unwrap();
    table.finish("root-3");
    clients_refresh(&instance, &first);

    let newest = instance.directory().join("tuf/repository/3.root.json");
    let newest = Signed::<Root>::parse(&fs::read(newest).unwrap())
        .unwrap()
        .signed;
    let role = &newest.roles["root"];
    assert_eq!((role.threshold, role.keyids.len()), (2, 3));
    for file in files(&table.folder) {
        let said = fs::read(&file).unwrap();
        let is_pin = file.extension().is_some_and(|ending| ending == "pin");
        assert!(
            is_pin || !String::from_utf8_lossy(&said).contains(PIN),
            "{}",
            file.display()
        );
    }
}

/// Where all sit, with one medium after the other.
struct Table<'a> {
    folder: PathBuf,
    instance: &'a Instance,
}

impl<'a> Table<'a> {
    fn of(instance: &'a Instance) -> Self {
        let folder = instance.work().join("table");
        fs::create_dir(&folder).unwrap();
        let table = Self { folder, instance };
        let passphrase = table.folder.join("passphrase");
        write(&passphrase, "of bob\n");
        table
    }

    fn pin(&self, pin: &str) -> PathBuf {
        let file = self.folder.join("wrong.pin");
        write(&file, pin);
        file
    }

    fn sigctl(&self, token: Option<&Token>) -> Command {
        let mut command = sigctl();
        command.current_dir(&self.folder);
        command.envs(token.map(Token::environment));
        command.args(["--output", "json"]);
        command
    }

    /// What the page writes.
    fn written(&self, command: &str, token: &Token) -> Command {
        let mut written = self.sigctl(Some(token));
        let medium_words = self.words("root-2");
        for word in words_of(command) {
            match word.as_str() {
                "pin" => written.arg(fields(token).pop().unwrap()),
                "WORDS" => written.arg(&medium_words),
                word => written.arg(word),
            };
        }
        written
    }

    fn with_file(&self, arguments: &[&str]) {
        let mut command = self.sigctl(None);
        command.arg("ceremony").args(arguments);
        command.args(["--key", "file:bob.key", "--passphrase-file", "passphrase"]);
        done(&mut command);
    }

    fn draft(&self, medium: &str, wishes: &[&str]) {
        let mut draft = self.sigctl(None);
        draft
            .args(["ceremony", "new"])
            .arg(self.instance.directory());
        done(draft.args(["--to", medium]).args(wishes));
    }

    fn finish(&self, medium: &str) {
        let mut finish = self.sigctl(None);
        finish
            .args(["ceremony", "finish"])
            .arg(self.instance.directory());
        done(finish.args(["--from", medium]));
    }

    /// None before all have joined.
    fn words(&self, medium: &str) -> String {
        let mut review = self.sigctl(None);
        let reviewed = review
            .args(["ceremony", "review", medium])
            .output()
            .unwrap();
        let reviewed: Value = serde_json::from_slice(&reviewed.stdout).unwrap();
        reviewed["words"].as_str().unwrap_or_default().to_owned()
    }
}

/// With warnings or without.
fn done(command: &mut Command) -> Output {
    let output = says_no_pin(command.output().unwrap());
    let is_done = matches!(output.status.code(), Some(0 | 3));
    assert!(is_done, "{command:?}: {output:?}");
    output
}

fn fields(token: &Token) -> Vec<String> {
    let fields = token.fields().into_iter();
    let fields = fields.map(|(name, value)| [format!("--{}", name.replace('_', "-")), value]);
    fields.flatten().collect()
}

fn fields_with(token: &Token, pin: &Path) -> Vec<String> {
    let mut fields = fields(token);
    fields.pop();
    fields.push(pin.display().to_string());
    fields
}

fn write(file: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}
