//! Media that are wrong: each refusal has its code, and leaves the medium as it was.

use std::fs;
use std::path::Path;

use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::machine::{Ceremony, Machine};

const FINISH: [&str; 5] = ["ceremony", "finish", "instance", "--from", "medium"];
const REVIEW: [&str; 3] = ["ceremony", "review", "medium"];

fn sign<'a>(key: &'a str, words: &'a str) -> [&'a str; 7] {
    ["ceremony", "sign", "medium", "--key", key, "--words", words]
}

#[test]
fn a_draft_that_cannot_be_is_not_written() {
    let office = Machine::with_instance("refused-drafts");
    let new = |wishes: &[&'static str]| {
        [&["ceremony", "new", "instance", "--to", "medium"], wishes].concat()
    };
    let two = ["--add", "alice", "--add", "bob"];
    office.refuses(&new(&["--remove", "nobody"]), "E-CEREMONY-022");
    office.refuses(&new(&two), "E-CEREMONY-016");
    office.refuses(
        &new(&[&two[..], &["--threshold", "4"]].concat()),
        "E-CEREMONY-016",
    );
    office.refuses(&new(&["--again"]), "E-CEREMONY-001");
    assert!(!office.path("medium").exists());
    office
        .run(&new(&[&two[..], &["--threshold", "2"]].concat()))
        .unwrap();
    office.refuses(
        &new(&[&two[..], &["--threshold", "2"]].concat()),
        "E-CEREMONY-003",
    );
    let few = office.refuses(&REVIEW, "E-CEREMONY-010");
    assert_eq!(few["exit"], 6);
}

#[test]
fn a_wrong_medium_is_refused_at_every_step() {
    let ceremony = Ceremony::first("wrong-media");
    let Ceremony {
        office, alice, bob, ..
    } = &ceremony;
    office.sign_as_operator();
    let words = office.words();

    // No medium; a damaged draft; files that were renamed.
    let empty = Machine::new();
    empty.refuses(&REVIEW, "E-CEREMONY-001");
    let damaged = Machine::new();
    damaged.take_medium_of(office);
    damaged.change_json("medium/draft.json", |draft| draft["more"] = 1.into());
    damaged.refuses(&REVIEW, "E-CEREMONY-002");
    damaged.take_medium_of(office);
    damaged.change_json("medium/draft.json", |draft| draft["format"] = 2.into());
    damaged.refuses(&REVIEW, "E-CEREMONY-002");
    damaged.take_medium_of(office);
    let joins = damaged.path("medium/joins");
    fs::copy(joins.join("bob.json"), joins.join("mallory.json")).unwrap();
    damaged.refuses(&REVIEW, "E-CEREMONY-002");

    // A changed byte, in the draft, in a join, in a signature.
    alice.take_medium_of(office);
    alice.change_json("medium/draft.json", |draft| draft["threshold"] = 3.into());
    alice.refuses(&sign("file:alice.key", &words), "E-CEREMONY-006");
    alice.take_medium_of(office);
    alice.change_json("medium/joins/bob.json", |join| {
        join["statement"]["joined_at"] = "2020-01-01T00:00:00Z".into();
    });
    alice.refuses(&sign("file:alice.key", &words), "E-CEREMONY-014");
    alice.take_medium_of(office);
    alice.refuses(
        &sign("file:alice.key", &words.replacen('-', "-x", 1)),
        "E-CEREMONY-006",
    );
    let signature = first_file(&office.path("medium/signatures"));
    damaged.take_medium_of(office);
    damaged.change_json(&format!("medium/signatures/{signature}"), |signature| {
        signature["statement"]["signed_at"] = "2020-01-01T00:00:00Z".into();
    });
    damaged.refuses(&REVIEW, "E-CEREMONY-015");

    // Another person; a key that does not open; a key that is there already.
    let other = Ceremony::first("other-media");
    other.alice.take_medium_of(office);
    other
        .alice
        .refuses(&sign("file:alice.key", &words), "E-CEREMONY-007");
    bob.take_medium_of(office);
    bob.refuses(&sign("file:nowhere.key", &words), "E-CEREMONY-019");
    let passphrase = bob.path("passphrase");
    fs::write(&passphrase, "").unwrap();
    std::process::Command::new("chmod")
        .arg("600")
        .arg(&passphrase)
        .status()
        .unwrap();
    let empty = [
        &sign("file:bob.key", &words)[..],
        &["--passphrase-file", "passphrase"],
    ];
    bob.refuses(&empty.concat(), "E-CEREMONY-018");
    let invite = [
        "ceremony",
        "invite",
        "medium",
        "--key",
        "file:bob.key",
        "--name",
    ];
    bob.refuses(&[&invite[..], &["bob"]].concat(), "E-CEREMONY-003");
    bob.refuses(&[&invite[..], &["mallory"]].concat(), "E-CEREMONY-014");
    fs::remove_file(bob.path("medium/joins/bob.json")).unwrap();
    bob.refuses(&[&invite[..], &["bob"]].concat(), "E-CEREMONY-019");

    // Another instance; the same person twice; too few; another draft.
    other.office.take_medium_of(office);
    other.office.refuses(&FINISH, "E-CEREMONY-004");
    ceremony.carried_to(alice, |alice| drop(alice.sign("alice")));
    alice.refuses(&sign("file:alice.key", &words), "E-CEREMONY-003");
    let few = office.refuses(&FINISH, "E-CEREMONY-009");
    assert_eq!(few["exit"], 6);
    ceremony.new_draft(&[
        "--again",
        "--replace",
        "operator=alice",
        "--add",
        "bob",
        "--add",
        "carol",
        "--threshold",
        "2",
        "--valid-for",
        "200d",
    ]);
    office.sign_as_operator();
    office.refuses(&FINISH, "E-CEREMONY-008");
    ceremony.carried_to(bob, |bob| drop(bob.sign("bob")));
    ceremony.carried_to(alice, |alice| drop(alice.sign("alice")));
    office.run(&FINISH).unwrap();

    // What was changed after the ceremony.
    let verify = ["ceremony", "verify", "medium"];
    damaged.take_medium_of(office);
    damaged.run(&verify).unwrap();
    damaged.change_json("medium/root.json", |root| {
        root["signed"]["version"] = 3.into()
    });
    damaged.refuses(&verify, "E-CEREMONY-021");
    damaged.take_medium_of(office);
    damaged.change_json("medium/transcript.json", |transcript| {
        transcript["root"]["signatures"]
            .as_array_mut()
            .unwrap()
            .pop();
    });
    damaged.refuses(&verify, "E-CEREMONY-021");
}

#[test]
fn clocks_and_ends_are_kept() {
    let office = Machine::with_instance("clocks");
    let draft = |more: &[&'static str]| {
        if office.path("medium").exists() {
            fs::remove_dir_all(office.path("medium")).unwrap();
        }
        let new = [
            "ceremony",
            "new",
            "instance",
            "--to",
            "medium",
            "--replace",
            "operator=alice",
        ];
        let two = ["--add", "bob", "--threshold", "2"];
        office.run(&[&new[..], &two, more].concat()).unwrap();
    };
    let alice = Machine::new();
    let invite = [
        "ceremony",
        "invite",
        "medium",
        "--name",
        "alice",
        "--key",
        "file:alice.key",
    ];

    // The draft comes from a machine whose clock is a day ahead of this one.
    draft(&[]);
    alice.take_medium_of(&office);
    alice.change_json("medium/draft.json", |draft| {
        let made_at = draft["made_at"].as_str().unwrap();
        let made_at = OffsetDateTime::parse(made_at, &Rfc3339).unwrap();
        let ahead = made_at + time::Duration::days(1);
        draft["made_at"] = ahead.format(&Rfc3339).unwrap().into();
    });
    alice.refuses(&invite, "E-CEREMONY-012");
    assert!(
        !alice.path("alice.key").exists(),
        "no key is made for nothing"
    );

    // The key of a holder has ended.
    alice.take_medium_of(&office);
    alice
        .run(&[&invite[..], &["--valid-for", "1s"]].concat())
        .unwrap();
    let bob = Machine::new();
    bob.take_medium_of(&alice);
    bob.invite("bob");
    let join = bob.json(Path::new("medium/joins/alice.json"));
    wait_until(join["statement"]["holder"]["until"].as_str().unwrap());
    bob.refuses(&REVIEW, "E-CEREMONY-011");

    // The time to sign is over.
    draft(&["--sign-within", "1s"]);
    alice.take_medium_of(&office);
    let draft = alice.json(Path::new("medium/draft.json"));
    wait_until(draft["sign_until"].as_str().unwrap());
    alice.refuses(
        &[&invite[..5], &["--key", "file:late.key"]].concat(),
        "E-CEREMONY-013",
    );
}

/// Waits for a time that a file says, and a second more, because files tell times by the second.
fn wait_until(time: &str) {
    let time = OffsetDateTime::parse(time, &Rfc3339).unwrap() + time::Duration::seconds(1);
    while SystemClock.now() < time {
        std::thread::yield_now();
    }
}

fn first_file(folder: &Path) -> String {
    let entry = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    entry.file_name().into_string().unwrap()
}
