//! Where people log in: who may be offered, and an issuer that is removed whether that can be published or not.

use std::fs;

use serde_json::{Value, json};

use crate::world::World;

const THEIRS: &str = "https://id.example.com";
const FILE: &str = "instance/ca/issuers.yaml";
const STATE: &str = "instance/trust/state.json";
const KIT: &str = "instance/client/client_trust_config.json";
const ROOT_KEY: &str = "instance/trust/tuf-root.key";

/// What a command on the issuers answers in JSON, and how it ended.
fn issuer(world: &World, verb: &str, words: &[&str]) -> (Value, Option<i32>) {
    let mut command = world.bare(&["--output", "json", "issuer", verb]);
    let output = command
        .arg(world.path("instance"))
        .args(words)
        .output()
        .unwrap();
    (
        serde_json::from_slice(&output.stdout).unwrap(),
        output.status.code(),
    )
}

/// An issuer at which people log in before all others.
fn add_theirs(world: &World) {
    let words = ["--type", "email", "--issuer", THEIRS, "--browser", "first"];
    let (added, exit) = issuer(world, "add", &words);
    assert_eq!(exit, Some(0), "{added}");
    assert_eq!(added["browser"][0], THEIRS, "{added}");
}

fn read(world: &World, file: &str) -> String {
    fs::read_to_string(world.path(file)).unwrap()
}

#[test]
fn nobody_is_sent_to_log_in_where_nobody_may_sign() {
    let world = World::new("closed");
    let google = "https://accounts.google.com";
    let before = [FILE, STATE, KIT].map(|file| read(&world, file));
    let (refused, exit) = issuer(&world, "add", &["google", "--browser", "only"]);
    assert_eq!(
        (exit, &refused["error"]["code"]),
        (Some(1), &json!("E-CTL-100")),
        "{refused}"
    );
    assert_eq!([FILE, STATE, KIT].map(|file| read(&world, file)), before);

    let (added, exit) = issuer(&world, "add", &["google", "--browser", "none"]);
    assert_eq!(exit, Some(0), "{added}");
    let (refused, exit) = issuer(&world, "browser", &[google, "--place", "first"]);
    assert_eq!(
        (exit, &refused["error"]["code"]),
        (Some(1), &json!("E-CTL-100")),
        "{refused}"
    );
    assert_eq!([STATE, KIT].map(|file| read(&world, file)), before[1..]);

    // The rule is all that it lacked.
    issuer(&world, "remove", &[google]);
    let rule = "ours=claims.email.endsWith('@example.com')";
    let (added, exit) = issuer(&world, "add", &["google", "--allow", rule]);
    assert_eq!(exit, Some(0), "{added}");
    let (offered, exit) = issuer(&world, "browser", &[google, "--place", "first"]);
    assert_eq!(
        (exit, &offered["browser"][0]),
        (Some(0), &json!(google)),
        "{offered}"
    );
    let acts = ["sigctl issuer browser", "sigctl publishes"].map(str::to_owned);
    assert!(world.acts().ends_with(&acts), "{:?}", world.acts());
}

#[test]
fn an_issuer_is_removed_without_the_keys_of_the_trust_root_and_withdrawn_when_they_are_back() {
    let world = World::new("broken-into");
    add_theirs(&world);
    fs::copy(world.path(ROOT_KEY), world.path("away")).unwrap();
    fs::remove_file(world.path(ROOT_KEY)).unwrap();
    for was_in_file in [true, false] {
        let (removed, exit) = issuer(&world, "remove", &[THEIRS]);
        assert_eq!(exit, Some(3), "{removed}");
        assert_eq!(removed["was_in_file"], was_in_file, "{removed}");
        assert_eq!(removed["is_offered"], true, "{removed}");
        assert_eq!(removed["warning"]["code"], "E-CTL-101", "{removed}");
        let cause = removed["warning"]["cause"].as_str().unwrap();
        assert!(cause.contains("tuf-root.key"), "{cause}");
        assert!(!read(&world, FILE).contains(THEIRS));
        assert!(read(&world, KIT).contains(THEIRS));
    }
    fs::copy(world.path("away"), world.path(ROOT_KEY)).unwrap();
    let (removed, exit) = issuer(&world, "remove", &[THEIRS]);
    assert_eq!(
        (exit, &removed["is_offered"]),
        (Some(0), &json!(false)),
        "{removed}"
    );
    assert!(!read(&world, KIT).contains(THEIRS));
    let (absent, exit) = issuer(&world, "remove", &[THEIRS]);
    assert_eq!(
        (exit, &absent["error"]["code"]),
        (Some(1), &json!("E-CTL-090")),
        "{absent}"
    );
}

#[test]
fn a_removal_that_was_interrupted_in_its_publication_is_finished_by_the_next() {
    let world = World::new("interrupted");
    add_theirs(&world);
    let old = read(&world, KIT);
    let (removed, exit) = issuer(&world, "remove", &[THEIRS]);
    assert_eq!(exit, Some(0), "{removed}");
    // What a crash before the last file would have left.
    fs::write(world.path(KIT), old).unwrap();
    let (removed, exit) = issuer(&world, "remove", &[THEIRS]);
    assert_eq!(
        (exit, &removed["was_in_file"]),
        (Some(0), &json!(false)),
        "{removed}"
    );
    assert!(!read(&world, KIT).contains(THEIRS));
}

#[test]
fn a_state_that_cannot_be_read_keeps_no_issuer_in_the_file() {
    let world = World::new("unreadable");
    add_theirs(&world);
    fs::write(world.path(STATE), "{").unwrap();
    let (removed, exit) = issuer(&world, "remove", &[THEIRS]);
    assert_eq!(
        (exit, &removed["warning"]["code"]),
        (Some(3), &json!("E-CTL-101")),
        "{removed}"
    );
    assert!(!read(&world, FILE).contains(THEIRS));
}
