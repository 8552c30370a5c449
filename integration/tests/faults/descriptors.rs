//! The process of the log is filled with open files, as strangers do who connect and stay, and emptied again.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

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

#[test]
fn who_connects_while_no_descriptor_is_free_is_served_when_some_are() {
    let world = World::new();
    let server = world.start_ready();
    assert_eq!(world.send(), Answer::Acknowledged);

    limit(&server, 3);
    // The kernel takes the connections, and they wait there.
    let strangers: Vec<_> = (0..STRANGERS).map(|_| ask(&world)).collect();
    wait_for("the lack of descriptors", || {
        server.printed().contains("connections are not accepted")
    })
    .unwrap_or_else(|error| panic!("{error:#}\n{}", server.printed()));
    assert!(server.printed().contains("Too many open files"));
    limit(&server, 1_024);

    for mut stranger in strangers {
        let mut answer = String::new();
        stranger.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let lines = server.printed();
    let lines = lines.matches("connections are not accepted").count();
    assert_eq!(world.send(), Answer::Acknowledged);
    world.judge();
    server.stop();
    println!("descriptors: {STRANGERS} waited and were served, {lines} lines in the log");
}

/// A connection that has asked for the checkpoint and got no answer yet.
fn ask(world: &World) -> TcpStream {
    let url = world.url();
    let authority = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let request =
        format!("GET /checkpoint HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
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
const STRANGERS: usize = 20;
