//! The clock of the machine goes wrong while the log runs.

use std::path::PathBuf;

use sigstead_integration::wait_for;

use crate::clients::Answer;
use crate::server::Server;
use crate::tools::present;
use crate::world::World;

#[test]
fn a_clock_that_goes_back_stops_the_log_until_it_has_caught_up() {
    let library = library();
    if present("faketime", library.is_some()).is_none() {
        return;
    }
    let world = World::new();
    let offset = world.folder().join("offset");
    std::fs::write(&offset, "+0\n").unwrap();
    let mut command = world.command();
    command
        .env("LD_PRELOAD", library.unwrap())
        .env("FAKETIME_TIMESTAMP_FILE", &offset)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let mut server = Server::spawn(&world, &mut command);
    server.ready(&world);
    assert_eq!(world.send(), Answer::Acknowledged);

    let mut injected = 0;
    for jump in ["-2s", "-1h", "-365d"] {
        std::fs::write(&offset, format!("{jump}\n")).unwrap();
        let behind = Answer::Refused {
            status: 503,
            code: "E-TLOG-014".to_owned(),
            says_when_to_return: true,
        };
        assert_eq!(world.send(), behind, "{jump}");
        world.judge();
        std::fs::write(&offset, "+0\n").unwrap();
        wait_for("an acknowledgement", || {
            world.send() == Answer::Acknowledged
        })
        .unwrap();
        injected += 1;
    }
    // Forward it goes on, and back from there it waits.
    std::fs::write(&offset, "+1h\n").unwrap();
    assert_eq!(world.send(), Answer::Acknowledged);
    std::fs::write(&offset, "+0\n").unwrap();
    assert_ne!(world.send(), Answer::Acknowledged);
    injected += 2;
    world.judge();
    server.kill();
    println!(
        "clock: {injected} jumps injected, {} entries acknowledged",
        world.acknowledged()
    );
}

/// Where Debian has the library, which depends on the processor.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?;
    folders
        .filter_map(|folder| Some(folder.ok()?.path().join("faketime/libfaketimeMT.so.1")))
        .find(|library| library.exists())
}
