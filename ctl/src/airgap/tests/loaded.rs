//! What is laid out, and what is refused before anything is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::world::{World, contents, sigctl};
use super::{code, is};
use crate::failure::{Exit, Failure};

fn load(world: &World, archive: &str) -> Result<Exit, Failure> {
    let [archive, key, into] = [archive, "key.pub", "inside"].map(|name| world.text(name));
    sigctl(&["airgap", "load", &archive, "--key", &key, "--into", &into])
}

#[test]
fn an_archive_is_laid_out_whole_with_its_programs_ready_to_run() {
    let world = World::new();
    world.create("first", 1, &[]).unwrap();
    load(&world, "first").unwrap();
    let folder = world.path("inside/1");
    for (laid_out, carried) in [
        ("programs/sigctl", "sigctl"),
        ("docs/adr/0001.md", "docs/adr/0001.md"),
        ("docs/adr/empty.md", "docs/adr/empty.md"),
        ("images/sigstead/index.json", "image/index.json"),
    ] {
        let read = fs::read(folder.join(laid_out)).unwrap();
        assert_eq!(read, fs::read(world.path(carried)).unwrap(), "{laid_out}");
    }
    let page = fs::read_to_string(folder.join("man/man1/sigctl.1")).unwrap();
    assert!(page.starts_with(".ie"), "{page:.40}");
    let mode = |name| {
        fs::metadata(folder.join(name))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_ne!(mode("programs/sigctl") & 0o100, 0);
    assert_eq!(mode("docs/a.md") & 0o111, 0);
    let before = contents(&world.path("inside"));
    load(&world, "first").unwrap();
    assert_eq!(contents(&world.path("inside")), before);
}

#[test]
fn an_older_archive_another_one_and_one_that_is_spoilt_change_nothing() {
    let world = World::new();
    for (out, number) in [("older", 1), ("archive", 2), ("newer", 3)] {
        world.create(out, number, &[]).unwrap();
    }
    fs::write(world.path("docs/a.md"), "another").unwrap();
    world.create("other", 2, &[]).unwrap();
    world.create("of-others", 4, &["--name", "else"]).unwrap();
    load(&world, "archive").unwrap();
    let before = contents(&world.path("inside"));
    for (archive, expected) in [
        ("older", is("E-AIR-027", Exit::Replayed)),
        ("other", is("E-AIR-027", Exit::Replayed)),
        ("of-others", is("E-AIR-026", Exit::Foreign)),
    ] {
        assert_eq!(code(load(&world, archive)), expected, "{archive}");
        assert_eq!(contents(&world.path("inside")), before, "{archive}");
    }
    let chart = world.path("newer/0001/charts/sigstead-0.1.0.tgz");
    let good = fs::read(&chart).unwrap();
    fs::write(&chart, "b chart").unwrap();
    assert_eq!(code(load(&world, "newer")), is("E-AIR-022", Exit::Damaged));
    assert_eq!(contents(&world.path("inside")), before);
    fs::write(&chart, good).unwrap();
    load(&world, "newer").unwrap();
    assert!(world.path("inside/3/charts/sigstead-0.1.0.tgz").exists());
    // What was loaded is compared each time.
    fs::write(world.path("inside/3/docs/a.md"), "changed").unwrap();
    assert_eq!(code(load(&world, "newer")).0, "E-AIR-030");
}
