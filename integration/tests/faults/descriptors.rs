//! The process of the log is filled with open files, as strangers do who connect and stay, and emptied again.

use std::process::Command;

use sigstead_integration::{run, wait_for};

use crate::clients::Answer;
use crate::server::{Server, Start};
use crate::world::World;

#[test]
fn a_log_that_has_no_descriptor_left_takes_entries_again_when_it_has_some() {
    let world = World::new();
    let mut server = world.start_ready();
    // Their connections stay: nobody can make another one while no descriptor is free.
    assert!(world.send_many(CLIENTS).contains(&Answer::Acknowledged));

    limit(&server, 3);
    let refused = send_until_hindered(&world, &server);
    limit(&server, 1_024);

    // It looks by itself: nothing is sent before it is ready.
    wait_for("descriptors", || {
        matches!(server.state(&world), Some(Start::Ready))
    })
    .unwrap_or_else(|error| panic!("{error:#}\n{}", server.printed()));
    assert_eq!(world.send(), Answer::Acknowledged);
    world.judge();
    server.stop();
    println!(
        "descriptors: taken away once, {refused} entries refused, {} acknowledged",
        world.acknowledged()
    );
}

/// Until the journal needs a new segment; gives the number of entries that were not acknowledged.
fn send_until_hindered(world: &World, server: &Server) -> usize {
    let mut refused = 0;
    for _ in 0..400 {
        let answers = world.send_many(CLIENTS);
        refused += answers
            .iter()
            .filter(|answer| **answer != Answer::Acknowledged)
            .count();
        let printed = server.printed();
        if printed.contains("journal cannot be extended") {
            assert!(printed.contains("Too many open files"), "{printed}");
            return refused;
        }
    }
    panic!("no segment was filled\n{}", server.printed());
}

fn limit(server: &Server, descriptors: u32) {
    let limit = format!("--nofile={descriptors}:");
    run(Command::new("prlimit").args(["--pid", &server.pid().to_string(), &limit])).unwrap();
}

const CLIENTS: usize = 128;
