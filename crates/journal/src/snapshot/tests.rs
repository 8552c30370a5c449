use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sigstead_merkle::TreeHead;

use super::*;
use crate::conformance::rounds;
use crate::{FileJournal, Journal as _};

const SMALL: usize = 4096;

/// Commits the rounds and lets the journal forget what is older than its last entries.
fn write(directory: &Path, rounds: &[Round], keeps: u64, size: &AtomicU64) {
    let mut journal = FileJournal::open_with(directory, SMALL).unwrap();
    journal.load().unwrap();
    let mut head = TreeHead::empty();
    for round in rounds {
        journal.commit(&head, round).unwrap();
        head = round.head;
        size.store(head.size, Ordering::Release);
        journal.trim(head.size.saturating_sub(keeps)).unwrap();
    }
}

/// Lays a snapshot out and loads it as a journal of its own.
fn load(snapshot: Snapshot) -> Vec<Round> {
    let directory = tempfile::tempdir().unwrap();
    for segment in snapshot.segments {
        let (place, length) = (directory.path().join(&segment.name), segment.length);
        let mut bytes = Vec::new();
        segment.reader().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, length);
        fs::write(place, bytes).unwrap();
    }
    let mut journal = FileJournal::open_with(directory.path(), SMALL).unwrap();
    let rounds = journal.load().unwrap();
    // It is a journal that goes on.
    if let Some(last) = rounds.last() {
        let next = Round {
            first: last.head.size,
            entries: Vec::new(),
            ..last.clone()
        };
        journal.commit(&last.head, &next).unwrap();
    }
    rounds
}

#[test]
fn a_snapshot_of_a_journal_that_nobody_writes_is_all_of_it() {
    for counts in [vec![], vec![0], vec![3, 1], vec![10; 40]] {
        let rounds = rounds(&counts);
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), &rounds, u64::MAX, &AtomicU64::new(0));
        let snapshot = Snapshot::read(directory.path()).unwrap();
        assert_eq!(snapshot.last.as_ref(), rounds.last());
        assert_eq!(load(snapshot), rounds);
    }
    let absent = Snapshot::read(Path::new("/nonexistent")).unwrap();
    assert!(absent.segments.is_empty() && absent.last.is_none());
}

#[test]
fn a_snapshot_under_load_holds_what_was_committed_before_and_follows_without_a_gap() {
    let rounds = rounds(&[7; 600]);
    let directory = tempfile::tempdir().unwrap();
    let (size, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            write(directory.path(), &rounds, 100, &size);
            is_over.store(true, Ordering::Release);
        });
        let mut taken = 0;
        while !is_over.load(Ordering::Acquire) || taken == 0 {
            let before = size.load(Ordering::Acquire);
            let snapshot = Snapshot::read(directory.path()).unwrap();
            let last = snapshot.last.clone();
            let found = load(snapshot);
            assert_eq!(found.last(), last.as_ref());
            let (first, end) = match (found.first(), found.last()) {
                (Some(first), Some(last)) => (first.first, last.head.size),
                _ => (0, 0),
            };
            assert!(end >= before, "{end} after {before}");
            let position = rounds.iter().position(|round| round.first == first);
            let expected = rounds.iter().skip(position.unwrap_or_default());
            assert!(found.iter().eq(expected.take(found.len())));
            taken += 1;
        }
    });
}

#[test]
fn a_record_that_is_being_written_is_left_out_and_damage_is_not() {
    let rounds = rounds(&[2, 30]);
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &rounds, u64::MAX, &AtomicU64::new(0));
    let numbers = segment::numbers(directory.path()).unwrap();
    let place = segment::path(directory.path(), *numbers.last().unwrap());
    let whole = fs::read(&place).unwrap();
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap();

    // Its last sectors are not written yet.
    let mut torn = whole.clone();
    torn[end - segment::SECTOR_BYTES..=end].fill(0);
    fs::write(&place, &torn).unwrap();
    let snapshot = Snapshot::read(directory.path()).unwrap();
    assert_eq!(load(snapshot), rounds[..1]);

    let mut damaged = whole;
    damaged[segment::SECTOR_BYTES + 100] ^= 1;
    fs::write(&place, &damaged).unwrap();
    let refused = Snapshot::read(directory.path());
    assert!(matches!(refused, Err(Error::Damaged { .. })), "{refused:?}");
}
