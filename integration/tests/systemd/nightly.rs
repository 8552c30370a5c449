//! The units with which an instance is backed up: as systemd judges them, and run as they say.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};

use sigstead_integration::run;

use crate::machine::{GROUP, Machine, USER};
use crate::program;
use crate::sandbox::Sandbox;

#[test]
fn an_instance_is_backed_up_with_what_its_unit_lets_it_write() {
    let present = [
        program("systemd-analyze", "--version"),
        program("strace", "-V"),
        program("setpriv", "--version"),
    ];
    if present.contains(&None) {
        return;
    }
    let Some(machine) = Machine::start() else {
        return;
    };
    installs(&machine);
    judges(&machine);
    let unit = machine.path("units").join(SERVICE);
    let text = fs::read_to_string(&unit).unwrap();
    assert!(
        text.contains("LoadCredential=passphrase:/srv/passphrase"),
        "{text}"
    );
    // What systemd does with the credential: the command's user can read it, and root's file cannot be.
    let credentials = machine.folder_of_user("credentials");
    let handed = machine.path("credentials/passphrase");
    fs::copy(machine.path("passphrase"), &handed).unwrap();
    fs::set_permissions(&handed, Permissions::from_mode(0o400)).unwrap();
    chown(&handed, Some(USER), Some(GROUP)).unwrap();
    // It makes a folder of that name for it, too.
    machine.folder_of_user("state");
    assert!(
        text.contains("StateDirectory=sigstead-acme-backup\n"),
        "{text}"
    );
    let text = text
        .replace("%d", credentials.to_str().unwrap())
        .replace("%S/sigstead-acme-backup", "/srv/state")
        .replace(
            "StateDirectory=sigstead-acme-backup",
            "ReadWritePaths=/srv/state",
        );
    fs::write(&unit, text).unwrap();
    fs::create_dir(machine.path("calls")).unwrap();
    let status = Sandbox::start(&machine, SERVICE).ended();
    let log = fs::read_to_string(machine.path(&format!("{SERVICE}.log"))).unwrap();
    assert!(status.success(), "{status}: {log}");
    let made = fs::read_dir(machine.path("backups")).unwrap();
    let made: Vec<_> = made.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    let measures = machine.path("state/sigstead-acme-backup.prom");
    let mode = fs::metadata(&measures).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    let measures = fs::read_to_string(&measures).unwrap();
    assert!(measures.contains(MEASURE), "{measures}");
    let mut verify = machine.sigctl_of_user();
    verify.args([
        "backup",
        "verify",
        "--passphrase-file",
        "/srv/credentials/passphrase",
    ]);
    run(verify.arg(std::path::Path::new("/srv/backups").join(&made[0]))).unwrap();
    run(machine
        .sigctl()
        .args(["systemd", "remove", "/srv/acme", "--from", "/srv/units"]))
    .unwrap();
    assert!(machine.units().is_empty(), "{:?}", machine.units());
}

/// An instance that runs, and its units with those of the backup.
fn installs(machine: &Machine) {
    let init = [
        "init",
        "/srv/acme",
        "--name",
        "acme",
        "--base-port",
        "4010",
        "--anchors",
        "/srv/anchors",
    ];
    run(machine.sigctl().args(init)).unwrap();
    let user = format!("{USER}:{GROUP}");
    run(machine
        .command("chown")
        .args(["-R", &user, "/srv/acme", "/srv/anchors"]))
    .unwrap();
    run(machine
        .sigctl_of_user()
        .args(["up", "/srv/acme", "--detach"]))
    .unwrap();
    fs::write(machine.path("passphrase"), "correct horse battery staple\n").unwrap();
    fs::set_permissions(machine.path("passphrase"), Permissions::from_mode(0o600)).unwrap();
    machine.folder_of_user("backups");
    let install = [
        "systemd",
        "install",
        "/srv/acme",
        "--to",
        "/srv/units",
        "--backup",
        "/srv/backups",
    ];
    run(machine
        .sigctl()
        .args(install)
        .args(["--backup-passphrase-file", "/srv/passphrase"]))
    .unwrap();
}

fn judges(machine: &Machine) {
    let timer = "sigstead-acme-backup.timer";
    let mut verify = machine.command("systemd-analyze");
    verify.args([
        "verify",
        "--man=no",
        &format!("/srv/units/{SERVICE}"),
        &format!("/srv/units/{timer}"),
    ]);
    let verified = verify.output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    let is_clean = !said.lines().any(|line| line.contains("sigstead"));
    assert!(verified.status.success() && is_clean, "{said}");
    let mut security = machine.command("systemd-analyze");
    security.args(["security", "--offline=true", "--no-pager", "--threshold=12"]);
    run(security.arg(format!("/srv/units/{SERVICE}"))).unwrap();
    let mut calendar = machine.command("systemd-analyze");
    run(calendar.args(["calendar", "*-*-* 02:15:00"])).unwrap();
    let text = fs::read_to_string(machine.path("units").join(timer)).unwrap();
    assert!(text.contains("OnCalendar=*-*-* 02:15:00\n"), "{text}");
}

const MEASURE: &str = "sigstead_backup_proven_timestamp_seconds{name=\"acme\"} ";
const SERVICE: &str = "sigstead-acme-backup.service";
