//! An operator backs an instance up while it is used, loses it, and restores it: elsewhere, and where a newer one ran.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use sigstead_integration::{Instance, run, sigctl, unshare, wait_for};
use sigstead_journal::{FileJournal, Journal as _};
use sigstead_merkle::TreeHead;

use crate::{PERSON, artifact, beside, refuses};

mod bucket;
mod damage;
mod in_bucket;
mod load;
mod page;

use load::{Acknowledged, Load};

/// More than two bundles of each log, so that there are tiles and what is beside them.
const ENTRIES: usize = 600;

#[test]
fn what_was_acknowledged_before_a_backup_is_in_it_and_goes_on_elsewhere() {
    let instance = Instance::start("backed-up", &[]).unwrap();
    let signed = sign(&instance.directory(), instance.work(), "before").unwrap();
    let load = Load::start(&instance, 8);
    wait_for("enough entries", || {
        let acknowledged = load.acknowledged();
        acknowledged.v1.len().min(acknowledged.v2.len()) >= ENTRIES
    })
    .unwrap();
    let before = load.stop();
    instance.down().unwrap();
    for log in ["tlog/rekor-v1", "tlog/rekor-v2"] {
        forget(&instance.directory().join(log), 512);
    }
    instance.up().unwrap();
    let folder = instance.work().join("backups");
    fs::create_dir(&folder).unwrap();
    let load = Load::start(&instance, 8);
    wait_for("an entry", || !load.acknowledged().v2.is_empty()).unwrap();
    let latest = load.acknowledged();
    let before = before.and(&latest);
    let taken = json(backup(&instance, &folder));
    let after = load.stop();
    assert!(after.v2.len() > latest.v2.len(), "nobody wrote meanwhile");
    let file = PathBuf::from(taken["file"].as_str().unwrap());
    assert_eq!(mode(&file), 0o600);
    assert_eq!(sizes(&taken).len(), 3);
    assert_eq!(listing(&folder).len(), 1, "{:?}", listing(&folder));

    let verified = json(verify(&instance, &file));
    assert_eq!(sizes(&verified), sizes(&taken));
    let drilled = json(drill(&instance, &file));
    assert_eq!(drilled["logs"][1]["anchor"], "ahead");
    assert!(drilled["logs"][1]["lacks"].as_u64().unwrap() > 0);
    assert_eq!(drilled["trust"]["roles"].as_array().unwrap().len(), 4);
    assert_eq!(listing(&folder).len(), 1, "{:?}", listing(&folder));
    shows_no_secret(&instance, &file);

    instance.down().unwrap();
    fs::remove_dir_all(instance.directory()).unwrap();
    fs::remove_dir_all(instance.work().join("anchors")).unwrap();
    let elsewhere = Restored(instance.work().join("elsewhere"));
    let restored = json(restore(&instance, &file, &elsewhere.0));
    let logs = restored["logs"].as_array().unwrap().iter();
    assert!(
        logs.map(|log| &log["anchor"])
            .all(|state| state == "missing")
    );
    assert_eq!(sizes(&restored), sizes(&taken));
    is_private(&elsewhere.0);
    goes_on_once_adopted(&elsewhere.0, &restored);
    holds(&elsewhere.0, instance.work(), &restored, &before);

    let bundle = beside(&signed, "sigstore.json");
    run(sigctl()
        .arg("verify")
        .arg(&signed)
        .arg("--instance")
        .arg(&elsewhere.0)
        .arg("--bundle")
        .arg(&bundle)
        .args(["--identity", PERSON]))
    .unwrap();
}

#[test]
fn a_backup_restored_where_a_newer_state_ran_takes_no_entries() {
    let instance = Instance::start("stale", &[]).unwrap();
    sign(&instance.directory(), instance.work(), "before").unwrap();
    let file = instance.work().join("backup");
    run(&mut backup(&instance, &file)).unwrap();
    sign(&instance.directory(), instance.work(), "after").unwrap();
    run(sigctl()
        .args(["trust", "publish"])
        .arg(instance.directory()))
    .unwrap();
    instance.down().unwrap();
    let newest = instance.work().join("newest");
    sigstead_durable::rename(&instance.directory(), &newest).unwrap();

    let output = restore(&instance, &file, &instance.directory())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let restored = parsed(&output);
    let of_v2 = &restored["logs"][1];
    // What was signed after the backup, and the sample that the publication was tried with.
    assert_eq!(
        (&of_v2["anchor"], &of_v2["lacks"]),
        (&"ahead".into(), &2.into())
    );
    let steps = restored["steps"].to_string();
    assert!(
        steps.contains("sigctl log open") && !steps.contains("adopt"),
        "{steps}"
    );
    assert!(steps.contains("/audit/sigctl/head"), "{steps}");

    comes_up_read_only(&instance.directory(), "behind its anchor");
    let signed = sign(&instance.directory(), instance.work(), "forked");
    assert!(signed.is_err(), "the copy signs");
    instance.down().unwrap();
    let mut adopt = sigctl();
    adopt.args(["log", "adopt"]).arg(instance.directory());
    adopt.args(["--log", of_v2["origin"].as_str().unwrap(), "--yes"]);
    refuses(&mut adopt, &["e-ctl-052"]);

    fs::remove_dir_all(instance.directory()).unwrap();
    sigstead_durable::rename(&newest, &instance.directory()).unwrap();
    instance.up().unwrap();
    sign(&instance.directory(), instance.work(), "further").unwrap();
}

#[test]
fn old_backups_of_the_instance_go_and_other_files_stay() {
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    fs::write(elsewhere.path(), "that of the keys").unwrap();
    let of_keys = elsewhere.path().to_str().unwrap();
    let instance = Instance::start("kept", &["--passphrase-file", of_keys]).unwrap();
    // Named by a file that the configuration of the service names.
    let next_key = tempfile::NamedTempFile::new().unwrap();
    let successors = format!(
        "successors:\n- from: 2099-01-01T00:00:00Z\n  key:\n    uri: file:{}\n  chain: chain-2.pem\n",
        next_key.path().display()
    );
    fs::write(instance.directory().join("tsa/successors.yaml"), successors).unwrap();
    let folder = instance.work().join("backups");
    fs::create_dir(&folder).unwrap();
    let manifest = fs::read_to_string(instance.directory().join("instance.yaml")).unwrap();
    let id = manifest.lines().find_map(|line| line.strip_prefix("id: "));
    let stem = format!("kept-{}", id.unwrap().get(..8).unwrap());
    let own = ["20250101T000000Z", "20250102T000000Z"];
    let own = own.map(|time| folder.join(format!("{stem}-{time}.tar.age")));
    let other = folder.join("kept-00000000-20250101T000000Z.tar.age");
    for path in own.iter().chain([&other]) {
        fs::write(path, "").unwrap();
    }
    let output = backup(&instance, &folder)
        .args(["--keep", "2"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let taken = parsed(&output);
    let mut outside = [&elsewhere, &next_key].map(|file| fs::canonicalize(file.path()).unwrap());
    outside.sort();
    assert_eq!(taken["outside"], serde_json::json!(outside));
    assert_eq!(taken["removed"].as_array().unwrap().len(), 1);
    assert!(!own[0].exists() && own[1].exists() && other.exists());
    assert_eq!(listing(&folder).len(), 3);
}

#[test]
fn a_backup_that_finds_no_room_leaves_nothing() {
    let Some(unshare) = unshare() else {
        return;
    };
    let instance = Instance::start("no-room", &[]).unwrap();
    let passphrase = passphrase(&instance);
    let disk = instance.work().join("disk");
    fs::create_dir(&disk).unwrap();
    let script = "mount -t tmpfs -o size=64k tmpfs \"$1\" && ! \"$2\" backup \"$3\" \"$1/backup\" \
                  --passphrase-file \"$4\" && ls -A \"$1\"";
    let output = run(unshare
        .with_mounts()
        .args(["sh", "-c", script, "sh"])
        .arg(&disk)
        .arg(sigctl().get_program())
        .arg(instance.directory())
        .arg(&passphrase))
    .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(
        said.contains("e-ctl-002") && said.contains("no space"),
        "{said}"
    );
    assert!(output.stdout.is_empty(), "{output:?}");
}

/// Lets the journal of a log that does not run forget entries that are in tiles, as one of many entries does by itself.
fn forget(log: &Path, size: u64) {
    let (journal, small) = (log.join("journal"), log.join("small"));
    let rounds = FileJournal::open(&journal).unwrap().load().unwrap();
    let mut smaller = FileJournal::open_with(&small, 4_096).unwrap();
    smaller.load().unwrap();
    let mut head = TreeHead::empty();
    for round in &rounds {
        smaller.commit(&head, round).unwrap();
        head = round.head;
    }
    smaller.trim(size).unwrap();
    drop(smaller);
    fs::remove_dir_all(&journal).unwrap();
    sigstead_durable::rename(&small, &journal).unwrap();
    let left = FileJournal::open(&journal).unwrap().load().unwrap();
    assert!(
        left[0].first > 0,
        "the journal of {} has all rounds",
        log.display()
    );
}

/// A restored instance that runs; it is stopped when the value goes.
struct Restored(PathBuf);

impl Drop for Restored {
    fn drop(&mut self) {
        // Nothing is left to tell if its services never ran.
        let _ = sigctl().arg("down").arg(&self.0).output();
    }
}

/// On a machine that knows nothing of the logs they are adopted one by one.
fn goes_on_once_adopted(directory: &Path, restored: &Value) {
    comes_up_read_only(directory, "sigctl log adopt");
    run(sigctl().arg("down").arg(directory)).unwrap();
    for log in restored["logs"].as_array().unwrap() {
        run(sigctl().args(["log", "adopt"]).arg(directory).args([
            "--log",
            log["origin"].as_str().unwrap(),
            "--yes",
        ]))
        .unwrap();
    }
    run(sigctl().arg("up").arg(directory).arg("--detach")).unwrap();
    sign(directory, directory.parent().unwrap(), "after-the-restore").unwrap();
}

/// Everything that was acknowledged is there, by proofs that the verifier checks, and by name.
fn holds(directory: &Path, work: &Path, restored: &Value, acknowledged: &Acknowledged) {
    let ledger = work.join("ledger");
    let lines = acknowledged.v2.iter().map(|line| format!("{line}\n"));
    fs::write(&ledger, lines.collect::<String>()).unwrap();
    let origin = restored["logs"][1]["origin"].as_str().unwrap();
    run(sigctl()
        .args(["log", "check"])
        .arg(directory)
        .args(["--log", origin, "--ledger"])
        .arg(&ledger))
    .unwrap();
    run(sigctl().args(["log", "check"]).arg(directory)).unwrap();
    let (first, last) = (acknowledged.v1.first(), acknowledged.v1.last());
    for name in [first, last].into_iter().flatten() {
        run(sigctl().args(["log", "get"]).arg(directory).arg(name)).unwrap();
    }
}

/// Nothing that is secret in the instance can be read in the file.
fn shows_no_secret(instance: &Instance, file: &Path) {
    let archive = fs::read(file).unwrap();
    let directory = instance.directory();
    let mut secrets = vec![fs::read(directory.join("passphrase")).unwrap()];
    for service in ["ca", "tlog", "ctlog", "tsa", "tuf", "oidc"] {
        for key in listing(&directory.join(service).join("keys")) {
            let pem = fs::read_to_string(key).unwrap();
            secrets.push(pem.lines().nth(1).unwrap().as_bytes().to_vec());
        }
    }
    assert!(secrets.len() > 7, "{} secrets were found", secrets.len());
    secrets.push(b"PRIVATE KEY".to_vec());
    secrets.push(b"instance.yaml".to_vec());
    for secret in secrets {
        let secret = secret.trim_ascii();
        let is_there = archive.windows(secret.len()).any(|part| part == secret);
        assert!(!is_there, "{} can be seen", String::from_utf8_lossy(secret));
    }
}

fn is_private(folder: &Path) {
    assert_eq!(mode(folder) & 0o077, 0, "{}", folder.display());
    for path in listing(folder) {
        if path.is_dir() {
            is_private(&path);
        } else {
            assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
        }
    }
}

fn comes_up_read_only(directory: &Path, why: &str) {
    let up = sigctl()
        .arg("up")
        .arg(directory)
        .args(["--detach", "--wait", "15"])
        .output()
        .unwrap();
    assert!(!up.status.success(), "{up:?}");
    let mut info = sigctl();
    info.args(["--output", "json", "log", "info"])
        .arg(directory);
    let logs = json(info).to_string();
    assert!(logs.contains(why), "{logs}");
}

fn sign(directory: &Path, work: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let file = artifact(work, name);
    let bundle = beside(&file, "sigstore.json");
    run(sigctl()
        .arg("sign")
        .arg(directory)
        .arg(&file)
        .arg("--bundle")
        .arg(bundle)
        .args(["--identity", PERSON]))?;
    Ok(file)
}

fn backup(instance: &Instance, to: &Path) -> Command {
    let mut command = command(instance, &["backup"]);
    command.arg(instance.directory()).arg(to);
    command
}

fn verify(instance: &Instance, file: &Path) -> Command {
    let mut command = command(instance, &["backup", "verify"]);
    command.arg(file);
    command
}

fn drill(instance: &Instance, file: &Path) -> Command {
    let mut command = command(instance, &["drill"]);
    command.arg(file);
    command
}

fn restore(instance: &Instance, file: &Path, to: &Path) -> Command {
    let mut command = command(instance, &["restore"]);
    command.arg(file).arg(to);
    command
}

fn command(instance: &Instance, words: &[&str]) -> Command {
    let mut command = sigctl();
    command.args(["--output", "json"]).args(words);
    command.arg("--passphrase-file").arg(passphrase(instance));
    command
}

/// The file of the backups' passphrase.
fn passphrase(instance: &Instance) -> PathBuf {
    let file = instance.work().join("backup-passphrase");
    fs::write(&file, "correct horse battery staple\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}

fn json(mut command: Command) -> Value {
    parsed(&run(&mut command).unwrap())
}

fn parsed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn sizes(printed: &Value) -> Vec<(&str, u64)> {
    let logs = printed["logs"].as_array().unwrap().iter();
    logs.map(|log| {
        (
            log["origin"].as_str().unwrap(),
            log["size"].as_u64().unwrap(),
        )
    })
    .collect()
}

fn listing(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}
