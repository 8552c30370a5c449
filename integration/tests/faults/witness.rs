//! An independent witness comes and goes, and knows an old copy where nothing else can.

use sigstead_integration::{run, wait_for};
use sigstead_note::SignedNote;
use sigstead_witness::CosignerKey;

use crate::clients::Answer;
use crate::litewitness::Litewitness;
use crate::server::Start;
use crate::world::{ORIGIN, World, copy};

#[test]
fn nothing_is_answered_that_the_witness_has_not_cosigned() {
    let Some((world, mut witness)) = witnessed("wait") else {
        return;
    };
    let server = world.start_ready();
    let answers = world.send_many(300);
    assert!(answers.iter().all(|each| *each == Answer::Acknowledged));
    let key = CosignerKey::parse(witness.vkey()).unwrap();
    assert!(key.find(&checkpoint(&world)).unwrap().is_some());

    witness.stop();
    let before = world.acknowledged();
    let load = world.load(4);
    wait_for("a round without a quorum", || {
        server.printed().contains("no quorum of witnesses")
    })
    .unwrap();
    assert_eq!(world.acknowledged(), before);
    assert!(key.find(&checkpoint(&world)).unwrap().is_some());
    witness.start();
    wait_for("an answer", || world.acknowledged() > before + 100).unwrap();
    world.stop(load);
    world.judge();
    server.stop();
    println!(
        "witness: 1 outage waited for, {} entries acknowledged",
        world.acknowledged()
    );
}

#[test]
fn a_log_that_need_not_wait_goes_on_without_its_witness() {
    let Some((world, mut witness)) = witnessed("publish") else {
        return;
    };
    let server = world.start_ready();
    assert_eq!(world.send(), Answer::Acknowledged);
    witness.stop();
    let answers = world.send_many(50);
    assert!(answers.iter().all(|each| *each == Answer::Acknowledged));
    assert!(server.printed().contains("no quorum of witnesses"));
    assert!(server.printed().contains("the witness cannot be reached"));
    world.judge();
    server.stop();
    // A witness that is back cosigns the head with which the log starts.
    witness.start();
    let server = world.start_ready();
    let key = CosignerKey::parse(witness.vkey()).unwrap();
    wait_for("a cosignature", || {
        key.find(&checkpoint(&world)).unwrap().is_some()
    })
    .unwrap();
    server.stop();
}

#[test]
fn the_witness_gives_away_a_restored_copy_whose_anchor_was_restored_with_it() {
    let Some((world, _witness)) = witnessed("publish") else {
        return;
    };
    let server = world.start_ready();
    assert_eq!(world.send(), Answer::Acknowledged);
    server.stop();
    let parts = [
        (world.data().to_owned(), world.folder().join("old-data")),
        (world.anchor(), world.folder().join("old-anchor")),
    ];
    for (place, old) in &parts {
        copy(place, old);
    }
    let server = world.start_ready();
    assert_eq!(world.send(), Answer::Acknowledged);
    server.stop();
    for (place, old) in &parts {
        run(std::process::Command::new("rm").arg("-r").arg(place)).unwrap();
        copy(old, place);
    }

    let mut server = world.start();
    let mut reasons = String::new();
    wait_for("the alarm", || match server.state(&world) {
        Some(Start::ReadOnly(why)) => {
            reasons = why;
            true
        }
        Some(Start::Ended(why)) => panic!("{why}"),
        _ => false,
    })
    .unwrap();
    for word in ["witness w1", "old copy", "restore the newest data"] {
        assert!(reasons.contains(word), "{reasons}");
    }
    assert_ne!(world.send(), Answer::Acknowledged);
    server.stop();
}

/// A log and its witness, or a visible skip.
fn witnessed(without_quorum: &str) -> Option<(World, Litewitness)> {
    let folder = tempfile::TempDir::new().unwrap();
    let witness = Litewitness::new(folder.path())?;
    let policy = folder.path().join("policy");
    std::fs::write(&policy, witness.policy()).unwrap();
    let world = World::witnessed(folder, &policy, without_quorum);
    witness.know(ORIGIN, &world.vkey());
    Some((world, witness))
}

fn checkpoint(world: &World) -> SignedNote {
    let (status, note) = world.get(&format!("{}/checkpoint", world.url())).unwrap();
    assert_eq!(status, 200);
    SignedNote::parse(&note).unwrap()
}
