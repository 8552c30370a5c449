//! The help is part of the interface: what it says changes on purpose only.
//!
//! After such a change: `SIGCTL_WRITE_HELP=1 cargo test -p sigstead-ctl --test help`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_help_of_every_command_is_the_golden_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    let helps = helps();
    // The ban on reading the environment is about configuration; this switches a test's mode.
    #[expect(clippy::disallowed_methods, reason = "regenerates golden files")]
    let write = std::env::var("SIGCTL_WRITE_HELP").is_ok();
    if write {
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir_all(&folder).unwrap();
        for (name, help) in &helps {
            fs::write(folder.join(name), help).unwrap();
        }
    }
    for (name, help) in &helps {
        let golden = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert_eq!(*help, golden, "the help differs from {name}");
    }
    let golden = fs::read_dir(&folder).unwrap();
    for name in golden.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        assert!(helps.contains_key(&name), "{name} is of no command");
    }
}

/// The help of all commands, by the name of its file: those that the help of another one lists.
fn helps() -> BTreeMap<String, String> {
    let (mut helps, mut ahead) = (BTreeMap::new(), vec![String::new()]);
    while let Some(command) = ahead.pop() {
        let help = help_of(&command);
        ahead.extend(listed(&help).map(|name| format!("{command} {name}")));
        let name = format!("sigctl{}.txt", command.replace(' ', "-"));
        helps.insert(name, help);
    }
    helps
}

/// The commands below one, by its help.
fn listed(help: &str) -> impl Iterator<Item = &str> {
    let list = help
        .split_once("\nCommands:\n")
        .map_or("", |(_, list)| list);
    let lines = list.lines().take_while(|line| !line.is_empty());
    // A long description goes on in a line that is indented further.
    let names = lines.filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help")
}

fn help_of(command: &str) -> String {
    // The width of the terminal that a test happens to run in must not show.
    let output = Command::new(env!("CARGO_BIN_EXE_sigctl"))
        .args(command.split_whitespace())
        .arg("--help")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
