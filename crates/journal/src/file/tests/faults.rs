use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::*;
use crate::spare::SPARE;

type Inject = fn(&mut FileJournal);

const FAULTS: [(&str, Inject); 5] = [
    ("a failed sync", |journal| {
        journal.sync_directory = |_| Err(io::Error::other("injected"));
    }),
    ("a sync that lacks room", |journal| {
        journal.sync_directory = |_| Err(io::ErrorKind::StorageFull.into());
    }),
    ("a sync over quota", |journal| {
        journal.sync_directory = |_| Err(io::ErrorKind::QuotaExceeded.into());
    }),
    ("a directory in the place of the segment", |journal| {
        fs::create_dir(segment::path(&journal.directory, 1)).unwrap();
    }),
    ("a directory in the place of the spare", |journal| {
        fs::create_dir(journal.directory.join(SPARE)).unwrap();
    }),
];

#[test]
fn a_reserve_that_fails_for_another_reason_than_room_ends_the_journal() {
    let rounds = rounds(&[2, 3, 1]);
    for (fault, inject) in FAULTS {
        let scratch = Scratch::with(&rounds[..2]);
        let mut journal = scratch.open();
        journal.load().unwrap();
        inject(&mut journal);
        dies_reserving(&mut journal, &rounds, fault);
        drop(journal);
        // The faults of the table are the only directories.
        let segment = segment::path(scratch.0.path(), 1);
        for place in [scratch.0.path().join(SPARE), segment] {
            let _ = fs::remove_dir(place);
        }
        let mut journal = scratch.open();
        assert_eq!(journal.load().unwrap(), rounds[..2], "{fault}");
        journal.commit(&rounds[1].head, &rounds[2]).unwrap();
        drop(journal);
        assert_eq!(scratch.load().unwrap(), rounds, "{fault}");
    }
}

/// Asks for more than the segment holds; then the last round, which it would hold, is refused too.
fn dies_reserving(journal: &mut FileJournal, rounds: &[Round], fault: &str) {
    let refused = journal.reserve(SMALL);
    assert!(
        matches!(refused, Err(Error::Io { .. })),
        "{fault}: {refused:?}"
    );
    let small = rounds[2].encoded_bytes();
    let current = journal.segments.current.as_ref().unwrap();
    assert!(current.has_room(small), "{fault}");
    let calls = [
        journal.reserve(small),
        journal.commit(&rounds[1].head, &rounds[2]),
        journal.trim(0),
    ];
    for call in calls {
        assert!(matches!(call, Err(Error::Dead)), "{fault}: {call:?}");
    }
}

#[test]
fn a_full_disk_refuses_a_round_and_takes_a_smaller_one() {
    let rounds = rounds(&[2, 200, 1]);
    let scratch = Scratch::with(&rounds[..1]);
    let mut journal = scratch.open();
    journal.load().unwrap();
    for _ in 0..2 {
        let refused = journal.reserve(1 << 60);
        assert!(matches!(refused, Err(Error::NoRoom { .. })), "{refused:?}");
    }
    journal.reserve(rounds[1].encoded_bytes()).unwrap();
    journal.commit(&rounds[0].head, &rounds[1]).unwrap();
    drop(journal);
    assert_eq!(scratch.load().unwrap(), rounds[..2]);
}

#[test]
fn what_a_journal_left_that_ended_early_is_removed() {
    let rounds = rounds(&[2, 30, 1]);
    let scratch = Scratch::with(&rounds[..1]);
    let spare = scratch.0.path().join(SPARE);
    let segment = fs::read(&scratch.segments()[0]).unwrap();
    for left in [&segment[..], &segment[..100], &[0; SMALL], &[]] {
        fs::write(&spare, left).unwrap();
        let mut journal = scratch.open();
        assert!(!spare.exists(), "{} bytes", left.len());
        assert_eq!(journal.load().unwrap(), rounds[..1]);
    }
    let mut journal = scratch.open();
    journal.load().unwrap();
    let next = rounds.clone();
    let panicked = std::thread::spawn(move || {
        journal.commit(&next[0].head, &next[1]).unwrap();
        panic!("while a spare is written");
    });
    panicked.join().unwrap_err();
    assert!(spare.exists());
    assert_eq!(scratch.load().unwrap(), rounds[..2]);
    assert!(!spare.exists());
}

#[test]
fn a_crash_at_any_point_of_a_removal_leaves_a_journal_that_opens() {
    let rounds = rounds(&[10; 40]);
    let segments = Scratch::with(&rounds).segments().len();
    for removed in 0..segments {
        let scratch = Scratch::with(&rounds);
        for place in &scratch.segments()[..removed] {
            fs::remove_file(place).unwrap();
        }
        let kept = scratch.load().unwrap();
        assert!(rounds.ends_with(&kept), "{removed} removed");
        assert!(!kept.is_empty(), "{removed} removed");
        let mut journal = scratch.open();
        journal.load().unwrap();
        journal.trim(u64::MAX).unwrap();
        drop(journal);
        assert_eq!(scratch.segments().len(), 1, "{removed} removed");
    }
}

#[test]
fn a_removal_that_fails_is_told_and_ends_all_others() {
    let rounds = rounds(&[10; 40]);
    let scratch = Scratch::with(&rounds[..39]);
    let before = scratch.segments().len();
    let mut journal = scratch.open();
    journal.load().unwrap();
    journal.sync_directory = |_| Err(io::Error::other("injected"));
    let refused = until(|| journal.trim(100).err());
    assert!(matches!(refused, Error::Io { .. }), "{refused:?}");
    journal.sync_directory = sigstead_durable::sync;
    journal.trim(390).unwrap();
    journal.trimming.wait();
    assert_eq!(scratch.segments().len(), before - 1);
    journal.commit(&rounds[38].head, &rounds[39]).unwrap();
    drop(journal);
    let kept = scratch.load().unwrap();
    assert!(rounds.ends_with(&kept) && kept.len() > 10);
}

#[test]
fn no_round_waits_for_a_removal() {
    static GATE: Mutex<()> = Mutex::new(());
    let rounds = rounds(&[10; 40]);
    let scratch = Scratch::with(&rounds[..20]);
    let mut journal = scratch.open();
    journal.load().unwrap();
    let held = GATE.lock().unwrap();
    journal.sync_directory = |directory| {
        let _passed = GATE.lock().unwrap();
        sigstead_durable::sync(directory)
    };
    journal.trim(200).unwrap();
    journal.sync_directory = sigstead_durable::sync;
    for pair in rounds[19..].windows(2) {
        journal.reserve(pair[1].encoded_bytes()).unwrap();
        journal.commit(&pair[0].head, &pair[1]).unwrap();
        journal.trim(200).unwrap();
    }
    drop(held);
    drop(journal);
    let kept = scratch.load().unwrap();
    assert!(rounds.ends_with(&kept) && kept[0].first > 100);
}

#[test]
fn a_segment_that_never_held_a_round_goes_with_those_before_it() {
    let rounds = rounds(&[2, 100, 300, 1]);
    let scratch = Scratch::with(&rounds[..1]);
    let mut journal = scratch.open();
    journal.load().unwrap();
    journal.reserve(rounds[1].encoded_bytes()).unwrap();
    let merged = Round {
        first: 2,
        entries: [&rounds[1].entries[..], &rounds[2].entries[..]].concat(),
        ..rounds[2].clone()
    };
    journal.commit(&rounds[0].head, &merged).unwrap();
    journal.reserve(2 * merged.encoded_bytes()).unwrap();
    journal.commit(&merged.head, &rounds[3]).unwrap();
    assert_eq!(scratch.segments().len(), 4);
    journal.trim(u64::MAX).unwrap();
    drop(journal);
    assert_eq!(scratch.segments().len(), 1);
    assert_eq!(scratch.load().unwrap(), rounds[3..]);
}

#[test]
fn the_buffer_of_a_large_round_is_kept_and_that_of_a_burst_given_back() {
    let directory = tempfile::tempdir().unwrap();
    let mut journal = FileJournal::open(directory.path()).unwrap();
    journal.load().unwrap();
    let mut head = TreeHead::empty();
    let mut last = None;
    for (entries, is_kept) in [(20_000, true), (60_000, false), (1, false)] {
        let mut round = rounds(&[entries]).remove(0);
        round.first = head.size;
        round.head.size += head.size;
        let bytes = record_bytes(round.encoded_bytes());
        assert_eq!(bytes <= BUFFER_BYTES_KEPT, is_kept || entries == 1);
        journal.commit(&head, &round).unwrap();
        let capacity = journal.buffer.capacity();
        assert!(capacity <= BUFFER_BYTES_KEPT, "{entries}: {capacity}");
        assert!(!is_kept || capacity >= bytes, "{entries}: {capacity}");
        head = round.head;
        last = Some(round);
    }
    drop(journal);
    let mut journal = FileJournal::open(directory.path()).unwrap();
    assert_eq!(journal.load().unwrap().pop(), last);
}

/// Asks again until there is an answer.
fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "no answer in a minute");
        std::thread::yield_now();
    }
}
