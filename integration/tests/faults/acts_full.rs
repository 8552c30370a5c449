//! The disk of the record of what administrators do becomes full, and gets room again.

use std::fs::File;
use std::io::Write as _;
use std::process::Command;

use sigstead_integration::{Instance, run, sigctl};

use crate::disk::Disk;

const MEBIBYTES: u64 = 16;

#[test]
fn without_room_for_its_record_nothing_is_done_and_clients_are_served() {
    let Some(disk) = Disk::new(MEBIBYTES) else {
        return;
    };
    let instance = Instance::create("acts-full", &[]).unwrap();
    let config = instance.directory().join("tlog/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let ours = "client_ca: admin-ca.pem\n";
    let audit = disk.path().join("audit");
    let moved = text.replacen(ours, &format!("{ours}    audit: {}\n", audit.display()), 1);
    assert_ne!(moved, text, "{text}");
    std::fs::write(&config, moved).unwrap();
    instance.up().unwrap();
    let directory = instance.directory();
    let logs = instance
        .json(&["log", "info", directory.to_str().unwrap()])
        .unwrap();
    let name = logs[1]["origin"].as_str().unwrap().to_owned();
    let log = |verb: &str, arguments: &[&str]| {
        let mut command = sigctl();
        command
            .args(["log", verb])
            .arg(&directory)
            .args(["--log", &name]);
        command.args(arguments);
        command
    };
    let pause = || log("pause", &["--reason", "a move"]);
    run(&mut pause()).unwrap();
    run(&mut log("resume", &[])).unwrap();

    let filler = disk.path().join("filler");
    let mut file = File::create(&filler).unwrap();
    for size in [1 << 16, 1 << 9] {
        let zeros = vec![0; size];
        while file.write_all(&zeros).is_ok() {}
    }
    sigstead_durable::sync(&file).unwrap();
    // The last block of the file has room that it took before.
    let refusal = (0..50).find_map(|_| refusal(&mut pause()));
    assert!(refusal.unwrap().contains("E-AUDIT-001"));
    run(&mut log("resume", &[])).map(drop).unwrap_err();
    let state = || {
        let logs = instance
            .json(&["log", "info", directory.to_str().unwrap()])
            .unwrap();
        logs[1]["state"].as_str().unwrap().to_owned()
    };
    let before = state();
    assert!(refusal_of(&mut pause()).contains("E-AUDIT-001"));
    assert_eq!(state(), before);

    drop(file);
    std::fs::remove_file(&filler).unwrap();
    run(&mut pause()).unwrap();
    assert_eq!(state(), "paused: a move");
    run(&mut log("resume", &[])).unwrap();
    let mut verify = sigctl();
    run(verify.args(["audit", "verify"]).arg(&directory)).unwrap();
}

fn refusal(command: &mut Command) -> Option<String> {
    let output = command.output().unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

fn refusal_of(command: &mut Command) -> String {
    refusal(command).unwrap_or_default()
}
