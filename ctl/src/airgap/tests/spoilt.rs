//! Media that are not what was written: each file of an archive, spoilt in each way, and what somebody put beside them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::world::{World, contents};
use super::{code, is};
use crate::airgap::belief::Believed;
use crate::airgap::repair_list::repair;
use crate::failure::Exit;

/// What is done to the file at `path` of a medium; `other` is another file.
type Spoil = fn(path: &Path, other: &Path);

const WAYS: [(&str, Spoil, &str, Exit); 12] = [
    (
        "gone",
        |path, _| fs::remove_file(path).unwrap(),
        "E-AIR-023",
        Exit::Absent,
    ),
    (
        "empty",
        |path, _| fs::write(path, "").unwrap(),
        "E-AIR-022",
        Exit::Damaged,
    ),
    (
        "cut",
        |path, _| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
        },
        "E-AIR-022",
        Exit::Damaged,
    ),
    (
        "flipped",
        |path, _| {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x01;
            fs::write(path, bytes).unwrap();
        },
        "E-AIR-022",
        Exit::Damaged,
    ),
    (
        "flipped at its end",
        |path, _| {
            let mut bytes = fs::read(path).unwrap();
            *bytes.last_mut().unwrap() ^= 0x80;
            fs::write(path, bytes).unwrap();
        },
        "E-AIR-022",
        Exit::Damaged,
    ),
    (
        "doubled",
        |path, _| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, bytes.repeat(2)).unwrap();
        },
        "E-AIR-022",
        Exit::Damaged,
    ),
    (
        "longer",
        |path, _| {
            let mut bytes = fs::read(path).unwrap();
            bytes.push(0);
            fs::write(path, bytes).unwrap();
        },
        "E-AIR-022",
        Exit::Damaged,
    ),
    (
        "swapped",
        |path, other| {
            fs::copy(other, path).unwrap();
        },
        "E-AIR-022",
        Exit::Damaged,
    ),
    (
        "huge",
        |path, _| {
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(1 << 33).unwrap();
        },
        "E-AIR-022",
        Exit::Damaged,
    ),
    (
        "a link",
        |path, other| {
            fs::remove_file(path).unwrap();
            symlink(other, path).unwrap();
        },
        "E-AIR-024",
        Exit::Foreign,
    ),
    (
        "a link to itself moved away",
        |path, other| {
            let target = other.with_extension("moved");
            fs::copy(path, &target).unwrap();
            fs::remove_file(path).unwrap();
            symlink(target, path).unwrap();
        },
        "E-AIR-024",
        Exit::Foreign,
    ),
    (
        "a folder",
        |path, _| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
        "E-AIR-024",
        Exit::Foreign,
    ),
];

#[test]
fn each_file_spoilt_in_each_way_is_refused_with_its_code() {
    let world = World::new();
    world.create("archive", 1, &[]).unwrap();
    let archive = world.path("archive");
    let other = world.path("docs/a.md");
    let files = contents(&archive);
    let mut count = 0;
    for (file, bytes) in &files {
        let name = file.to_str().unwrap();
        let is_one_of_many = name.contains("man/man1/") && !name.ends_with("/sigctl.1");
        if name.starts_with("manifest.json")
            || is_one_of_many
            || bytes.is_empty()
            || name.ends_with("docs/a.md")
        {
            continue;
        }
        for (way, spoil, expected, exit) in WAYS {
            let path = archive.join(file);
            spoil(&path, &other);
            assert_eq!(
                code(world.verify("archive")),
                is(expected, exit),
                "{name} {way}"
            );
            restore(&path, bytes);
            count += 1;
        }
    }
    assert!(count >= 60, "{count}");
    world.verify("archive").unwrap();
}

#[test]
fn a_list_that_is_spoilt_replaced_or_older_is_believed_by_nobody() {
    let world = World::new();
    world.create("archive", 2, &[]).unwrap();
    world.create("older", 1, &[]).unwrap();
    let archive = world.path("archive");
    for (name, other) in [
        ("manifest.json", "older/manifest.json"),
        ("manifest.json.sig", "older/manifest.json.sig"),
    ] {
        let path = archive.join(name);
        let bytes = fs::read(&path).unwrap();
        for (way, spoil, ..) in WAYS {
            spoil(&path, &world.path(other));
            let (code, exit) = code(world.verify("archive"));
            let is_file = fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
            let is_list = name == "manifest.json";
            let expected = match (way, is_list, is_file) {
                ("gone", false, _) => is("E-AIR-021", Exit::Unsigned),
                ("huge", ..) | (_, _, false) => is("E-AIR-020", Exit::Failed),
                _ => is("E-AIR-021", Exit::Unsigned),
            };
            assert_eq!((code, exit), expected, "{name} {way}");
            restore(&path, &bytes);
        }
    }
    world.verify("archive").unwrap();
}

#[test]
fn what_the_list_does_not_have_is_found_wherever_it_is() {
    let world = World::new();
    world.create("archive", 1, &[]).unwrap();
    let archive = world.path("archive");
    let places = [
        "autorun.inf",
        "0001/autorun.inf",
        "0001/docs/b.md",
        "0001/docs/adr/.hidden",
        "START-HERE.txt",
        "0999/a",
        "1/a",
        "0001/docs/deep/er/est",
    ];
    for place in places {
        let path = archive.join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "evil").unwrap();
        assert_eq!(
            code(world.verify("archive")),
            is("E-AIR-024", Exit::Foreign),
            "{place}"
        );
        fs::remove_file(&path).unwrap();
        let parent = path.parent().unwrap();
        for folder in parent.ancestors().take_while(|folder| *folder != archive) {
            // Those of the archive are not empty.
            let _ = fs::remove_dir(folder);
        }
    }
    let deep = archive.join("0001").join("d/".repeat(200));
    fs::create_dir_all(&deep).unwrap();
    assert_eq!(
        code(world.verify("archive")),
        is("E-AIR-024", Exit::Foreign)
    );
    fs::remove_dir_all(archive.join("0001/d")).unwrap();
    for number in 0..3_000 {
        fs::write(archive.join(format!("0001/docs/{number}.txt")), "").unwrap();
    }
    assert_eq!(
        code(world.verify("archive")),
        is("E-AIR-024", Exit::Foreign)
    );
    for number in 0..3_000 {
        fs::remove_file(archive.join(format!("0001/docs/{number}.txt"))).unwrap();
    }
    // A pipe would hold up who opens it.
    let pipe = archive.join("0001/docs/a.md");
    fs::remove_file(&pipe).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    assert_eq!(
        code(world.verify("archive")),
        is("E-AIR-024", Exit::Foreign)
    );
    restore(&pipe, b"a");
    // The folder of a volume as a link.
    let (volume, moved) = (archive.join("0002"), world.path("moved"));
    sigstead_durable::rename(&volume, &moved).unwrap();
    symlink(&moved, &volume).unwrap();
    assert_eq!(
        code(world.verify("archive")),
        is("E-AIR-024", Exit::Foreign)
    );
}

#[test]
fn the_list_of_repairs_names_what_to_bring_and_no_more() {
    let world = World::new();
    world.create("archive", 1, &[]).unwrap();
    let archive = world.path("archive");
    fs::write(archive.join("0001/docs/a.md"), "b").unwrap();
    fs::remove_file(archive.join("0001/charts/sigstead-0.1.0.tgz")).unwrap();
    fs::write(archive.join("0001/autorun.inf"), "").unwrap();
    fs::remove_dir_all(archive.join("0002")).unwrap();
    let believed = Believed::by_key(archive, world.path("key.pub"));
    let findings = serde_json::to_value(repair(&believed).unwrap()).unwrap();
    assert_eq!(
        findings["bring"],
        serde_json::json!(["0001/charts/sigstead-0.1.0.tgz", "0001/docs/a.md"])
    );
    assert_eq!(findings["volumes"], serde_json::json!(["0002"]));
    assert_eq!(findings["remove"], serde_json::json!(["0001/autorun.inf"]));
}

fn restore(path: &Path, bytes: &[u8]) {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
    fs::write(path, bytes).unwrap();
}
