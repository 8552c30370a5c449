//! Whoever asks a copy learns whether the log has an entry, and is not lied to by its files.

use std::fs;
use std::path::{Path, PathBuf};

use sigstead_mirror::{Error, Held, Reader};

use crate::world::{Log, bring, empty, entry};

#[test]
fn a_copy_has_every_entry_of_its_checkpoint_and_no_other() {
    let log = Log::new(1_000);
    let (folder, mut mirror) = empty(&log);
    assert!(Reader::open(folder.path()).unwrap().is_none());
    let mut before = 0;
    for size in [1, 2, 255, 256, 257, 600, 1_000] {
        bring(&mut mirror, &log, before, size);
        before = size;
        let reader = Reader::open(folder.path()).unwrap().unwrap();
        assert_eq!(reader.checkpoint().checkpoint.head, log.head(size));
        for index in 0..size {
            let held = reader.holds(index, &entry(index, 0)).unwrap();
            assert_eq!(held, Held::Yes, "{index} of {size}");
        }
        let last = reader.holds(size - 1, b"another").unwrap();
        assert_eq!(last, Held::Another);
        let behind = reader.holds(size, &entry(size, 0)).unwrap();
        assert_eq!(behind, Held::Behind(size));
    }
}

#[test]
fn a_reader_sees_what_is_published_while_the_copy_grows() {
    let log = Log::new(700);
    let (folder, mut mirror) = empty(&log);
    bring(&mut mirror, &log, 0, 300);
    mirror.add_checkpoint(&log.checkpoint(300, 700)).unwrap();
    let body = log.entries(300, 700);
    mirror.add_entries(&mut body.as_slice()).unwrap();
    let reader = Reader::open(folder.path()).unwrap().unwrap();
    assert_eq!(reader.holds(299, &entry(299, 0)).unwrap(), Held::Yes);
    assert_eq!(
        reader.holds(300, &entry(300, 0)).unwrap(),
        Held::Behind(300)
    );
}

#[test]
fn files_that_are_not_those_of_the_checkpoint_are_not_believed() {
    let log = Log::new(600);
    let (folder, mut mirror) = empty(&log);
    bring(&mut mirror, &log, 0, 600);
    let reader = Reader::open(folder.path()).unwrap().unwrap();
    for file in tiles(&folder.path().join("tile/0")) {
        let good = fs::read(&file).unwrap();
        let mut changed = good.clone();
        changed.iter_mut().for_each(|byte| *byte ^= 1);
        fs::write(&file, changed).unwrap();
        let refused = |index| {
            let held = reader.holds(index, &entry(index, 0));
            matches!(held, Err(Error::Root { size: 600 }))
        };
        assert!((0..600).any(refused), "{}", file.display());
        fs::remove_file(&file).unwrap();
        let missing = |index| matches!(reader.holds(index, b""), Err(Error::File { .. }));
        assert!((0..600).any(missing), "{}", file.display());
        fs::write(&file, good).unwrap();
    }
    assert_eq!(reader.holds(0, &entry(0, 0)).unwrap(), Held::Yes);
}

fn tiles(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(tiles(&path)),
            false => found.push(path),
        }
    }
    // Those of the size that the checkpoint has.
    found.retain(|path| !path.to_str().unwrap().contains(".p/") || path.ends_with("88"));
    found
}
