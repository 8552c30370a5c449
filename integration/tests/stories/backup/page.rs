//! The commands of `docs/backup.md` and `docs/upgrading.md`, as they are printed there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sigstead_integration::Instance;

use super::bucket::Bucket;
use crate::verifying::{printed, shell};

#[test]
fn the_commands_of_the_pages_run_as_they_are_printed() {
    let bucket = Bucket::start();
    let instance = Instance::start("acme", &[]).unwrap();
    let work = instance.work();
    fs::create_dir(work.join("backups")).unwrap();
    secret(
        &work.join("backup-passphrase"),
        "a passphrase of this story\n",
    );
    secret(&work.join("bucket"), &Bucket::credentials());
    let mut upgrading = commands("upgrading.md", '$');
    // It is for a log without an entry, which this instance has not: `lost_log` runs it.
    let adopted = upgrading.pop();
    assert_eq!(
        adopted.as_deref(),
        Some("sigctl log adopt /srv/acme --log NAME --empty --yes")
    );
    assert_eq!(upgrading.len(), 4, "{upgrading:?}");
    for command in &upgrading {
        done(&instance, &bucket, command);
    }
    let backing_up = commands("backup.md", '$');
    assert_eq!(backing_up.len(), 5, "{backing_up:?}");
    for command in &backing_up {
        done(&instance, &bucket, command);
    }
    // They are for a machine that systemd runs: `tests/systemd` has what they install.
    assert_eq!(
        commands("backup.md", '#'),
        [
            "sigctl systemd install /srv/acme --backup /mnt/backups --backup-passphrase-file /etc/sigstead/backup-passphrase",
            "systemctl daemon-reload",
            "systemctl enable --now sigstead-acme-backup.timer",
        ]
    );
}

/// Runs a command in the story's folder, which has what the pages have elsewhere on a machine.
fn done(instance: &Instance, bucket: &Bucket, command: &str) {
    let work = instance.work();
    let backups = work.join("backups");
    // A backup is restored on another machine.
    let place = match command.contains(" restore ") {
        true => work.join("restored"),
        false => instance.directory(),
    };
    let mut command = command
        .replace("/srv/acme", &place.display().to_string())
        .replace("/mnt/backups", &backups.display().to_string())
        .replace("https://s3.example", &bucket.endpoint())
        .replace(
            "/etc/sigstead/bucket",
            &work.join("bucket").display().to_string(),
        );
    // It would stay in front of the person who typed it.
    if command.starts_with("sigctl up ") {
        command.push_str(" --detach");
    }
    if let Some(taken) = fs::read_dir(&backups).unwrap().next() {
        let taken = taken.unwrap().file_name();
        let taken = taken.to_str().unwrap();
        command = command.replace("acme-5f0c2b7a-20270103T021500Z.tar.age", taken);
    }
    let output = shell(work, &command);
    assert!(output.status.success(), "{command}\n{}", printed(&output));
}

fn secret(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The commands on a page behind a prompt: `$` of a user, `#` of root. Below them is what they print.
fn commands(page: &str, prompt: char) -> Vec<String> {
    let page = format!("{}/../docs/{page}", env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("```console\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let mut found: Vec<String> = Vec::new();
    for block in blocks {
        let mut goes_on = false;
        for line in block.lines() {
            let begins = line.strip_prefix(prompt).map(str::trim_start);
            match begins {
                Some(command) => found.push(command.to_owned()),
                None if goes_on => {
                    if let Some(last) = found.last_mut() {
                        last.push('\n');
                        last.push_str(line);
                    }
                }
                None => {}
            }
            goes_on = (begins.is_some() || goes_on) && line.ends_with('\\');
        }
    }
    found
}
