//! An instance that an earlier release made: today's programs serve it as it is, bring it on, and go on with its logs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sigstead_integration::{run, sigctl};
use tempfile::TempDir;

use crate::{PERSON, artifact, beside};

#[test]
fn an_instance_of_an_earlier_release_is_served_upgraded_and_goes_on() {
    let older = Older::unpack();
    older.verifies_what_it_signed();
    older.up();
    older.signs("before");
    refuses(&mut older.upgrade(&["--without-backup"]), 1, "E-CTL-390");
    let looked = older.check(3);
    assert_eq!(looked["due"].as_array().unwrap().len(), 11, "{looked}");
    let components = looked["components"].as_array().unwrap();
    assert!(components.len() >= 10, "{looked}");
    // Of a record that nothing was written to yet there is no format.
    let is_known = |each: &Value| each["found"].is_null() || each["found"] == each["writes"];
    assert!(components.iter().all(is_known), "{looked}");
    let found = components.iter().filter(|each| !each["found"].is_null());
    assert!(found.count() >= 10, "{looked}");
    older.down();

    let backups = older.path("backups");
    fs::create_dir(&backups).unwrap();
    let passphrase = older.path("passphrase");
    fs::write(&passphrase, "correct horse battery staple\n").unwrap();
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).unwrap();
    let mut upgrade = older.upgrade(&["--backup"]);
    upgrade
        .arg(&backups)
        .arg("--passphrase-file")
        .arg(&passphrase);
    // What the backup warns of is told, and does not keep the upgrade back.
    let config = older.directory().join("ca/config.yaml");
    let before = fs::read_to_string(&config).unwrap();
    let own = older.path("issuers-of-ours.yaml");
    fs::copy(older.directory().join("ca/issuers.yaml"), &own).unwrap();
    let named = format!("issuers: {}", own.display());
    fs::write(&config, before.replace("issuers: issuers.yaml", &named)).unwrap();
    let output = upgrade.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let upgraded: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(upgraded["done"], looked["due"]);
    let warnings = upgraded["warnings"].as_array().unwrap();
    let tells = |warning: &Value| warning.as_str().unwrap().contains("issuers-of-ours");
    assert!(warnings.iter().any(tells), "{upgraded}");
    let mut verify = sigctl();
    verify.args(["--output", "json", "backup", "verify"]);
    verify
        .arg(upgraded["backup"].as_str().unwrap())
        .arg("--passphrase-file")
        .arg(&passphrase);
    assert_eq!(parsed(&mut verify)["instance"], "older");

    older.check(0);
    assert_eq!(
        parsed(&mut older.upgrade(&["--without-backup"]))["done"],
        serde_json::json!([])
    );
    older.anchors_are_outside();
    older.up();
    older.signs("after");
    older.heads_are_outside();
    older.verifies_what_it_signed();
    run(sigctl().args(["log", "check"]).arg(older.directory())).unwrap();
    // What it had no room for.
    run(sigctl()
        .args(["oidc", "client", "list"])
        .arg(older.directory()))
    .unwrap();
    run(sigctl()
        .args(["rotate", "oidc", "plan"])
        .arg(older.directory()))
    .unwrap();
    older.down();
}

#[test]
fn an_upgrade_is_refused_where_it_would_harm_and_goes_on_where_it_was() {
    let older = Older::unpack();
    let plan = older.directory().join("trust/rotations/tsa.json");
    fs::create_dir_all(plan.parent().unwrap()).unwrap();
    fs::write(&plan, "{}").unwrap();
    refuses(&mut older.upgrade(&["--without-backup"]), 1, "E-CTL-391");
    fs::remove_file(&plan).unwrap();

    let state = older.directory().join("trust/state.json");
    let before = fs::read_to_string(&state).unwrap();
    fs::write(&state, before.replacen('{', "{\"format\": 2,", 1)).unwrap();
    refuses(&mut older.upgrade(&["--check"]), 1, "E-CTL-392");
    refuses(&mut older.upgrade(&["--without-backup"]), 1, "E-CTL-392");
    fs::write(&state, before).unwrap();
    for path in ["oidc/users", "trust/audit/records"] {
        let path = older.directory().join(path);
        let kept = fs::read(&path).ok();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "sigstead-rec v2\nof a later release").unwrap();
        refuses(&mut older.upgrade(&["--check"]), 1, "E-CTL-392");
        match kept {
            Some(kept) => fs::write(&path, kept).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
    }
    let manifest = older.directory().join("instance.yaml");
    let before = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, before.replace("version: 1", "version: 2")).unwrap();
    refuses(&mut older.upgrade(&["--check"]), 1, "E-CTL-072");
    fs::write(&manifest, before).unwrap();

    // A step that cannot be taken leaves those before it taken, and those after it due.
    let config = older.directory().join("tsa/config.yaml");
    let before = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{before}...\n")).unwrap();
    let due = |looked: &Value| looked["due"].as_array().unwrap().len();
    assert_eq!(due(&older.check(3)), 11);
    refuses(&mut older.upgrade(&["--without-backup"]), 1, "E-CTL-393");
    assert_eq!(due(&older.check(3)), 4);
    let mended = fs::read_to_string(&config).unwrap().replace("...\n", "");
    fs::write(&config, mended).unwrap();
    let upgraded = parsed(&mut older.upgrade(&["--without-backup"]));
    assert_eq!(upgraded["done"].as_array().unwrap().len(), 4, "{upgraded}");
    older.check(0);
    older.anchors_are_outside();
}

/// The instance, unpacked; it is stopped when the value goes.
struct Older(TempDir);

impl Older {
    fn unpack() -> Self {
        let older = Self(tempfile::tempdir().unwrap());
        let packed = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/stories/upgrade/instance.tar.gz"
        );
        run(Command::new("tar")
            .args(["--extract", "--gzip", "--file", packed, "--directory"])
            .arg(older.0.path()))
        .unwrap();
        older
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn directory(&self) -> PathBuf {
        self.path("older")
    }

    fn upgrade(&self, words: &[&str]) -> Command {
        let mut command = sigctl();
        command
            .args(["--output", "json", "upgrade"])
            .arg(self.directory());
        if words != ["--check"] {
            command.arg("--anchors").arg(self.path("anchors"));
        }
        command.args(words);
        command
    }

    fn check(&self, exit: i32) -> Value {
        let output = self.upgrade(&["--check"]).output().unwrap();
        assert_eq!(output.status.code(), Some(exit), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn up(&self) {
        run(sigctl().arg("up").arg(self.directory()).arg("--detach")).unwrap();
    }

    fn down(&self) {
        run(sigctl().arg("down").arg(self.directory())).unwrap();
    }

    fn signs(&self, name: &str) {
        let file = artifact(self.0.path(), name);
        let bundle = beside(&file, "sigstore.json");
        let mut sign = sigctl();
        sign.arg("sign")
            .arg(self.directory())
            .arg(&file)
            .arg("--bundle")
            .arg(&bundle);
        run(sign.args(["--identity", PERSON])).unwrap();
        self.verifies(&file, &bundle);
    }

    fn verifies_what_it_signed(&self) {
        for number in 1..=3 {
            let file = self.path(&format!("signed/{number}.txt"));
            self.verifies(&file, &beside(&file, "sigstore.json"));
        }
    }

    fn verifies(&self, file: &Path, bundle: &Path) {
        let mut verify = sigctl();
        verify
            .arg("verify")
            .arg(file)
            .arg("--instance")
            .arg(self.directory());
        run(verify
            .arg("--bundle")
            .arg(bundle)
            .args(["--identity", PERSON]))
        .unwrap();
    }

    /// Some act is recorded, and its head is with the anchors.
    fn heads_are_outside(&self) {
        let log = |verb: &str| {
            let mut command = sigctl();
            command.args(["log", verb]).arg(self.directory());
            command.args(["--log", "log2026-1.rekor.older.localhost"]);
            command
        };
        run(log("pause").args(["--reason", "a trial"])).unwrap();
        run(&mut log("resume")).unwrap();
        run(sigctl().args(["audit", "verify"]).arg(self.directory())).unwrap();
        let head = self.anchors().join("audit/tlog/head");
        assert!(head.is_file(), "{}", head.display());
    }

    fn anchors(&self) -> PathBuf {
        let manifest = fs::read_to_string(self.directory().join("instance.yaml")).unwrap();
        let anchors = manifest
            .lines()
            .find_map(|line| line.strip_prefix("anchors: "));
        PathBuf::from(anchors.unwrap())
    }

    fn anchors_are_outside(&self) {
        let anchors = self.anchors();
        assert!(
            anchors.starts_with(self.path("anchors")),
            "{}",
            anchors.display()
        );
        for log in ["rekor-v1", "rekor-v2", "ctlog"] {
            assert!(anchors.join(log).is_file(), "{log}");
        }
        for service in ["tlog", "ctlog"] {
            let left = self.directory().join(service).join("anchors");
            let left = fs::read_dir(left).unwrap().filter(|file| {
                let name = file.as_ref().unwrap().file_name();
                !name.to_string_lossy().ends_with(".lock")
            });
            assert_eq!(left.count(), 0, "{service}");
        }
    }
}

impl Drop for Older {
    fn drop(&mut self) {
        // Nothing is left to tell if its services never ran.
        let _ = sigctl().arg("down").arg(self.directory()).output();
    }
}

fn parsed(command: &mut Command) -> Value {
    serde_json::from_slice(&run(command).unwrap().stdout).unwrap()
}

fn refuses(command: &mut Command, exit: i32, code: &str) {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(exit), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["error"]["code"], code, "{said}");
}
