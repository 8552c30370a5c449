//! Media that are not what was written: each file of a batch, spoilt in each way.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::code;
use super::world::{World, contents};
use crate::trust::Fingerprint;

/// What is done to the file at `path` of a medium; `other` is a file of an older one.
type Spoil = fn(path: &Path, other: &Path);

const WAYS: [(&str, Spoil); 9] = [
    ("gone", |path, _| fs::remove_file(path).unwrap()),
    ("empty", |path, _| fs::write(path, "").unwrap()),
    ("cut", |path, _| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() - 3]).unwrap();
    }),
    ("flipped", |path, _| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x01;
        fs::write(path, bytes).unwrap();
    }),
    ("doubled", |path, _| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, bytes.repeat(2)).unwrap();
    }),
    ("swapped", |path, other| {
        fs::copy(other, path).unwrap();
    }),
    ("a link", |path, other| {
        fs::remove_file(path).unwrap();
        symlink(other, path).unwrap();
    }),
    ("a folder", |path, _| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    }),
    ("huge", |path, _| {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(1 << 33).unwrap();
    }),
];

#[test]
fn each_file_spoilt_in_each_way_is_refused_and_nothing_is_changed() {
    let mut world = World::new();
    let first = world.medium("first", 1, "the first content");
    world.begin(&first).unwrap();
    let service = world.service.clone();
    world.next_root(&service);
    world.next_root(&service);
    let second = world.medium("second", 2, "the second content");
    let before = world.contents();
    let mut count = 0;
    for file in contents(&second).into_keys() {
        for (way, spoil) in WAYS {
            let spoilt = world.duplicate(&second);
            spoil(&spoilt.join(&file), &first.join("1.root.json"));
            // The first is the same file on both media. Without the last root it is what the instance had published before.
            let is_good = [("1.root.json", "swapped"), ("3.root.json", "gone")];
            if is_good.contains(&(file.to_str().unwrap(), way)) {
                continue;
            }
            let imported = world.import(&spoilt);
            assert!(imported.is_err(), "{} {way}", file.display());
            let code = code(imported);
            let refusals = [
                "E-AIR-012",
                "E-AIR-013",
                "E-AIR-014",
                "E-AIR-017",
                "E-CTL-002",
            ];
            assert!(
                refusals.contains(&code.as_str()),
                "{} {way}: {code}",
                file.display()
            );
            assert_eq!(world.contents(), before, "{} {way}", file.display());
            count += 1;
        }
    }
    assert!(count >= 60, "{count}");
    world.import(&second).unwrap();
}

#[test]
fn what_nobody_named_is_not_read_and_not_copied() {
    let world = World::new();
    let medium = world.medium("first", 1, "one");
    for name in [
        "autorun.inf",
        "targets/evil",
        "kit",
        "x.root.json",
        "-1.root.json",
    ] {
        fs::write(medium.join(name), "evil").unwrap();
    }
    world.begin(&medium).unwrap();
    let evil = Fingerprint::of(b"evil").sha256;
    for (path, digest) in world.contents() {
        assert_ne!(digest, evil, "{}", path.display());
    }
    let many = world.duplicate(&medium);
    for number in 0..5_000 {
        fs::write(many.join(format!("{number}.txt")), "").unwrap();
    }
    assert_eq!(code(world.import(&many)), "E-AIR-007");
    assert_eq!(code(world.import(&medium.join("targets"))), "E-AIR-007");
    assert_eq!(code(world.import(&medium.join("none"))), "E-AIR-007");
}
