//! The holders sign the targets too: what they did not sign is not published, and what changed since is refused.

use std::fs;
use std::path::Path;

use sigstead_trust_root::tuf::{Root, Signed, Targets};

use crate::finish;
use crate::machine::{Ceremony, Machine};

const PUBLISH: [&str; 3] = ["trust", "publish", "instance"];

#[test]
fn nothing_is_published_that_the_holders_did_not_sign() {
    let ceremony = Ceremony::first_of("strict", &["--profile", "strict"]);
    let Ceremony {
        office, alice, bob, ..
    } = &ceremony;
    let draft = office.json(Path::new("medium/draft.json"));
    assert_eq!(draft["targets"]["versions"][0]["targets"]["version"], 2);
    a_changed_file_is_refused(office, alice);
    office.sign_as_operator();
    for (machine, name) in [(alice, "alice"), (bob, "bob")] {
        ceremony.carried_to(machine, |machine| drop(machine.sign(name)));
    }
    let few = office.refuses(&finish(&[]), "E-CEREMONY-009");
    let said = few["message"].to_string();
    assert!(
        said.contains("old keys of the targets 0/1: targets-key still needed"),
        "{said}"
    );
    office.sign_with_instances("trust/tuf-targets.key");
    let finished = office.run(&finish(&[])).unwrap();
    assert_eq!(finished["targets"], serde_json::json!([2]));
    assert_eq!(
        office.run(&finish(&[])).unwrap(),
        finished,
        "again finds it done"
    );
    let (root, targets) = (root(office, 2), targets(office));
    assert_eq!(root.roles["targets"], root.roles["root"]);
    targets.verify(&root).unwrap();
    assert_eq!(targets.signed.version, 2);
    let stranger = Machine::new();
    stranger.take_medium_of(office);
    stranger.run(&["ceremony", "verify", "medium"]).unwrap();

    for key in ["tuf-root.key", "tuf-targets.key"] {
        fs::remove_file(office.path("instance/trust").join(key)).unwrap();
    }
    let published = office.run(&PUBLISH).unwrap();
    assert_eq!(published["targets_signed_ahead"], true, "{published}");
    change_trust(office, "once");
    let waits = office.run(&PUBLISH).unwrap_err();
    assert_eq!(
        (&waits["code"], &waits["exit"]),
        (&"E-CEREMONY-026".into(), &6.into())
    );
    fs::remove_dir_all(office.path("medium")).unwrap();
    ceremony.new_draft(&[]);
    for (machine, name) in [(alice, "alice"), (bob, "bob")] {
        ceremony.carried_to(machine, |machine| drop(machine.sign(name)));
    }
    change_trust(office, "twice");
    office.refuses(&finish(&[]), "E-CEREMONY-027");
    change_trust(office, "once");
    office.run(&finish(&[])).unwrap();
    let newest = self::targets(office);
    assert_eq!(newest.signed.version, 3);
    assert_ne!(newest.signed.targets, targets.signed.targets);
}

#[test]
fn targets_that_were_published_since_the_draft_are_not_passed_over() {
    let ceremony = Ceremony::first_of("passed-over", &["--profile", "strict"]);
    let office = &ceremony.office;
    office
        .run(&[&PUBLISH[..], &["--valid-for", "9d"]].concat())
        .unwrap();
    assert_eq!(targets(office).signed.version, 2);
    // The operator's publication made a root too.
    office.refuses(&finish(&[]), "E-CEREMONY-005");
}

/// A byte of what clients will get.
fn a_changed_file_is_refused(office: &Machine, alice: &Machine) {
    let words = office.words();
    let sign = [
        "ceremony",
        "sign",
        "medium",
        "--key",
        "file:alice.key",
        "--words",
        &words,
    ];
    alice.take_medium_of(office);
    alice.change_json("medium/draft.json", |draft| {
        let files = draft["targets"]["files"].as_object_mut().unwrap();
        let file = files.values_mut().next().unwrap();
        *file = "AAAA".into();
    });
    alice.refuses(&sign, "E-CEREMONY-022");
    alice.take_medium_of(office);
    alice.change_json("medium/draft.json", |draft| {
        draft["targets"]["versions"][0]["what"] = "nothing of note".into();
    });
    alice.refuses(&sign, "E-CEREMONY-006");
}

/// What clients shall trust, said otherwise.
fn change_trust(office: &Machine, operator: &str) {
    office.change_json("instance/trust/state.json", |state| {
        state["operator"] = operator.into();
    });
}

fn root(office: &Machine, version: u64) -> Root {
    let file = office.path(&format!("instance/tuf/repository/{version}.root.json"));
    Signed::<Root>::parse(&fs::read(file).unwrap())
        .unwrap()
        .signed
}

fn targets(office: &Machine) -> Signed<Targets> {
    let file = |version: u64| {
        let file = format!("instance/tuf/repository/{version}.targets.json");
        office.path(&file)
    };
    let newest = (1..).take_while(|version| file(*version).exists()).last();
    Signed::parse(&fs::read(file(newest.unwrap())).unwrap()).unwrap()
}
