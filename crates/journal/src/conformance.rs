//! One suite that every implementation of [`Journal`] passes.
#![expect(clippy::unwrap_used, reason = "a conformance suite fails by panicking")]

use bytes::Bytes;
use sigstead_merkle::{LeafHash, RootHash, TreeHead};

use crate::{Error, Journal, Round, RoundEntry};

/// Runs the suite; each call of `reopen` opens the same journal, empty at first, after the one before was dropped.
///
/// # Panics
/// When the journal breaks the contract of [`Journal`].
pub fn run(mut reopen: impl FnMut() -> Box<dyn Journal>) {
    let rounds = rounds(&[0, 3, 1, 0, 300, 1]);
    takes_nothing_before_it_is_loaded(&mut *reopen(), &rounds);
    keeps_rounds_in_order(&mut reopen, &rounds);
    refuses_a_round_that_does_not_follow(&mut reopen, &rounds);
    trims_whole_rounds_and_keeps_the_last(&mut reopen, &rounds);
}

/// Rounds of so many entries each, that follow each other.
pub fn rounds(entries: &[usize]) -> Vec<Round> {
    let mut size = 0;
    let mut rounds = Vec::new();
    for (number, count) in entries.iter().enumerate() {
        let first = size;
        size += *count as u64;
        let head = TreeHead {
            size,
            root: RootHash::from_bytes([number as u8; 32]),
        };
        let entries = (first..size).map(entry).collect();
        let checkpoint = Bytes::from(format!("checkpoint {number}\n"));
        rounds.push(Round {
            first,
            head,
            time_millis: 1_000 + number as u64,
            checkpoint,
            entries,
        });
    }
    rounds
}

fn entry(index: u64) -> RoundEntry {
    let text = format!("entry {index}");
    RoundEntry {
        leaf_hash: LeafHash::of(text.as_bytes()),
        side: Bytes::from(vec![index as u8; (index % 3) as usize]),
        bundle: Bytes::from(text),
    }
}

fn takes_nothing_before_it_is_loaded(journal: &mut dyn Journal, rounds: &[Round]) {
    assert!(matches!(
        journal.commit(&TreeHead::empty(), &rounds[0]),
        Err(Error::Dead)
    ));
}

fn keeps_rounds_in_order(reopen: &mut impl FnMut() -> Box<dyn Journal>, rounds: &[Round]) {
    for (committed, round) in rounds.iter().enumerate() {
        let mut journal = reopen();
        assert_eq!(
            journal.load().unwrap(),
            rounds[..committed],
            "after {committed} rounds"
        );
        let before = committed
            .checked_sub(1)
            .map_or_else(TreeHead::empty, |last| rounds[last].head);
        journal.reserve(round.encoded_bytes()).unwrap();
        journal.commit(&before, round).unwrap();
    }
    assert_eq!(reopen().load().unwrap(), rounds);
}

fn refuses_a_round_that_does_not_follow(
    reopen: &mut impl FnMut() -> Box<dyn Journal>,
    rounds: &[Round],
) {
    let (last, before) = (&rounds[rounds.len() - 1], &rounds[rounds.len() - 2]);
    let fork = TreeHead {
        root: RootHash::from_bytes([0xff; 32]),
        ..last.head
    };
    for expected in [before.head, fork, TreeHead::empty()] {
        let mut journal = reopen();
        journal.load().unwrap();
        let next = Round {
            first: expected.size,
            ..last.clone()
        };
        assert!(matches!(
            journal.commit(&expected, &next),
            Err(Error::HeadMismatch { .. })
        ));
        assert!(
            matches!(journal.commit(&last.head, &next), Err(Error::Dead)),
            "dead after a refusal"
        );
        assert!(matches!(journal.reserve(1), Err(Error::Dead)));
        assert!(matches!(journal.trim(u64::MAX), Err(Error::Dead)));
    }
    assert_eq!(reopen().load().unwrap(), rounds);
}

fn trims_whole_rounds_and_keeps_the_last(
    reopen: &mut impl FnMut() -> Box<dyn Journal>,
    rounds: &[Round],
) {
    let last = &rounds[rounds.len() - 1];
    for below in [0, 3, 4, last.head.size, u64::MAX] {
        let mut journal = reopen();
        journal.load().unwrap();
        journal.trim(below).unwrap();
        drop(journal);
        let kept = reopen().load().unwrap();
        assert!(rounds.ends_with(&kept) && !kept.is_empty(), "below {below}");
        let first = kept[0].first;
        assert!(
            first <= below.min(last.first),
            "forgot a round above {below}"
        );
    }
    let mut journal = reopen();
    journal.load().unwrap();
    let next = Round {
        first: last.head.size,
        time_millis: last.time_millis,
        entries: Vec::new(),
        ..last.clone()
    };
    journal.commit(&last.head, &next).unwrap();
    drop(journal);
    assert_eq!(reopen().load().unwrap().last(), Some(&next));
}
