//! `--check` finds what would keep the service from starting, and changes nothing.

use std::fs;
use std::process::Command;

use crate::world::World;

/// `sigstead-tuf --check` as a process: its outcome and what it says.
fn check(world: &World) -> (bool, String) {
    let file = world.folder.path().join("config.yaml");
    fs::write(&file, sigstead_config::to_yaml(&world.config()).unwrap()).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_sigstead-tuf"));
    let output = program.arg("--check").arg("--config").arg(file).output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.success(), said)
}

#[tokio::test]
async fn the_check_signs_and_writes_nothing() {
    let world = World::new().await;
    let files = world.files();
    assert_eq!(check(&world), (true, String::new()));
    assert_eq!(world.files(), files, "nothing is published yet");
    let _running = world.start().await;
    let files = world.files();
    assert_eq!(check(&world), (true, String::new()));
    assert_eq!(world.files(), files);
}

#[tokio::test]
async fn the_check_finds_what_is_wrong() {
    let world = World::new().await;
    let _running = world.start().await;
    let place = |name: &str| world.folder.path().join(name);
    // The key of the other role: a good one, which the root does not name for this role.
    let key = fs::read(place("snapshot.key")).unwrap();
    let stranger = World::new().await;
    fs::copy(
        stranger.folder.path().join("snapshot.key"),
        place("snapshot.key"),
    )
    .unwrap();
    let (passes, said) = check(&world);
    assert!(!passes && said.contains("snapshot"), "{said}");
    fs::write(place("snapshot.key"), key).unwrap();
    assert_eq!(check(&world), (true, String::new()));
    for file in [
        "1.root.json",
        "1.targets.json",
        "1.snapshot.json",
        "timestamp.json",
    ] {
        let before = fs::read(world.repository().join(file)).unwrap();
        fs::write(world.repository().join(file), "nonsense").unwrap();
        let (passes, said) = check(&world);
        assert!(!passes && said.contains(file), "{file}: {said}");
        fs::write(world.repository().join(file), before).unwrap();
    }
    fs::write(place("passphrase"), "wrong\n").unwrap();
    let (passes, said) = check(&world);
    assert!(!passes && said.contains("key"), "{said}");
}
