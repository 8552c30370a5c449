//! `--check` finds what would keep the service from starting, and changes nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use sigstead_sequencer::{Anchor as _, FileAnchor};

use crate::world::{self, TestCtLog};

/// `sigstead-ctlog --check` as a process: its outcome and what it says.
fn check(folder: &Path) -> (bool, String) {
    let file = folder.join("config.yaml");
    let text = serde_json::to_string(&world::config(folder)).unwrap();
    fs::write(&file, text).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_sigstead-ctlog"));
    let output = program.arg("--check").arg("--config").arg(file).output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.success(), said)
}

#[tokio::test]
async fn the_check_passes_beside_the_running_log_and_finds_what_is_wrong() {
    // The log is open, and takes an entry after the check as before it.
    let log = TestCtLog::new().await;
    log.log(&log.authorities.precertificate(1).await).await;
    let path = log.folder.path();
    assert_eq!(check(path), (true, String::new()));
    log.log(&log.authorities.precertificate(2).await).await;
    assert_eq!(log.verify_log().await.len(), 2);
    for (file, expected) in [
        ("anchor", "anchor"),
        ("roots.pem", "roots.pem"),
        ("ctlog.key", "key"),
    ] {
        let file = path.join(file);
        let before = fs::read(&file).unwrap();
        fs::write(&file, "nonsense").unwrap();
        let (passes, said) = check(path);
        assert!(!passes && said.contains(expected), "{said}");
        fs::write(&file, before).unwrap();
    }
    assert_eq!(check(path), (true, String::new()));
}

#[tokio::test]
async fn the_check_makes_nothing() {
    let log = TestCtLog::new().await;
    let folder = tempfile::tempdir().unwrap();
    world::prepare(folder.path(), &log.authorities);
    assert_eq!(check(folder.path()), (true, String::new()));
    assert!(!folder.path().join("data").exists());
    let anchor = FileAnchor::new(folder.path().join("anchor")).load();
    assert!(anchor.unwrap().unwrap().is_beginning());
}
