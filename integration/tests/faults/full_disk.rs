//! The disk of the log becomes full, stays full over a restart, and gets room again.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use sigstead_integration::wait_for;

use crate::clients::Answer;
use crate::disk::Disk;
use crate::server::{Server, Start};
use crate::world::World;

/// Room for a segment of the journal, its successor and some tiles.
const MEBIBYTES: u64 = 64;

#[test]
fn a_full_disk_refuses_entries_and_serves_what_there_is_until_there_is_room() {
    let Some(disk) = Disk::new(MEBIBYTES) else {
        return;
    };
    let world = World::with_data(&disk.path().join("log"));
    let mut server = world.start_ready();
    assert!(world.send_many(300).contains(&Answer::Acknowledged));
    let filler = disk.path().join("filler");
    fill(&filler);

    let refusal = send_until_refused(&world);
    refused_for_want_of_room(&refusal);
    says_why(&mut server, &world);
    world.judge();

    server.stop();
    server = world.start();
    let start = server.started(&world);
    println!("full disk: a restart while it is full: {start:?}");
    match start {
        Start::Ended(printed) => assert!(printed.contains("No space left"), "{printed}"),
        Start::Ready | Start::ReadOnly(_) => {
            refused_for_want_of_room(&send_until_refused(&world));
            says_why(&mut server, &world);
            world.judge();
        }
    }
    std::fs::remove_file(&filler).unwrap();
    if server.has_ended() {
        server = world.start_ready();
    }
    // It looks by itself: nothing is sent before it is ready.
    wait_for("room", || {
        matches!(server.state(&world), Some(Start::Ready))
    })
    .unwrap_or_else(|error| panic!("{error:#}\n{}", server.printed()));
    wait_for("an acknowledgement", || {
        world.send() == Answer::Acknowledged
    })
    .unwrap_or_else(|error| panic!("{error:#}: {:?}\n{}", world.send(), server.printed()));
    world.judge();
    server.stop();
    println!(
        "full disk: filled twice, {} entries acknowledged",
        world.acknowledged()
    );
}

/// Takes all room that there is.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    for size in [1 << 16, 1 << 9] {
        let zeros = vec![0; size];
        while file.write_all(&zeros).is_ok() {}
    }
    // What fits into memory need not fit onto the disk.
    sigstead_durable::sync(&file).unwrap();
}

/// The journal has room that it took before.
fn send_until_refused(world: &World) -> Answer {
    for _ in 0..200 {
        let answers = world.send_many(256);
        if let Some(refusal) = answers
            .into_iter()
            .find(|answer| *answer != Answer::Acknowledged)
        {
            return refusal;
        }
    }
    panic!("a full disk takes {} entries", world.acknowledged());
}

fn says_why(server: &mut Server, world: &World) {
    match server.state(world) {
        Some(Start::ReadOnly(reason)) => assert!(reason.contains("make room"), "{reason}"),
        state => panic!("not ready for want of room: {state:?}"),
    }
}

fn refused_for_want_of_room(answer: &Answer) {
    let expected = Answer::Refused {
        status: 503,
        code: "E-TLOG-013".to_owned(),
        says_when_to_return: true,
    };
    assert_eq!(*answer, expected);
}
