//! Where people sign the targets, a rotation takes up what they signed ahead, and waits for what they did not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl, wait_for};
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::tuf::{Root, Signed, Targets};
use time::format_description::well_known::Rfc3339;

use crate::refuses;
use crate::rotation::tuf_clients::{Load, clients_refresh};

const SOON: [&str; 5] = ["--in", "1s", "--drain", "1s", "--accept-short-times"];

#[test]
fn one_ceremony_signs_all_that_a_rotation_publishes() {
    let instance = Instance::start("strict", &["--profile", "strict"]).unwrap();
    let first = instance.work().join("first-root.json");
    fs::copy(instance.kit("root.json"), &first).unwrap();
    let load = Load::start(&instance, &first);
    let people = People::of(&instance);
    let invited = [
        "--replace",
        "operator=alice",
        "--add",
        "bob",
        "--threshold",
        "2",
    ];
    assert!(doctor(&instance).contains("E-CEREMONY-030"));
    people.draft("root-2", &invited);
    for name in ["alice", "bob"] {
        people.invite("root-2", name);
    }
    people.all_sign("root-2");
    for key in ["tuf-root.key", "tuf-targets.key"] {
        let key = instance.directory().join("trust").join(key);
        people.sign("root-2", &key, &instance.directory().join("passphrase"));
        fs::remove_file(key).unwrap();
    }
    assert_eq!(people.finish("root-2")["targets"], serde_json::json!([2]));
    clients_refresh(&instance, &first);
    assert!(!doctor(&instance).contains("E-CEREMONY-030"));

    refuses(rotate(&instance, "start").args(SOON), &["e-ceremony-026"]);
    assert_eq!(
        targets(&instance).signed.version,
        2,
        "nothing is published that nobody signed"
    );
    let drafted = people.draft("root-3", &[]);
    assert_eq!(drafted["targets"], serde_json::json!([3, 4]));
    let told = people.review("root-3")["changes"].to_string();
    for part in [
        "targets 3: what the key ",
        "targets 4: what the key ",
        "rotation 2 of tsa ends the chain of before",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    people.all_sign("root-3");
    people.finish("root-3");
    assert_eq!(targets(&instance).signed.version, 3);
    clients_refresh(&instance, &first);
    wait_for("the end of the rotation", || {
        rotate(&instance, "resume")
            .output()
            .unwrap()
            .status
            .success()
    })
    .unwrap();
    let newest = targets(&instance);
    assert_eq!(newest.signed.version, 4, "it was signed before");
    newest.verify(&root(&instance, 3)).unwrap();
    clients_refresh(&instance, &first);
    let said = run(sigctl()
        .args(["trust", "publish"])
        .arg(instance.directory()))
    .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("which several people signed"), "{said}");
    assert_eq!(targets(&instance).signed.version, 4, "all is said");
    an_emergency_waits_for_people_too(&instance, &people);
    clients_refresh(&instance, &first);
    let mut history = sigctl();
    history.args(["trust", "verify-history"]);
    let history = history.arg(instance.directory()).output().unwrap();
    // All follows, and no certificate counts since the emergency.
    assert_eq!(history.status.code(), Some(3), "{history:?}");
    assert!(load.stop() > 0);
}

/// The end of a key takes a draft that says so, and `finish --end`.
fn an_emergency_waits_for_people_too(instance: &Instance, people: &People<'_>) {
    let since = SystemClock.now().truncate_to_second();
    let since = since.format(&Rfc3339).unwrap();
    let mut end = sigctl();
    end.env("SIGSTEAD_DIR", instance.directory());
    end.args(["emergency", "end-key", "ca-intermediate"]);
    refuses(end.args(["--since", &since, "--yes"]), &["e-ceremony-026"]);
    assert_eq!(targets(instance).signed.version, 4);
    names_keys_that_were_taken_back(instance, people);
    people.draft("root-4", &["--again"]);
    people.all_sign("root-4");
    people.finish_with("root-4", &["--end"]);
    assert_eq!(targets(instance).signed.version, 5);
    let trusted_root = fs::read_to_string(instance.kit("trusted_root.json")).unwrap();
    let trusted_root: Value = serde_json::from_str(&trusted_root).unwrap();
    let authority = &trusted_root["certificateAuthorities"][0]["validFor"];
    assert!(authority["end"].is_string(), "{trusted_root}");
}

/// By such a root the service could sign nothing.
fn names_keys_that_were_taken_back(instance: &Instance, people: &People<'_>) {
    let online = |verb: &str| {
        let mut rotate = sigctl();
        rotate
            .args(["rotate", "tuf-online", verb])
            .arg(instance.directory());
        rotate
    };
    refuses(&mut online("start"), &["e-ceremony-025"]);
    assert_eq!(people.draft("root-4", &[])["online_keys"], true);
    people.all_sign("root-4");
    run(&mut online("undo")).unwrap();
    let mut finish = people.command(&["finish", "--from", "root-4", "--end"]);
    refuses(finish.arg(instance.directory()), &["e-ceremony-024"]);
}

fn rotate(instance: &Instance, verb: &str) -> Command {
    let mut rotate = sigctl();
    rotate
        .args(["rotate", "tsa", verb])
        .arg(instance.directory());
    rotate
}

fn doctor(instance: &Instance) -> String {
    let doctor = sigctl().arg("doctor").arg(instance.directory()).output();
    String::from_utf8(doctor.unwrap().stdout).unwrap()
}

fn root(instance: &Instance, version: u64) -> Root {
    let file = format!("tuf/repository/{version}.root.json");
    let bytes = fs::read(instance.directory().join(file)).unwrap();
    Signed::<Root>::parse(&bytes).unwrap().signed
}

fn targets(instance: &Instance) -> Signed<Targets> {
    let folder = instance.directory().join("tuf/repository");
    let names = fs::read_dir(&folder).unwrap();
    let names = names.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let versions = names.filter_map(|name| name.strip_suffix(".targets.json")?.parse().ok());
    let newest: u64 = versions.max().unwrap();
    let bytes = fs::read(folder.join(format!("{newest}.targets.json"))).unwrap();
    Signed::parse(&bytes).unwrap()
}

/// Two holders, who sit at one table.
struct People<'a> {
    instance: &'a Instance,
    table: PathBuf,
}

impl<'a> People<'a> {
    fn of(instance: &'a Instance) -> Self {
        let table = instance.work().join("table");
        fs::create_dir(&table).unwrap();
        let passphrase = table.join("passphrase");
        fs::write(&passphrase, "of the holders\n").unwrap();
        fs::set_permissions(passphrase, fs::Permissions::from_mode(0o600)).unwrap();
        Self { instance, table }
    }

    fn key(&self, name: &str) -> PathBuf {
        self.table.join(format!("{name}.key"))
    }

    fn passphrase(&self) -> PathBuf {
        self.table.join("passphrase")
    }

    fn draft(&self, medium: &str, wishes: &[&str]) -> Value {
        let instance = self.instance.directory();
        let new = ["new", instance.to_str().unwrap(), "--to", medium];
        self.ceremony(&[&new, wishes].concat())
    }

    fn review(&self, medium: &str) -> Value {
        self.ceremony(&["review", medium])
    }

    fn invite(&self, medium: &str, name: &str) {
        let key = format!("file:{name}.key");
        let passphrase = ["--passphrase-file", "passphrase"];
        let invite = ["invite", medium, "--name", name, "--key", &key];
        self.ceremony(&[&invite[..], &passphrase].concat());
    }

    fn all_sign(&self, medium: &str) {
        for name in ["alice", "bob"] {
            self.sign(medium, &self.key(name), &self.passphrase());
        }
    }

    fn sign(&self, medium: &str, key: &Path, passphrase: &Path) {
        let words = self.review(medium)["words"].as_str().unwrap().to_owned();
        let key = format!("file:{}", key.display());
        let passphrase = passphrase.to_str().unwrap();
        let sign = ["sign", medium, "--key", &key, "--words", &words];
        self.ceremony(&[&sign[..], &["--passphrase-file", passphrase]].concat());
    }

    fn finish(&self, medium: &str) -> Value {
        self.finish_with(medium, &[])
    }

    fn finish_with(&self, medium: &str, wishes: &[&str]) -> Value {
        let instance = self.instance.directory();
        let finish = ["finish", instance.to_str().unwrap(), "--from", medium];
        self.ceremony(&[&finish, wishes].concat())
    }

    /// Warnings are none of ours: both must sign here.
    fn ceremony(&self, arguments: &[&str]) -> Value {
        let mut ceremony = self.command(arguments);
        let output = ceremony.output().unwrap();
        let is_done = matches!(output.status.code(), Some(0 | 3));
        assert!(is_done, "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut ceremony = sigctl();
        ceremony.current_dir(&self.table);
        ceremony
            .args(["--output", "json", "ceremony"])
            .args(arguments);
        ceremony
    }
}
