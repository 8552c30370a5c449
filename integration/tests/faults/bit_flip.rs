//! One bit of a store changes while nobody looks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::clients::Answer;
use crate::server::{Server, Start};
use crate::tools::{Chance, cycles};
use crate::world::World;

/// Two full tiles and a third that is not; in the soak more than the journal keeps, so that tiles are the only copy.
const ENTRIES: usize = 600;
const ENTRIES_OF_SOAK: usize = 20_000;

/// Where flips are done that hit something: the head of a segment, its records, and anywhere in small files.
const USED: u64 = 300_000;

#[test]
fn a_flipped_bit_is_named_or_without_effect_and_never_changes_an_answer() {
    let flips = cycles(5, 25);
    let entries = cycles(ENTRIES, ENTRIES_OF_SOAK);
    let mut chance = Chance::new("bit flip");
    let before = World::new();
    let server = before.start_ready();
    for _ in 0..entries / 100 {
        assert!(
            before
                .send_many(100)
                .iter()
                .all(|answer| *answer == Answer::Acknowledged)
        );
    }
    before.judge();
    // The first entry is the log's own.
    let answers = Answers::of(&before, 1 + entries);
    server.stop();
    let mut tally = BTreeMap::new();
    for (kind, files) in kinds(&before) {
        for _ in 0..flips {
            let world = World::copy_of(&before);
            let file = &files[chance.within(0..files.len() as u64) as usize];
            let place = flip(&world, file, &mut chance);
            let outcome = outcome(&world, &answers, &format!("{kind}: {place}"));
            *tally.entry((kind, outcome)).or_insert(0) += 1;
        }
    }
    let injected: usize = tally.values().sum();
    println!("bit flip: {injected} bits flipped, {tally:?}");
    assert!(injected > 0);
}

/// Changes one bit of a file and says which.
fn flip(world: &World, file: &Path, chance: &mut Chance) -> String {
    let path = match file.strip_prefix("data") {
        Ok(inner) => world.data().join(inner),
        Err(_) => world.anchor(),
    };
    let mut bytes = std::fs::read(&path).unwrap();
    let position = chance.within(0..(bytes.len() as u64).min(USED));
    let bit = chance.within(0..8);
    bytes[position as usize] ^= 1 << bit;
    // Tiles are read-only files.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, bytes).unwrap();
    format!("bit {bit} of byte {position} of {}", file.display())
}

/// What came of a flip; panics if it is not allowed.
fn outcome(world: &World, answers: &Answers, place: &str) -> &'static str {
    let mut server = world.start();
    match server.started(world) {
        Start::Ended(printed) => {
            let is_named = NAMES.iter().any(|name| printed.contains(name));
            assert!(is_named, "{place}: {printed}");
            "start refused"
        }
        Start::ReadOnly(reasons) => {
            answers.compare(world, place, &server, true);
            let is_named = NAMES.iter().any(|name| reasons.contains(name));
            assert!(is_named, "{place}: {reasons}");
            "read-only"
        }
        Start::Ready => {
            let is_whole = answers.compare(world, place, &server, false);
            if world.send() != Answer::Acknowledged {
                // Noticed only when the log wanted to write what is there already.
                let start = server.started(world);
                let is_named = |reasons: &String| NAMES.iter().any(|name| reasons.contains(name));
                assert!(
                    matches!(&start, Start::ReadOnly(reasons) if is_named(reasons)),
                    "{place}: {start:?}\n{}",
                    server.printed()
                );
                return "read-only";
            }
            if !is_whole {
                return "read refused";
            }
            world
                .verdict()
                .unwrap_or_else(|error| panic!("{place}: {error:#}"));
            "without effect"
        }
    }
}

/// The files of a store by what they are; the anchor is none of the data.
fn kinds(world: &World) -> BTreeMap<&'static str, Vec<PathBuf>> {
    let mut kinds = BTreeMap::from([("anchor", vec![PathBuf::from("anchor")])]);
    let mut folders = vec![world.data().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.metadata().unwrap().len() > 0 {
                let path = entry.path();
                let inner = path.strip_prefix(world.data()).unwrap();
                let kind = match inner.to_str().unwrap() {
                    name if name.starts_with("journal/") => "journal",
                    name if name.starts_with("tiles/tile/entries/") => "bundle",
                    name if name.starts_with("tiles/") => "tile",
                    _ => "search index",
                };
                kinds
                    .entry(kind)
                    .or_insert_with(Vec::new)
                    .push(Path::new("data").join(inner));
            }
        }
    }
    for files in kinds.values_mut() {
        files.sort();
    }
    kinds
}

/// All that a sound log answers.
struct Answers(BTreeMap<String, Vec<u8>>);

impl Answers {
    fn of(world: &World, entries: usize) -> Self {
        let (full, rest) = (entries / 256, entries % 256);
        let mut paths = vec!["checkpoint".to_owned(), format!("tile/1/000.p/{full}")];
        for what in ["0", "entries"] {
            paths.extend((0..full).map(|number| format!("tile/{what}/{number:03}")));
            paths.push(format!("tile/{what}/{full:03}.p/{rest}"));
        }
        let got = paths.into_iter().map(|path| {
            let (status, body) = world.get_bytes(&format!("{}/{path}", world.url())).unwrap();
            assert_eq!(status, 200, "{path}");
            (path, body)
        });
        Self(got.collect())
    }

    /// Whether every answer is the same. One may be refused; none may be another.
    fn compare(&self, world: &World, place: &str, server: &Server, may_be_older: bool) -> bool {
        let mut is_whole = true;
        for (path, expected) in &self.0 {
            let (status, body) = world.get_bytes(&format!("{}/{path}", world.url())).unwrap();
            if status == 200 {
                let is_allowed = body == *expected || may_be_older && path == "checkpoint";
                assert!(
                    is_allowed,
                    "{place}: {path} is another\n{}",
                    server.printed()
                );
            } else {
                let text = String::from_utf8_lossy(&body);
                let is_named = text.contains("E-TLOG-021") || may_be_older && status == 404;
                assert!(is_named, "{place}: {path} is answered {status}: {text}");
                is_whole = false;
            }
        }
        is_whole
    }
}

/// Words of a refusal that tell the operator what is damaged.
const NAMES: [&str; 5] = ["segment", "tile/", "anchor", "search", "journal"];
