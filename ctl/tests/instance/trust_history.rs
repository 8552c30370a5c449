//! How trust changed: told in sentences, compared, and checked offline.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::world::{World, said};

/// An instance whose timestamp authority had an end from its second publication on.
fn published_twice(name: &str) -> World {
    let world = World::new(name);
    end_the_timestamp_authority(&world);
    publish(&world, "365d");
    world
}

fn end_the_timestamp_authority(world: &World) {
    let path = world.path("instance/trust/state.json");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let authority = &mut state["timestamp_authorities"][0];
    let start = authority["valid_for"]["start"].as_str().unwrap().to_owned();
    authority["valid_for"]["end"] = later(&start).into();
    authority["in_service"] = false.into();
    fs::write(path, state.to_string()).unwrap();
}

fn later(time: &str) -> String {
    let later = OffsetDateTime::parse(time, &Rfc3339).unwrap() + Duration::seconds(1);
    later.format(&Rfc3339).unwrap()
}

fn publish(world: &World, length: &str) {
    let mut publish = world.sigctl(&["trust", "publish", "--valid-for", length]);
    let published = publish.output().unwrap();
    assert!(published.status.success(), "{}", said(&published));
}

fn repository(world: &World, file: &str) -> PathBuf {
    world.path("instance/tuf/repository").join(file)
}

#[test]
fn the_history_tells_what_each_publication_changed_and_who_published() {
    let world = published_twice("history");
    let (history, exit) = world.json(&["trust", "history"]);
    assert_eq!(exit, Some(0));
    let [first, second] = history.as_array().unwrap().as_slice() else {
        panic!("{history}");
    };
    assert_eq!((&first["root"], &first["targets"]), (&1.into(), &1.into()));
    assert_eq!(first["act"], Value::Null, "init is in no record");
    let told = first["changes"].to_string();
    for sentence in [
        "of the certificate authority http://",
        "of the log of certificates https://",
        "the timestamp role is signed by 1 of",
        "clients use the log of Rekor v1 http://",
        "clients use the log of Rekor v2 http://",
        "clients use the issuer http://",
        "targets 1 are accepted until",
    ] {
        assert!(told.contains(sentence), "{sentence} is not in {told}");
    }
    assert_eq!(second["targets"], 2);
    assert_eq!(second["act"], "sigctl trust publish");
    assert!(second["who"].as_str().unwrap().ends_with("(owner)"));
    let told: Vec<_> = second["changes"].as_array().unwrap().iter().collect();
    let is_told = |words: &[&str]| {
        let mut told = told.iter().map(|each| each.as_str().unwrap());
        told.any(|each| words.iter().all(|word| each.contains(word)))
    };
    assert!(
        is_told(&["of the timestamp authority", "until", "; it was from"]),
        "{told:?}"
    );
    assert!(
        is_told(&["clients use the timestamp authority", "no more"]),
        "{told:?}"
    );
    assert!(!is_told(&["certificate authority"]), "{told:?}");
    let text = said(&world.sigctl(&["trust", "history"]).output().unwrap());
    assert!(text.contains("(the time is that of the file)"), "{text}");
}

#[test]
fn two_versions_or_files_are_compared_in_sentences() {
    let world = World::new("diff");
    let instance = world.path("instance");
    let instance = instance.to_str().unwrap();
    let diff = |words: &[&str]| {
        let arguments = [&["trust", "diff", "--output", "json"], words].concat();
        let output = world.bare(&arguments).output().unwrap();
        let mut told: Value = serde_json::from_slice(&output.stdout).unwrap();
        match output.status.success() {
            true => Ok(told["changes"].take()),
            false => Err(told["error"]["code"].take()),
        }
    };
    assert_eq!(diff(&[instance]), Ok(Value::Array(vec![])));
    let before = world.path("before.json");
    fs::copy(
        world.path("instance/client/client_trust_config.json"),
        &before,
    )
    .unwrap();
    end_the_timestamp_authority(&world);
    let next = diff(&[instance]).unwrap();
    assert_eq!(next.as_array().unwrap().len(), 2, "{next}");
    publish(&world, "365d");
    assert_eq!(diff(&[instance]), Ok(Value::Array(vec![])));
    assert_eq!(diff(&[instance, "1", "2"]), Ok(next.clone()));
    assert_eq!(diff(&[instance, "1"]), Ok(next.clone()));
    assert_eq!(diff(&[instance, "2", "2"]), Ok(Value::Array(vec![])));
    let after = world.path("instance/client/client_trust_config.json");
    let files = [before.to_str().unwrap(), after.to_str().unwrap()];
    assert_eq!(diff(&files), Ok(next));
    assert_eq!(diff(&[instance, "1", "3"]), Err("E-CTL-431".into()));
    let none = world.path("instance/instance.yaml");
    assert_eq!(
        diff(&[none.to_str().unwrap(), files[0]]),
        Err("E-CTL-431".into())
    );
    assert_eq!(diff(&[instance, "1", "2", "2"]), Err("E-CTL-012".into()));
}

#[test]
fn a_history_is_checked_and_a_time_in_which_nothing_counts_is_told() {
    let world = World::new("sound");
    let (sound, exit) = world.json(&["trust", "verify-history"]);
    assert_eq!(exit, Some(0), "{sound}");
    end_the_timestamp_authority(&world);
    publish(&world, "365d");
    let (sound, exit) = world.json(&["trust", "verify-history"]);
    assert_eq!(exit, Some(3), "{sound}");
    assert_eq!((&sound["roots"], &sound["targets"]), (&1.into(), &2.into()));
    assert_eq!(sound["gaps"][0]["of"], "timestamp authority");
    // A copy of the repository is enough.
    let folder = repository(&world, "");
    let arguments = [
        "trust",
        "verify-history",
        "--output",
        "json",
        "--repository",
    ];
    let copied = world.bare(&arguments).arg(&folder).output().unwrap();
    let copied: Value = serde_json::from_slice(&copied.stdout).unwrap();
    assert_eq!(copied, sound);
}

/// Each way in which a history can be unsound is found, and told by its own sentence.
#[test]
fn a_history_that_was_changed_is_refused_with_what_is_wrong() {
    let world = published_twice("unsound");
    publish(&world, "300d");
    let refuses = |cause: &str| {
        let (told, exit) = world.json(&["trust", "verify-history"]);
        assert_eq!(exit, Some(1), "{told}");
        assert_eq!(told["error"]["code"], "E-CTL-430", "{told}");
        let causes = told["error"]["cause"].as_str().unwrap();
        assert!(
            causes.lines().all(|line| line.contains(cause)),
            "{cause}: {causes}"
        );
    };
    let with = |file: &str, bytes: Option<&[u8]>, check: &dyn Fn()| {
        let path = repository(&world, file);
        let kept = fs::read(&path).unwrap();
        match bytes {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        check();
        fs::write(path, kept).unwrap();
    };
    let edited = |file: &str, from: &str, to: &str| {
        let text = fs::read_to_string(repository(&world, file)).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        text.replacen(from, to, 1).into_bytes()
    };
    with("1.targets.json", None, &|| {
        refuses("targets 1 is not there")
    });
    let other = edited("2.root.json", "\"expires\": \"20", "\"expires\": \"21");
    with("2.root.json", Some(&other), &|| {
        refuses("root 2 does not follow")
    });
    let other = edited("2.targets.json", "\"expires\": \"20", "\"expires\": \"21");
    with("2.targets.json", Some(&other), &|| {
        refuses("targets 2 are signed as no root asks")
    });
    with("3.targets.json", Some(b"{}"), &|| {
        refuses("3.targets.json in ")
    });
    let targets: Value =
        serde_json::from_slice(&fs::read(repository(&world, "1.targets.json")).unwrap()).unwrap();
    let hash = &targets["signed"]["targets"]["rekor.pub"]["hashes"]["sha256"];
    let file = format!("targets/{}.rekor.pub", hash.as_str().unwrap());
    with(&file, Some(b"another"), &|| refuses("rekor.pub"));
    with(&file, None, &|| refuses("rekor.pub"));
    let (told, exit) = world.json(&["trust", "verify-history"]);
    assert_eq!(exit, Some(3), "all is as it was: {told}");
}

#[test]
fn trust_that_was_taken_back_is_found_though_the_key_of_the_targets_signed_it() {
    let world = World::new("taken-back");
    let state = world.path("instance/trust/state.json");
    let first = fs::read(&state).unwrap();
    end_the_timestamp_authority(&world);
    publish(&world, "365d");
    let second = repository(&world, "2.targets.json");
    let ended = fs::read(&second).unwrap();
    // As if the second version had never been.
    fs::remove_file(&second).unwrap();
    fs::write(&state, first).unwrap();
    publish(&world, "300d");
    publish(&world, "200d");
    assert!(repository(&world, "3.targets.json").exists());
    fs::write(&second, ended).unwrap();
    let (told, exit) = world.json(&["trust", "verify-history"]);
    assert_eq!(exit, Some(1), "{told}");
    let cause = told["error"]["cause"].as_str().unwrap();
    assert!(
        cause.starts_with("targets 3 take something back"),
        "{cause}"
    );
    assert!(cause.contains("has no end any more"), "{cause}");
    assert_eq!(cause.lines().count(), 1, "{cause}");
}

#[test]
fn a_state_that_does_not_follow_and_a_record_that_was_changed_are_found() {
    let world = published_twice("apart");
    let state = world.path("instance/trust/state.json");
    let kept = fs::read_to_string(&state).unwrap();
    let mut other: Value = serde_json::from_str(&kept).unwrap();
    other["certificate_logs"] = serde_json::json!([]);
    fs::write(&state, other.to_string()).unwrap();
    let causes = || {
        let (told, exit) = world.json(&["trust", "verify-history"]);
        assert_eq!(exit, Some(1), "{told}");
        told["error"]["cause"].as_str().unwrap().to_owned()
    };
    let cause = causes();
    assert!(
        cause.starts_with("the trust state does not follow"),
        "{cause}"
    );
    fs::write(&state, kept).unwrap();
    // All that was recorded is gone, and the head knows of it.
    fs::write(world.path("instance/trust/audit/records"), "").unwrap();
    let cause = causes();
    assert!(cause.starts_with("the record of publications"), "{cause}");
}
