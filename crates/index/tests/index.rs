//! The index against a map of the same postings, over restarts, crashes and damage.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use sigstead_index::{Error, Index, IndexConfig, Key};

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
                let every_third: Vec<_> = (0..index.covered() + 9).step_by(3).collect();
                let among = index.positions_among(&key(number), &every_third).unwrap();
                let of_every_third = expected.iter().filter(|at| *at % 3 == 0);
                prop_assert_eq!(among, of_every_third.copied().collect::<Vec<_>>());
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
    let among: Vec<_> = (0..20_000).step_by(1_999).collect();
    assert_eq!(index.positions_among(&common, &among).unwrap(), among);
    assert_eq!(index.positions_among(&key(1_999), &among).unwrap(), [1_999]);
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
fn a_disk_that_takes_nothing_costs_coverage_and_no_more_memory() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("index");
    let index = Index::open(&directory, SMALL).unwrap().0;
    fs::remove_dir(&directory).unwrap();
    let mut has_failed = false;
    let mut taken = 0;
    for at in 0..1_000 {
        if index.extend(at..at + 1, &[(key(at), at)]).is_err() {
            break;
        }
        taken = at + 1;
        if index.is_due() {
            index.maintain().unwrap_err();
            has_failed = true;
        }
        // What could not be written is to be tried again at once, not when as much came once more.
        assert_eq!(index.is_due(), has_failed);
        assert_eq!(index.first_in_memory(&key(0)), Some(0));
    }
    assert!((17..200).contains(&taken), "{taken}");
    let statistics = index.statistics();
    assert_eq!(statistics.tail_postings as u64, taken);
    assert_eq!((index.covered(), index.durable()), (taken, 0));

    fs::create_dir(&directory).unwrap();
    index.maintain().unwrap();
    assert!(!index.is_due());
    assert_eq!((index.covered(), index.durable()), (taken, taken));
    assert_eq!(index.statistics().tail_postings, 0);
    assert!((0..taken).all(|at| index.positions(&key(at), 9).unwrap() == [at]));
}

#[test]
fn a_run_that_cannot_get_its_name_leaves_no_temporary() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), SMALL).unwrap().0;
    index.extend(0..3, &[(key(0), 0), (key(1), 2)]).unwrap();
    let name = format!("{:020}-{:020}.run", 0, 3);
    let in_the_way = folder.path().join(name);
    fs::create_dir(&in_the_way).unwrap();
    index.maintain().unwrap_err();
    assert_eq!(runs(folder.path()), [in_the_way.as_path()]);
    fs::remove_dir(&in_the_way).unwrap();
    index.maintain().unwrap();
    assert_eq!(index.durable(), 3);
    assert_eq!(index.positions(&key(1), 9).unwrap(), [2]);
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

/// What happens to a file under an index that is open. Its footer and filter are left alone, so that opening it again
/// would not tell.
fn flip_a_page(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[100] ^= 4;
    fs::write(path, bytes).unwrap();
}

fn cut_short(path: &Path) {
    fs::write(path, "").unwrap();
}

fn feed(index: &Index, end: u64) {
    for position in index.covered()..end {
        index
            .extend(position..position + 1, &[(key(position), position)])
            .unwrap();
    }
}

#[test]
fn damage_that_a_question_meets_is_healed_by_the_next_maintenance() {
    for damage in [flip_a_page, cut_short] {
        for hurt in 0..3 {
            let folder = tempfile::tempdir().unwrap();
            let index = filled(folder.path(), 80);
            let files = runs(folder.path());
            assert!(files.len() == 3);
            let begins = (0..hurt).fold(0, |_, before| end_of(&files[before]));
            damage(&files[hurt]);
            let asked = index.positions(&key(begins), 9);
            assert!(
                matches!(&asked, Err(Error::Damaged { path, .. }) if *path == files[hurt]),
                "{asked:?}"
            );
            assert!(index.first(&key(begins)).is_err());
            assert!(index.is_due());
            index.maintain().unwrap();
            assert!(!index.is_due());
            assert_eq!((index.covered(), index.durable()), (begins, begins));
            assert_eq!(runs(folder.path()), files[..hurt]);
            let refused = index.extend(80..81, &[]);
            assert!(matches!(refused, Err(Error::Gap { covered, .. }) if covered == begins));

            feed(&index, 80);
            index.maintain().unwrap();
            assert!((0..80).all(|at| index.positions(&key(at), 9).unwrap() == [at]));
            drop(index);
            let (index, damage) = Index::open(folder.path(), SMALL).unwrap();
            assert!(damage.is_empty(), "{damage:?}");
            assert!((0..80).all(|at| index.first(&key(at)).unwrap() == Some(at)));
        }
    }
}

#[test]
fn damage_that_a_merge_meets_is_healed_and_adds_no_files() {
    for damage in [flip_a_page, cut_short] {
        let folder = tempfile::tempdir().unwrap();
        // Two runs, and with a third they are merged.
        let index = filled(folder.path(), 32);
        damage(&runs(folder.path())[1]);
        let mut failures = 0;
        // As a keeper does: again and again, while the log goes on.
        for _ in 0..20 {
            let covered = index.covered();
            feed(&index, covered + 16);
            while index.is_due() {
                if let Err(error) = index.maintain() {
                    assert!(matches!(error, Error::Damaged { .. }), "{error}");
                    failures += 1;
                }
                let files = runs(folder.path());
                assert!(files.iter().all(|path| path.extension().unwrap() == "run"));
                assert_eq!(files.len(), index.statistics().runs);
                assert!(failures < 2 && files.len() < 8, "{failures} {files:?}");
            }
        }
        assert_eq!(failures, 1);
        let covered = index.covered();
        assert!(covered > 200);
        assert!((0..covered).all(|at| index.positions(&key(at), 9).unwrap() == [at]));
    }
}

#[test]
fn those_who_ask_while_damage_is_healed_get_no_wrong_answer() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(folder.path(), 80);
    flip_a_page(&runs(folder.path())[1]);
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        for first in 0..2 {
            let (index, is_done) = (&index, &is_done);
            scope.spawn(move || {
                for at in (0..400).cycle().skip(first * 200) {
                    if is_done.load(Ordering::Relaxed) {
                        return;
                    }
                    match index.first(&key(at)) {
                        Ok(found) => assert!(found.is_none_or(|found| found == at)),
                        Err(error) => assert!(matches!(error, Error::Damaged { .. }), "{error}"),
                    }
                }
            });
        }
        assert!(index.first(&key(48)).is_err());
        // As a follower does: what it was about to add may not follow any more.
        while index.covered() < 400 {
            let at = index.covered();
            index.extend(at..at + 1, &[(key(at), at)]).unwrap();
            if index.is_due() {
                let _ = index.maintain();
            }
        }
        is_done.store(true, Ordering::Relaxed);
    });
    assert!((0..400).all(|at| index.positions(&key(at), 9).unwrap() == [at]));
}

#[test]
fn a_merge_that_fails_for_long_does_not_add_runs() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(folder.path(), 32);
    // The name that the merged run is to get.
    fs::create_dir(folder.path().join(format!("{:020}-{:020}.run", 0, 48))).unwrap();
    let mut refused = 0;
    for at in 32..1_000 {
        refused += u64::from(index.extend(at..at + 1, &[(key(at), at)]).is_err());
        if index.is_due() {
            index.maintain().unwrap_err();
        }
    }
    assert!(refused > 0);
    assert_eq!(index.statistics().runs, 3);
    assert_eq!(runs(folder.path()).len(), 4);
}

/// The position that the name of a run says it ends at.
fn end_of(path: &Path) -> u64 {
    let name = path.file_stem().unwrap().to_str().unwrap();
    name.split_once('-').unwrap().1.parse().unwrap()
}

#[test]
fn positions_of_one_key_are_in_order_and_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), SMALL).unwrap().0;
    let postings = [4, 2, 7, 2, 4, 0, 9].map(|at| (key(1), at));
    index.extend(0..10, &postings).unwrap();
    index.extend(10..12, &[(key(1), 11), (key(1), 10)]).unwrap();
    for _ in 0..2 {
        assert_eq!(
            index.positions(&key(1), 9).unwrap(),
            [0, 2, 4, 7, 9, 10, 11]
        );
        assert_eq!(index.positions(&key(1), 2).unwrap(), [0, 2]);
        assert_eq!(index.first(&key(1)).unwrap(), Some(0));
        assert_eq!(index.statistics().postings, 7);
        index.maintain().unwrap();
    }
}
