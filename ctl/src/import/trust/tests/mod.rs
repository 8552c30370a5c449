mod spoilt;
mod world;

use std::fs;

use sigstead_kit::{Clock as _, SystemClock};
use time::Duration;

use world::{World, key};

fn code<T>(result: Result<T, crate::failure::Failure>) -> String {
    let failure = result.err().unwrap();
    failure.code().to_owned()
}

#[test]
fn a_copy_begins_with_a_root_that_was_compared_and_grows_by_batches() {
    let mut world = World::new();
    let first = world.medium("first", 1, "one");
    assert_eq!(code(world.import(&first)), "E-AIR-016");
    let begun = world.begin(&first).unwrap();
    assert_eq!((begun.root_before, begun.root_version), (0, 1));
    assert_eq!((begun.targets_before, begun.targets_version), (0, 1));

    // Two roots at once, the second with another key of the service.
    let service = world.service.clone();
    world.next_root(&service);
    world.next_root(&key());
    let second = world.medium("second", 7, "seven");
    let grown = world.import(&second).unwrap();
    assert_eq!((grown.root_before, grown.root_version), (1, 3));
    assert_eq!((grown.targets_before, grown.targets_version), (1, 7));
    let kit = world.copy().join("kit");
    assert_eq!(fs::read(kit.join("trusted_root.json")).unwrap(), b"seven");
    assert_eq!(
        fs::read(kit.join("root.json")).unwrap(),
        fs::read(second.join("3.root.json")).unwrap()
    );
}

#[test]
fn a_batch_that_comes_twice_changes_nothing() {
    let world = World::new();
    let medium = world.medium("first", 1, "one");
    world.begin(&medium).unwrap();
    let before = world.contents();
    assert_eq!(world.import(&medium).unwrap().added, 0);
    assert_eq!(world.begin(&medium).unwrap().added, 0);
    assert_eq!(world.contents(), before);
}

#[test]
fn no_version_goes_back_and_none_has_two_contents() {
    let mut world = World::new();
    let old = world.medium("old", 1, "one");
    let newer = world.medium("newer", 2, "two");
    let other = world.medium("other", 2, "another two");
    world.begin(&newer).unwrap();
    let before = world.contents();
    assert_eq!(code(world.import(&old)), "E-AIR-010");
    assert_eq!(world.contents(), before);
    assert_eq!(code(world.import(&other)), "E-AIR-009");
    // Both are there, as evidence.
    let theirs = fs::read(world.copy().join("two-contents/timestamp.json")).unwrap();
    assert_eq!(theirs, fs::read(other.join("timestamp.json")).unwrap());
    assert_eq!(
        fs::read(world.copy().join("timestamp.json")).unwrap(),
        fs::read(newer.join("timestamp.json")).unwrap()
    );

    let service = world.service.clone();
    world.next_root(&service);
    let rotated = world.medium("rotated", 3, "three");
    world.import(&rotated).unwrap();
    assert_eq!(code(world.import(&newer)), "E-AIR-010");
}

#[test]
fn versions_begin_anew_where_the_root_replaced_the_keys() {
    let mut world = World::new();
    let far = world.medium("far", 900, "stolen key");
    world.begin(&far).unwrap();
    world.next_root(&key());
    // The key of the targets is the same, so their version counts on.
    assert_eq!(
        code(world.import(&world.medium("near", 2, "two"))),
        "E-AIR-010"
    );
    let imported = world.import(&world.medium("next", 901, "anew")).unwrap();
    assert_eq!(
        (imported.targets_before, imported.targets_version),
        (900, 901)
    );
}

#[test]
fn what_ended_and_what_was_signed_by_others_is_refused() {
    let mut world = World::new();
    world.begin(&world.medium("first", 1, "one")).unwrap();
    let before = world.contents();
    let ended = SystemClock.now() - Duration::hours(1);
    let late = world.medium_until("late", 2, "two", ended);
    assert_eq!(code(world.import(&late)), "E-AIR-011");
    // Whoever has neither key signs with their own.
    world.service = key();
    let foreign = world.medium("foreign", 2, "two");
    assert_eq!(code(world.import(&foreign)), "E-AIR-012");
    let another = World::new();
    let another = another.medium("another", 2, "two");
    assert_eq!(code(world.import(&another)), "E-AIR-017");
    assert_eq!(world.contents(), before);
}

#[test]
fn a_root_that_too_few_signed_or_that_was_left_out_is_refused() {
    let mut world = World::new();
    world.begin(&world.medium("first", 1, "one")).unwrap();
    let service = world.service.clone();
    world.people = key();
    world.next_root(&service);
    let unsigned = world.medium("unsigned", 2, "two");
    assert_eq!(code(world.import(&unsigned)), "E-AIR-012");

    let mut world = World::new();
    world.begin(&world.medium("first", 1, "one")).unwrap();
    let service = world.service.clone();
    world.next_root(&service);
    world.next_root(&service);
    let gap = world.medium("gap", 2, "two");
    fs::remove_file(gap.join("2.root.json")).unwrap();
    assert_eq!(code(world.import(&gap)), "E-AIR-013");
}

#[test]
fn a_clock_that_was_set_back_is_noticed() {
    let world = World::new();
    let medium = world.medium("first", 1, "one");
    world.begin(&medium).unwrap();
    let record = serde_json::json!({"imported": "2999-01-01T00:00:00Z"});
    fs::write(world.copy().join("import.json"), record.to_string()).unwrap();
    assert_eq!(code(world.import(&medium)), "E-AIR-015");
}
