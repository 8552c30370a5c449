//! A root is signed by several people, on machines that share nothing but a copied folder.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_media;
mod machine;
mod targets;

use std::fs;

use serde_json::Value;
use sigstead_trust_root::tuf::{Root, Signed};

use machine::{Ceremony, Machine};

#[test]
fn a_root_passes_from_one_person_to_two_of_three_and_to_other_three() {
    let ceremony = Ceremony::first("passes");
    let Ceremony {
        office,
        alice,
        bob,
        carol,
    } = &ceremony;
    for machine in [alice, bob, carol] {
        machine.take_medium_of(office);
        assert_eq!(machine.words(), office.words(), "all hear the same words");
    }
    office.sign_as_operator();
    ceremony.carried_to(carol, |carol| drop(carol.sign("carol")));
    office.refuses(&finish(&["--check"]), "E-CEREMONY-009");
    ceremony.carried_to(alice, |alice| drop(alice.sign("alice")));
    let before = office.medium();
    let checked = office.run(&finish(&["--check"])).unwrap();
    assert_eq!(checked["published"], false);
    assert_eq!(office.medium(), before);
    let finished = office.run(&finish(&[])).unwrap();
    assert_eq!(finished["root"], 2, "{finished}");
    assert_eq!(
        office.run(&finish(&[])).unwrap(),
        finished,
        "again finds it done"
    );
    is_followed(office, 2, 2, 3);
    a_stranger_verifies(office);
    goes_on_without_the_operators_key(office);

    // All three are replaced at once; a draft that was made meanwhile is old then.
    fs::remove_dir_all(office.path("medium")).unwrap();
    ceremony.new_draft(&[]);
    let stale = Machine::new();
    stale.take_medium_of(office);
    fs::remove_dir_all(office.path("medium")).unwrap();
    let three = ["alice=dave", "bob=erin", "carol=frank"];
    ceremony.new_draft(&three.map(|pair| ["--replace", pair]).concat());
    let others = [Machine::new(), Machine::new(), Machine::new()];
    for (machine, name) in others.iter().zip(["dave", "erin", "frank"]) {
        ceremony.carried_to(machine, |machine| machine.invite(name));
    }
    ceremony.carried_to(&others[0], |dave| drop(dave.sign("dave")));
    ceremony.carried_to(&others[2], |frank| drop(frank.sign("frank")));
    ceremony.carried_to(bob, |bob| drop(bob.sign("bob")));
    let few = office.refuses(&finish(&[]), "E-CEREMONY-009");
    assert_eq!(few["exit"], 6);
    let said = few["message"].to_string();
    assert!(
        said.contains("old keys 1/2: alice or carol still needed"),
        "{said}"
    );
    ceremony.carried_to(carol, |carol| drop(carol.sign("carol")));
    office.run(&finish(&[])).unwrap();
    is_followed(office, 3, 2, 3);
    a_stranger_verifies(office);
    office.take_medium_of(&stale);
    ceremony.carried_to(alice, |alice| drop(alice.sign("alice")));
    office.refuses(&finish(&[]), "E-CEREMONY-005");
}

fn finish<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let finish = ["ceremony", "finish", "instance", "--from", "medium"];
    [&finish, more].concat()
}

/// Clients of every root before come to the newest, which `threshold` of `keys` sign.
fn is_followed(office: &Machine, version: u64, threshold: u32, keys: usize) {
    let root = |version: u64| {
        let file = office.path(&format!("instance/tuf/repository/{version}.root.json"));
        Signed::<Root>::parse(&fs::read(file).unwrap()).unwrap()
    };
    for version in 2..=version {
        root(version)
            .verify_successor(&root(version - 1).signed)
            .unwrap();
    }
    let role = root(version).signed.roles["root"].clone();
    assert_eq!((role.threshold, role.keyids.len()), (threshold, keys));
    let kit = fs::read(office.path("instance/client/root.json")).unwrap();
    assert_eq!(kit, fs::read(office.path("medium/root.json")).unwrap());
    assert_eq!(Signed::<Root>::parse(&kit).unwrap(), root(version));
}

/// Somebody who has nothing but the medium, and the root that clients have.
fn a_stranger_verifies(office: &Machine) {
    let stranger = Machine::new();
    stranger.take_medium_of(office);
    let kit = office.path("instance/client/root.json");
    fs::copy(kit, stranger.path("root.json")).unwrap();
    let verify = ["ceremony", "verify", "medium", "--root", "root.json"];
    let verified = stranger.run(&verify).unwrap();
    assert_eq!(verified["words"], office.words().as_str());
    fs::copy(
        stranger.path("medium/transcript.json"),
        stranger.path("alone.json"),
    )
    .unwrap();
    stranger.run(&["ceremony", "verify", "alone.json"]).unwrap();
}

/// What the one key signed alone is nobody's any more, whether its file is there or not.
fn goes_on_without_the_operators_key(office: &Machine) {
    let publish = ["trust", "publish", "instance", "--valid-for", "100d"];
    let published = office.run(&publish).unwrap();
    assert_eq!(
        (&published["root"], &published["targets"]),
        (&2.into(), &2.into())
    );
    assert!(published["ceremony_due_by"].is_string(), "{published}");
    fs::remove_file(office.path("instance/trust/tuf-root.key")).unwrap();
    let published = office.run(&["trust", "publish", "instance"]).unwrap();
    assert_eq!(
        (&published["root"], &published["targets"]),
        (&2.into(), &3.into())
    );
    let keys = office.run(&["keys", "instance"]).unwrap();
    let subjects: Vec<&Value> = items(&keys).iter().map(|item| &item["subject"]).collect();
    for name in ["alice", "bob", "carol"] {
        let is_hers = |subject: &&&Value| {
            let subject = subject.as_str().unwrap();
            subject.starts_with("TUF root key ") && subject.ends_with(&format!(" of {name}"))
        };
        assert!(
            subjects.iter().any(|subject| is_hers(&subject)),
            "{subjects:?}"
        );
    }
    let root = items(&keys)
        .iter()
        .find(|item| item["subject"] == "TUF root v2");
    assert_eq!(root.unwrap()["renewal"]["how"], "sigctl ceremony new");
}

fn items(keys: &Value) -> &Vec<Value> {
    keys["keys"].as_array().unwrap()
}
