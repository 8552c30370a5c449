//! What a copy does not take, and that it is as it was then.

use sigstead_mirror::{Error, FormError, Mirror, Refusal};
use sigstead_note::SignedNote;

use crate::world::{Log, bring, empty};

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_checkpoint_of_another_log_key_or_form() {
    let log = Log::new(10);
    let (_folder, mut mirror) = empty(&log);
    let mut forged = log.checkpoint(0, 10);
    forged.note.signatures[0].signature[5] ^= 1;
    assert!(matches!(
        refusal(mirror.add_checkpoint(&forged)),
        Refusal::Foreign(_)
    ));
    let mut renamed = log.checkpoint(0, 10);
    renamed.note.text = renamed.note.text.replace("log.example", "log.other");
    assert!(matches!(
        refusal(mirror.add_checkpoint(&renamed)),
        Refusal::Foreign(_)
    ));
    let mut other = log.checkpoint(0, 10);
    other.note = SignedNote {
        text: "no checkpoint\n".to_owned(),
        ..other.note
    };
    assert!(matches!(
        refusal(mirror.add_checkpoint(&other)),
        Refusal::NoCheckpoint(_)
    ));
    assert!(mirror.checkpoint().unwrap().is_none());
}

#[test]
fn a_gap_and_a_step_back() {
    let log = Log::new(900);
    let (_folder, mut mirror) = empty(&log);
    bring(&mut mirror, &log, 0, 300);
    let gap = refusal(mirror.add_checkpoint(&log.checkpoint(301, 900)));
    assert!(matches!(
        gap,
        Refusal::Gap {
            stored: 300,
            begins: 301
        }
    ));
    let mut back = log.checkpoint(0, 200);
    back.old_size = 250;
    let back = refusal(mirror.add_checkpoint(&back));
    assert!(matches!(
        back,
        Refusal::Backwards {
            old_size: 250,
            size: 200
        }
    ));
    mirror.add_checkpoint(&log.checkpoint(300, 900)).unwrap();
    let skipped = log.entries(512, 900);
    let gap = refusal(mirror.add_entries(&mut skipped.as_slice()));
    assert!(matches!(
        gap,
        Refusal::Gap {
            stored: 300,
            begins: 512
        }
    ));
    assert_eq!(mirror.next_entry(), 300);
}

#[test]
fn a_second_history_with_both_checkpoints_as_evidence() {
    let log = Log::new(900);
    let fork = Log::forked(900, 250, 1);
    // A fork that is shown as a continuation, as an older head, and as the same head.
    for (old, size) in [(300, 900), (0, 280), (280, 300), (300, 300)] {
        let (folder, mut mirror) = empty(&log);
        bring(&mut mirror, &log, 0, 300);
        let refused = refusal(mirror.add_checkpoint(&fork.checkpoint(old, size)));
        let Refusal::Forked {
            size: at,
            stored,
            shown,
        } = refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!(at, size);
        assert_eq!(*stored.unwrap(), log.note(300));
        assert_eq!(*shown, fork.note(size));
        let mirror = Mirror::open(folder.path(), Log::origin(), log.key()).unwrap();
        assert_eq!(mirror.next_entry(), 300);
    }
}

#[test]
fn a_second_history_behind_the_place_where_a_medium_begins() {
    let log = Log::new(900);
    // It begins where both are the same, and the proof with the checkpoint holds.
    for (stored, from) in [(300, 250), (300, 299), (700, 200), (700, 600)] {
        let fork = Log::forked(900, from, 1);
        let (_folder, mut mirror) = empty(&log);
        bring(&mut mirror, &log, 0, stored);
        mirror.add_checkpoint(&fork.checkpoint(100, 900)).unwrap();
        let body = fork.entries_from(100, 900, from);
        let refused = refusal(mirror.add_entries(&mut body.as_slice()));
        assert!(
            matches!(refused, Refusal::Forked { size: 900, .. }),
            "{refused:?}"
        );
        assert_eq!(mirror.next_entry(), stored);
        // The true log goes on.
        bring(&mut mirror, &log, stored, 900);
    }
}

#[test]
fn entries_that_are_changed_swapped_or_proven_for_another_tree() {
    let log = Log::new(900);
    let (_folder, mut mirror) = empty(&log);
    mirror.add_checkpoint(&log.checkpoint(0, 900)).unwrap();
    let mut changed = log.package(0..256, 900, u64::MAX);
    changed.entries[17][3] ^= 1;
    let mut swapped = log.package(0..256, 900, u64::MAX);
    swapped.entries.swap(3, 4);
    let mut short = log.package(0..256, 900, u64::MAX);
    short.hashes.pop();
    let other = log.package(0..256, 800, u64::MAX);
    for package in [changed, swapped, short, other] {
        let mut body = Log::header(0, 900).encode().unwrap();
        body.extend(package.encode().unwrap());
        let refused = refusal(mirror.add_entries(&mut body.as_slice()));
        assert!(
            matches!(refused, Refusal::Proof { entry: 0, .. }),
            "{refused:?}"
        );
        assert_eq!(mirror.next_entry(), 0);
    }
}

#[test]
fn entries_without_their_checkpoint_and_an_end_before_all_are_there() {
    let log = Log::new(900);
    let (_folder, mut mirror) = empty(&log);
    let body = log.entries(0, 900);
    let early = refusal(mirror.add_entries(&mut body.as_slice()));
    assert!(matches!(
        early,
        Refusal::NotPending {
            end: 900,
            pending: 0
        }
    ));
    assert!(matches!(
        refusal(mirror.complete()),
        Refusal::NotPending { .. }
    ));
    mirror.add_checkpoint(&log.checkpoint(0, 900)).unwrap();
    let incomplete = refusal(mirror.complete());
    assert!(matches!(
        incomplete,
        Refusal::Incomplete {
            stored: 0,
            pending: 900
        }
    ));
    let mut cut = &body[..40];
    let cut = refusal(mirror.add_entries(&mut cut));
    assert!(
        matches!(cut, Refusal::Form(FormError::Truncated)),
        "{cut:?}"
    );
}

#[test]
fn a_copy_whose_files_were_changed_does_not_open_or_complete() {
    let log = Log::new(300);
    let (folder, mut mirror) = empty(&log);
    bring(&mut mirror, &log, 0, 300);
    let tile = folder.path().join("tile/0/001.p/44");
    let good = std::fs::read(&tile).unwrap();
    std::fs::write(&tile, &good[..40]).unwrap();
    let opened = Mirror::open(folder.path(), Log::origin(), log.key());
    assert!(matches!(opened, Err(Error::Damaged { .. })), "{opened:?}");
    std::fs::remove_file(&tile).unwrap();
    let opened = Mirror::open(folder.path(), Log::origin(), log.key());
    assert!(matches!(opened, Err(Error::File { .. })));
    std::fs::write(&tile, &good).unwrap();
    std::fs::write(folder.path().join("mirror.json"), "{}").unwrap();
    let opened = Mirror::open(folder.path(), Log::origin(), log.key());
    assert!(matches!(opened, Err(Error::Damaged { .. })), "{opened:?}");
}
