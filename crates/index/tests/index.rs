//! The index against a map of the same postings, over restarts, crashes and damage.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use index::{Index, IndexConfig, Key};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

/// Small, so that a few hundred postings make many runs and merges.
const SMALL: IndexConfig = IndexConfig {
    tail_postings: 16,
    fan_out: 3,
    filter_bytes: 1 << 20,
};

fn key(number: u64) -> Key {
    Key::new(Sha256::digest(number.to_be_bytes()).into())
}

fn runs(directory: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(directory).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths
}

/// An index of entries that each have a key of their own.
fn filled(directory: &Path, entries: u64) -> Index {
    let (index, damage) = Index::open(directory, SMALL).unwrap();
    assert!(damage.is_empty());
    for position in 0..entries {
        index
            .extend(position..position + 1, &[(key(position), position)])
            .unwrap();
        if index.is_due() {
            index.maintain().unwrap();
        }
    }
    index
}

#[derive(Debug, Clone)]
enum Step {
    Extend(Vec<u64>),
    Maintain,
    Reopen,
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(0..40_u64, 0..30).prop_map(Step::Extend),
        2 => Just(Step::Maintain),
        1 => Just(Step::Reopen),
        1 => Just(Step::Clear),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn answers_as_a_map_would(
        steps in prop::collection::vec(step(), 1..40),
        filter_bytes in prop_oneof![Just(0_usize), Just(1 << 20)],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let config = IndexConfig { filter_bytes, ..SMALL };
        let mut index = Index::open(folder.path(), config.clone()).unwrap().0;
        let mut map: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Extend(numbers) => {
                    let first = index.covered();
                    let postings: Vec<_> = numbers.iter().enumerate()
                        .map(|(offset, number)| (key(*number), first + offset as u64)).collect();
                    if index.extend(first..first + numbers.len() as u64, &postings).is_ok() {
                        for (offset, number) in numbers.iter().enumerate() {
                            map.entry(*number).or_default().push(first + offset as u64);
                        }
                    } else {
                        prop_assert!(index.is_due());
                    }
                }
                Step::Maintain => index.maintain().unwrap(),
                Step::Reopen => {
                    let durable = index.durable();
                    drop(index);
                    let (opened, damage) = Index::open(folder.path(), config.clone()).unwrap();
                    prop_assert!(damage.is_empty());
                    prop_assert_eq!(opened.covered(), durable);
                    map.values_mut().for_each(|positions| positions.retain(|at| *at < durable));
                    index = opened;
                }
                Step::Clear => {
                    index.clear().unwrap();
                    map.clear();
                }
            }
            for number in 0..40 {
                let expected = map.get(&number).cloned().unwrap_or_default();
                prop_assert_eq!(index.positions(&key(number), usize::MAX).unwrap(), expected.clone());
                prop_assert_eq!(index.first(&key(number)).unwrap(), expected.first().copied());
                let limited = index.positions(&key(number), 2).unwrap();
                prop_assert_eq!(limited, expected.into_iter().take(2).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn one_key_of_every_entry_is_found_as_fast_as_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let config = IndexConfig {
        tail_postings: 5_000,
        ..SMALL
    };
    let index = Index::open(folder.path(), config).unwrap().0;
    let common = key(u64::MAX);
    for position in 0..20_000 {
        let postings = [(common, position), (key(position), position)];
        index.extend(position..position + 1, &postings).unwrap();
        if index.is_due() {
            index.maintain().unwrap();
        }
    }
    assert_eq!(index.positions(&common, 3).unwrap(), [0, 1, 2]);
    assert_eq!(index.positions(&common, usize::MAX).unwrap().len(), 20_000);
    for position in [0, 1, 9_999, 19_999] {
        assert_eq!(index.positions(&key(position), 2).unwrap(), [position]);
    }
}

#[test]
fn refuses_postings_that_do_not_follow() {
    let index = Index::in_memory(SMALL);
    index.extend(0..3, &[(key(0), 0), (key(1), 2)]).unwrap();
    for (entries, position) in [
        (1..2, 1),
        (2..4, 2),
        (4..5, 4),
        (3..4, 2),
        (3..4, 4),
        (0..3, 0),
    ] {
        assert!(index.extend(entries, &[(key(7), position)]).is_err());
    }
    assert_eq!((index.covered(), index.durable()), (3, 0));
    index.extend(3..3, &[]).unwrap();
    index.extend(3..5, &[]).unwrap();
    assert_eq!(index.covered(), 5);
    assert!(!index.is_due());
}

#[test]
fn takes_no_more_than_a_few_runs_into_memory_while_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), SMALL).unwrap().0;
    let taken = (0..1_000)
        .take_while(|at| index.extend(*at..at + 1, &[(key(*at), *at)]).is_ok())
        .count() as u64;
    assert!(taken < 200, "{taken}");
    assert_eq!(index.covered(), taken);
    assert!(index.is_due());
    index.maintain().unwrap();
    index
        .extend(taken..taken + 1, &[(key(taken), taken)])
        .unwrap();
    assert!((0..=taken).all(|at| index.first(&key(at)).unwrap() == Some(at)));
}

#[test]
fn what_a_crash_leaves_is_cleaned_away() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(folder.path(), 40);
    let small: Vec<_> = runs(folder.path())
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    for position in 40..200 {
        index
            .extend(position..position + 1, &[(key(position), position)])
            .unwrap();
        index.maintain().unwrap();
    }
    drop(index);
    // As if the merge had been made durable and its sources not yet removed.
    for (path, bytes) in &small {
        fs::write(path, bytes).unwrap();
    }
    fs::write(
        folder
            .path()
            .join("00000000000000000200-00000000000000000300.new"),
        "half",
    )
    .unwrap();
    let (index, damage) = Index::open(folder.path(), SMALL).unwrap();
    assert!(damage.is_empty(), "{damage:?}");
    assert_eq!(index.covered(), 200);
    assert!((0..200).all(|at| index.positions(&key(at), 9).unwrap() == [at]));
    assert!(
        runs(folder.path())
            .iter()
            .all(|path| path.extension().unwrap() == "run")
    );
}

#[test]
fn falls_back_to_what_is_whole_before_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(folder.path(), 100);
    index.maintain().unwrap();
    drop(index);
    let files = runs(folder.path());
    assert!(files.len() > 1);
    fs::remove_file(&files[1]).unwrap();
    let (index, damage) = Index::open(folder.path(), SMALL).unwrap();
    assert_eq!(damage.len(), files.len() - 2);
    let covered = index.covered();
    assert!(covered > 0 && covered < 100);
    for position in covered..100 {
        index
            .extend(position..position + 1, &[(key(position), position)])
            .unwrap();
    }
    assert!((0..100).all(|at| index.positions(&key(at), 9).unwrap() == [at]));
}

#[test]
fn a_flipped_bit_is_found_and_never_answered_with() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(folder.path(), 120);
    index.maintain().unwrap();
    drop(index);
    let file = runs(folder.path()).remove(0);
    let whole = fs::read(&file).unwrap();
    let mut found_at_open = 0;
    let mut found_at_read = 0;
    for at in (0..whole.len())
        .step_by(37)
        .chain(whole.len() - 48..whole.len())
    {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let damaged = tempfile::tempdir().unwrap();
        let copy = damaged.path().join(file.file_name().unwrap());
        fs::write(&copy, bytes).unwrap();
        let (index, damage) = Index::open(damaged.path(), SMALL).unwrap();
        if !damage.is_empty() {
            assert_eq!(index.covered(), 0);
            found_at_open += 1;
            continue;
        }
        for position in 0..index.covered() {
            match index.positions(&key(position), 9) {
                Ok(positions) => assert_eq!(positions, [position], "byte {at}"),
                Err(_) => found_at_read += 1,
            }
        }
    }
    assert!(found_at_open > 0 && found_at_read > 0);
}

#[test]
fn an_index_of_another_format_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path(), 40));
    for file in runs(folder.path()) {
        let mut bytes = fs::read(&file).unwrap();
        let footer = bytes.len() - 48;
        bytes[footer + 7] = 2;
        let checksum = crc32c::crc32c(&bytes[footer..footer + 44]).to_le_bytes();
        bytes[footer + 44..].copy_from_slice(&checksum);
        fs::write(&file, bytes).unwrap();
    }
    let (index, damage) = Index::open(folder.path(), SMALL).unwrap();
    assert!(!damage.is_empty());
    assert_eq!(index.covered(), 0);
}
