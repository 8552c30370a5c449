//! Keys of every role are ended, also while nothing runs.

use std::fs;

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::world::World;

/// When a key of the trust state begins to count, and seconds after that.
fn after_start(world: &World, pointer: &str, seconds: i64) -> String {
    let start = state(world).pointer(pointer).unwrap()["valid_for"]["start"].clone();
    let start = OffsetDateTime::parse(start.as_str().unwrap(), &Rfc3339).unwrap();
    let time = start + Duration::seconds(seconds);
    time.format(&Rfc3339).unwrap()
}

fn state(world: &World) -> Value {
    serde_json::from_slice(&fs::read(world.path("instance/trust/state.json")).unwrap()).unwrap()
}

fn emergency(world: &World, arguments: &[&str]) -> (Value, Option<i32>) {
    let mut command = world.bare(&["--output", "json", "emergency"]);
    command
        .args(arguments)
        .env("SIGSTEAD_DIR", world.path("instance"));
    let output = command.output().unwrap();
    let told = serde_json::from_slice(&output.stdout).unwrap();
    (told, output.status.code())
}

#[test]
fn a_key_of_every_role_is_ended_a_second_before_it_was_in_other_hands() {
    let world = World::new("ended");
    let mut targets = 1;
    for (role, pointer, subject) in [
        ("tsa", "/timestamp_authorities/0", "timestamp authority"),
        ("rekor-v1", "/signature_logs/1", "log of Rekor v1"),
        ("rekor-v2", "/signature_logs/0", "log of Rekor v2"),
        ("ct", "/certificate_logs/0", "CT log"),
    ] {
        let since = after_start(&world, pointer, 3);
        let (planned, exit) = emergency(&world, &["plan", role, "--since", &since]);
        assert_eq!(
            (&planned["subject"], exit),
            (&subject.into(), Some(0)),
            "{planned}"
        );
        assert!(
            planned["published"].is_null() && planned["number"].is_null(),
            "{planned}"
        );
        let (ended, exit) = emergency(&world, &["end-key", role, "--since", &since, "--yes"]);
        assert_eq!(exit, Some(0), "{ended}");
        targets += 1;
        assert_eq!(ended["published"]["targets"], targets);
        assert_eq!(ended["end"], after_start(&world, pointer, 2).as_str());
        let state = state(&world);
        let key = state.pointer(pointer).unwrap();
        assert_eq!(
            (&key["valid_for"]["end"], &key["in_service"]),
            (&ended["end"], &false.into())
        );
        assert!(
            !ended["unknowable"].as_array().unwrap().is_empty(),
            "{ended}"
        );
        let again = emergency(&world, &["end-key", role, "--since", &since, "--yes"]).0;
        assert_eq!(again["error"]["code"], "E-CTL-434", "{again}");
        // It may turn out that it was in other hands earlier.
        let earlier = after_start(&world, pointer, 2);
        let (ended, _) = emergency(&world, &["end-key", role, "--since", &earlier, "--yes"]);
        assert_eq!(
            ended["end"],
            after_start(&world, pointer, 1).as_str(),
            "{ended}"
        );
        targets += 1;
    }
    let folders = fs::read_dir(world.path("instance/trust/emergencies")).unwrap();
    assert_eq!(folders.count(), 8);
    let (_, exit) = world.json(&["trust", "verify-history"]);
    assert_eq!(exit, Some(3), "nothing counts any more, and that follows");
}

/// Who has a stolen key does not wait until the services run.
#[test]
fn an_authority_is_ended_while_nothing_runs_and_what_was_not_asked_is_told() {
    let world = World::new("silent");
    let key = world.json(&["keys"]).0["keys"].as_array().unwrap().clone();
    let is_it = |item: &&Value| item["subject"] == "root of the certificate authority";
    let key = key.iter().find(is_it).unwrap()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let since = after_start(&world, "/certificate_authorities/0", 2);
    let digits = key.trim_start_matches("SHA256:").get(..8).unwrap();
    let arguments = [
        "end-key", digits, "--since", &since, "--yes", "--reason", "a | b",
    ];
    let (ended, exit) = emergency(&world, &arguments);
    assert_eq!(exit, Some(3), "{ended}");
    assert_eq!(
        (&ended["key"], &ended["certificates"]),
        (&key.into(), &0.into())
    );
    let unanswered = ended["unanswered"].to_string();
    assert!(unanswered.contains("the CT log: E-CTL-076"), "{unanswered}");
    let chain = &state(&world)["certificate_authorities"][0];
    assert_eq!(chain["valid_for"]["end"], ended["end"]);
    let config = fs::read(world.path("instance/client/signing_config.v0.2.json")).unwrap();
    let config: Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(config["caUrls"], serde_json::json!([]));
    let notice = world.path("instance/trust/emergencies/1/notice.md");
    let notice = fs::read_to_string(notice).unwrap();
    assert!(notice.contains(r"| Why | a \| b |"), "{notice}");
    assert!(notice.contains("and targets 2 |"), "{notice}");
}

#[test]
fn a_folder_that_is_there_already_is_not_written_into() {
    let world = World::new("folder");
    let since = after_start(&world, "/timestamp_authorities/0", 2);
    let folder = world.path("rehearsal");
    let folder = folder.to_str().unwrap();
    let arguments = ["plan", "tsa", "--since", &since, "--out", folder];
    assert_eq!(emergency(&world, &arguments).1, Some(0));
    let before = state(&world);
    let refused = emergency(&world, &arguments).0;
    assert_eq!(refused["error"]["code"], "E-CTL-435", "{refused}");
    assert_eq!(state(&world), before, "a plan changes nothing");
}

/// A stranger who has the folder alone checks it.
#[test]
fn evidence_of_an_emergency_is_whole_or_refused_with_what_is_not() {
    let world = World::new("evidence");
    let since = after_start(&world, "/timestamp_authorities/0", 2);
    emergency(&world, &["end-key", "tsa", "--since", &since, "--yes"]);
    let folder = world.path("evidence");
    let name = folder.to_str().unwrap().to_owned();
    let trust = |arguments: &[&str]| {
        let mut command = world.bare(&["--output", "json", "trust"]);
        command
            .args(arguments)
            .env("SIGSTEAD_DIR", world.path("instance"));
        let output = command.output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        (told, output.status.code())
    };
    for unknown in ["emergency-2", "tsa-2", "../state", "emergency-"] {
        let refused = trust(&["evidence", unknown, "--out", &name]).0;
        assert_eq!(
            refused["error"]["code"], "E-CTL-438",
            "{unknown}: {refused}"
        );
    }
    let (written, exit) = trust(&["evidence", "emergency-1", "--out", &name]);
    assert_eq!(exit, Some(0), "{written}");
    let refused = trust(&["evidence", "emergency-1", "--out", &name]).0;
    assert_eq!(refused["error"]["code"], "E-CTL-435", "{refused}");
    assert_eq!(
        trust(&["verify-evidence", &name]),
        (written.clone(), Some(0))
    );
    for file in [
        "emergency/notice.md",
        "repository/2.targets.json",
        "history.json",
        "audit/records",
    ] {
        assert!(folder.join(file).exists(), "{file}");
    }
    let refuses = |cause: &str| {
        let (told, exit) = trust(&["verify-evidence", &name]);
        assert_eq!(
            (&told["error"]["code"], exit),
            (&"E-CTL-437".into(), Some(1)),
            "{told}"
        );
        assert!(
            told["error"]["cause"].as_str().unwrap().contains(cause),
            "{cause}: {told}"
        );
    };
    let notice = folder.join("emergency/notice.md");
    let kept = fs::read(&notice).unwrap();
    fs::write(&notice, "another").unwrap();
    refuses("emergency/notice.md is not as it was");
    fs::write(&notice, kept).unwrap();
    fs::write(folder.join("more"), "").unwrap();
    refuses("more is not listed");
    fs::remove_file(folder.join("more")).unwrap();
    // Somebody who changes a file and the list with it is found by what is in the file.
    let list = folder.join("SHA256SUMS");
    let kept = fs::read_to_string(&list).unwrap();
    let without: String = kept
        .lines()
        .filter(|line| !line.contains("1.targets.json"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&list, without).unwrap();
    let targets = folder.join("repository/1.targets.json");
    let first = fs::read(&targets).unwrap();
    fs::remove_file(&targets).unwrap();
    refuses("targets 1 is not there");
    fs::write(&list, kept).unwrap();
    fs::write(&targets, first).unwrap();
    assert_eq!(trust(&["verify-evidence", &name]), (written, Some(0)));
}
