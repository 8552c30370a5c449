//! The commands that the page about installing has for root, as they are printed there.

use std::process::Command;

use sigstead_integration::run;

use crate::machine::Machine;
use crate::program;

#[test]
fn the_commands_for_a_server_run_as_they_are_printed() {
    let present = [
        program("systemctl", "--version"),
        program("useradd", "--help"),
        program("runuser", "--version"),
    ];
    if present.contains(&None) {
        return;
    }
    let Some(machine) = Machine::start() else {
        return;
    };
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/installing.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut is_code = false;
    let commands = page.lines().filter_map(|line| {
        is_code ^= line.starts_with("```");
        line.strip_prefix("# ").filter(|_| is_code)
    });
    let commands: Vec<_> = commands.collect();
    let starts = commands
        .iter()
        .position(|line| line.starts_with("systemctl enable"));
    let (before, after) = commands.split_at(starts.unwrap() + 1);
    assert!(before.len() >= 5, "{commands:?}");
    for line in before {
        run(&mut shell(&machine, line)).unwrap();
    }
    assert!(after[0].contains("sigctl status"), "{after:?}");
    assert_eq!(
        shell(&machine, after[0]).output().unwrap().status.code(),
        Some(4)
    );
    let unit = "cat /etc/systemd/system/multi-user.target.wants/sigstead-acme.target \
                /etc/systemd/system/sigstead-acme-ca.service";
    let unit = run(&mut shell(&machine, unit)).unwrap();
    let unit = String::from_utf8(unit.stdout).unwrap();
    for line in [
        "WantedBy=multi-user.target",
        "User=sigstead",
        "Group=sigstead",
    ] {
        assert!(unit.lines().any(|each| each == line), "{line}: {unit}");
    }
    for line in &after[1..] {
        run(&mut shell(&machine, line)).unwrap();
    }
    let left = run(&mut shell(&machine, "ls /etc/systemd/system")).unwrap();
    let left = String::from_utf8(left.stdout).unwrap();
    assert!(!left.contains("sigstead"), "{left}");
}

/// A command of root's. systemd did not start the machine, so that it can start and stop nothing on it.
fn shell(machine: &Machine, line: &str) -> Command {
    let mut shell = machine.command("sh");
    let line = line.replace(" --now ", " ");
    shell.args(["-euc", &line]).env("SYSTEMD_OFFLINE", "1");
    shell.env("PATH", "/opt:/usr/sbin:/usr/bin:/sbin:/bin");
    shell
}
