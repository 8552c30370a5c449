//! `--check` finds what would keep the service from starting, and changes nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use sigstead_config::tlog::Config;
use sigstead_sequencer::{Anchor as _, FileAnchor};

use crate::world::{self, ORIGIN, OTHER_ORIGIN, TestTlog, request};

/// `sigstead-tlog --check` as a process: its outcome and what it says.
fn check(folder: &Path, config: &Config) -> (bool, String) {
    let file = folder.join("config.yaml");
    fs::write(&file, serde_json::to_string(config).unwrap()).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_sigstead-tlog"));
    let output = program.arg("--check").arg("--config").arg(file).output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.success(), said)
}

#[tokio::test]
async fn the_check_passes_beside_the_running_logs_and_finds_what_is_wrong() {
    // The logs are open, and take entries after the check as before it.
    let tlog = TestTlog::with_two_logs().await;
    tlog.append(&request(b"before").await).await;
    let path = tlog.folder.path();
    let config = world::config(path, &[ORIGIN, OTHER_ORIGIN]);
    assert_eq!(check(path, &config), (true, String::new()));
    tlog.append(&request(b"after").await).await;
    tlog.verify_log().await;
    for (file, expected) in [
        (format!("{OTHER_ORIGIN}.anchor"), "anchor"),
        (format!("{OTHER_ORIGIN}.key"), "key"),
    ] {
        let file = path.join(file);
        let before = fs::read(&file).unwrap();
        fs::write(&file, "nonsense").unwrap();
        let (passes, said) = check(path, &config);
        assert!(!passes && said.contains(OTHER_ORIGIN), "{said}");
        assert!(said.contains(expected), "{said}");
        fs::write(&file, before).unwrap();
    }
    let one_key = |name: &str| fs::copy(path.join(format!("{ORIGIN}.key")), path.join(name));
    one_key(&format!("{OTHER_ORIGIN}.key")).unwrap();
    let (passes, said) = check(path, &config);
    assert!(
        !passes && said.contains(ORIGIN) && said.contains(OTHER_ORIGIN),
        "{said}"
    );
}

#[tokio::test]
async fn the_check_reads_what_was_opened_later_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    world::make_log(path, ORIGIN);
    let mut config = world::config(path, &[ORIGIN]);
    config.opened_logs = Some(path.join("logs.d"));
    assert_eq!(check(path, &config), (true, String::new()));
    let written = |name: &str| path.join(name).exists();
    assert!(!written(ORIGIN) && !written("logs.d"));
    let anchor = FileAnchor::new(path.join(format!("{ORIGIN}.anchor"))).load();
    assert!(anchor.unwrap().unwrap().is_beginning());
    fs::create_dir(path.join("logs.d")).unwrap();
    fs::write(path.join("logs.d/00001.yaml"), "origin: 1\n").unwrap();
    let (passes, said) = check(path, &config);
    assert!(!passes && said.contains("00001.yaml"), "{said}");
}
