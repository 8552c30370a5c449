//! Backups that must not be used, and instances of which none must be made.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sigstead_integration::{Instance, run, wait_for};

use super::load::Load;
use super::{backup, drill, forget, listing, restore, verify};
use crate::refuses;

#[test]
fn a_backup_that_was_changed_is_refused_by_name_and_nothing_is_made_of_it() {
    let instance = Instance::start("damaged", &[]).unwrap();
    let work = instance.work().join("work");
    fs::create_dir(&work).unwrap();
    let file = work.join("backup");
    run(&mut backup(&instance, &file)).unwrap();
    refuses(&mut backup(&instance, &file), &["e-ctl-212"]);
    refuses(
        &mut backup(&instance, &instance.directory().join("backup")),
        &["e-ctl-012"],
    );
    let good = fs::read(&file).unwrap();
    let middle = good.len() / 2;
    let changed = |name: &str, bytes: Vec<u8>| {
        let path = work.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut flipped = good.clone();
    flipped[middle] ^= 0x20;
    let flipped = changed("flipped", flipped);
    let cut = changed("cut", good[..middle].to_vec());
    let foreign = changed("foreign", b"no backup".to_vec());
    let files = listing(&work);
    let target = work.join("restored");
    for (path, code) in [
        (&flipped, "E-CTL-205"),
        (&cut, "E-CTL-205"),
        (&foreign, "E-CTL-203"),
        (&work.join("absent"), "E-CTL-002"),
    ] {
        for mut command in [
            verify(&instance, path),
            drill(&instance, path),
            restore(&instance, path, &target),
        ] {
            let output = command.output().unwrap();
            let said: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(said["error"]["code"], code, "{said}");
            let message = said["error"]["message"].as_str().unwrap();
            let is_by_name = message.contains(" is damaged: in ");
            assert!(code != "E-CTL-205" || is_by_name, "{message}");
        }
        assert_eq!(listing(&work), files, "{}", path.display());
    }

    // With the passphrase of another backup, or none.
    let mut other = restore(&instance, &file, &target);
    fs::write(instance.work().join("backup-passphrase"), "another").unwrap();
    refuses(&mut other, &["e-ctl-202"]);
    fs::write(instance.work().join("backup-passphrase"), "\n").unwrap();
    refuses(&mut other, &["e-ctl-201"]);
    refuses(
        &mut restore(&instance, &file, &instance.directory()),
        &["e-ctl-005"],
    );
    assert_eq!(listing(&work), files);
}

/// What is done to the files of a log, and the code with which a backup of it is refused.
type Harm = (&'static str, fn(&Path, &Path), &'static str);

#[test]
fn an_instance_whose_logs_are_not_whole_is_not_backed_up() {
    let instance = Instance::start("unsound", &[]).unwrap();
    let load = Load::start(&instance, 4);
    wait_for("enough entries", || {
        let acknowledged = load.acknowledged();
        acknowledged.v1.len().min(acknowledged.v2.len()) > 300
    })
    .unwrap();
    load.stop();
    instance.down().unwrap();
    let tlog = instance.directory().join("tlog");
    let (v1, v2) = (tlog.join("rekor-v1"), tlog.join("rekor-v2"));
    forget(&v2, 256);
    let kept = instance.work().join("kept");
    copy(&tlog, &kept);
    let table: [Harm; 9] = [
        (
            "a tile is missing",
            |_, v2| remove(&v2.join("tiles/tile/0/000")),
            "e-ctl-211",
        ),
        (
            "a bundle is missing",
            |_, v2| remove(&v2.join("tiles/tile/entries/000")),
            "e-ctl-211",
        ),
        (
            "a bit of a bundle is flipped",
            |_, v2| flip(&v2.join("tiles/tile/entries/000")),
            "e-ctl-211",
        ),
        // The journal of this log has what is in it.
        (
            "a bit of a tile is flipped",
            |v1, _| flip(&v1.join("tiles/tile/0/000")),
            "e-ctl-211",
        ),
        (
            "a bit of the promises is flipped",
            |v1, _| flip(&v1.join("tiles/side/000")),
            "e-ctl-211",
        ),
        (
            "the tiles are another log's",
            |v1, v2| swap(&v1.join("tiles"), &v2.join("tiles")),
            "e-ctl-211",
        ),
        (
            "the journal is another log's",
            |v1, v2| swap(&v1.join("journal"), &v2.join("journal")),
            "e-ctl-211",
        ),
        (
            "the journal is missing",
            |_, v2| fs::remove_dir_all(v2.join("journal")).unwrap(),
            "e-ctl-210",
        ),
        (
            "the key is missing",
            |_, v2| remove(&v2.join("../keys/rekor-v2.key")),
            "e-ctl-011",
        ),
    ];
    let file = instance.work().join("backup");
    for (harm, change, code) in table {
        change(&v1, &v2);
        refuses(&mut backup(&instance, &file), &[code]);
        assert!(!file.exists(), "{harm}");
        fs::remove_dir_all(&tlog).unwrap();
        copy(&kept, &tlog);
    }
    let journal = segment(&v2);
    let mut bytes = fs::read(&journal).unwrap();
    bytes[600] ^= 1;
    fs::write(&journal, bytes).unwrap();
    refuses(&mut backup(&instance, &file), &["e-ctl-209"]);
    fs::remove_dir_all(&tlog).unwrap();
    copy(&kept, &tlog);

    let outside = instance.work().join("outside");
    sigstead_durable::rename(&v2, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &v2).unwrap();
    refuses(&mut backup(&instance, &file), &["e-ctl-208"]);
    remove(&v2);
    sigstead_durable::rename(&outside, &v2).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", tlog.join("link")).unwrap();
    refuses(&mut backup(&instance, &file), &["e-ctl-207"]);
    fs::remove_file(tlog.join("link")).unwrap();
    run(&mut backup(&instance, &file)).unwrap();
}

fn segment(log: &Path) -> PathBuf {
    let mut files = listing(&log.join("journal")).into_iter();
    let segment = files.find(|path| path.extension().is_some_and(|ending| ending == "segment"));
    segment.unwrap()
}

fn remove(path: &Path) {
    fs::remove_file(path).unwrap();
}

/// Objects of a log are read-only files.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[100] ^= 1;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn swap(one: &Path, other: &Path) {
    let aside = one.with_extension("aside");
    sigstead_durable::rename(one, &aside).unwrap();
    sigstead_durable::rename(other, one).unwrap();
    sigstead_durable::rename(&aside, other).unwrap();
}

fn copy(from: &Path, to: &Path) {
    run(std::process::Command::new("cp").arg("-a").arg(from).arg(to)).unwrap();
}
