use std::thread;

use sigstead_merkle::LeafIndex;
use tokio::sync::oneshot;

use super::*;
use crate::entry::{PendingEntry, SealError, SealedEntry};

struct Entry;

impl PendingEntry for Entry {
    fn deduplication_key(&self) -> Option<[u8; 32]> {
        None
    }

    fn seal(&self, _: LeafIndex, _: u64) -> Result<SealedEntry, SealError> {
        Err("never sealed".into())
    }
}

fn push(queue: &Queue, announcement: Option<Announcement<'_>>) -> Result<(), Error> {
    let submission = Submission {
        entry: Box::new(Entry),
        deduplication_key: None,
        answer: oneshot::channel().0,
        span: tracing::Span::none(),
    };
    queue.push(submission, announcement)
}

fn taken(queue: &Queue, patience: Duration) -> usize {
    let work = queue.take(None, patience).unwrap();
    work.submissions.len()
}

#[test]
fn a_round_takes_those_that_are_coming_with_it() {
    let queue = Queue::new(10, 10);
    let announced = [queue.announce(), queue.announce()];
    push(&queue, None).unwrap();
    thread::scope(|scope| {
        let round = scope.spawn(|| taken(&queue, FOREVER));
        for announcement in announced {
            push(&queue, Some(announcement)).unwrap();
        }
        assert_eq!(round.join().unwrap(), 3);
    });
}

#[test]
fn a_round_does_not_wait_for_what_is_taken_back() {
    let queue = Queue::new(10, 10);
    let announcement = queue.announce();
    push(&queue, None).unwrap();
    thread::scope(|scope| {
        let round = scope.spawn(|| taken(&queue, FOREVER));
        drop(announcement);
        assert_eq!(round.join().unwrap(), 1);
    });
}

#[test]
fn a_round_waits_no_longer_than_its_patience_and_not_at_all_when_the_queue_is_closed() {
    let queue = Queue::new(10, 10);
    let _never_comes = queue.announce();
    push(&queue, None).unwrap();
    assert_eq!(taken(&queue, Duration::from_millis(1)), 1);
    push(&queue, None).unwrap();
    queue.close(&"over".into());
    assert_eq!(taken(&queue, FOREVER), 1);
    assert!(queue.take(None, FOREVER).is_none());
}

#[test]
fn a_round_that_is_full_waits_for_nobody() {
    let queue = Queue::new(10, 2);
    let _never_comes = queue.announce();
    push(&queue, None).unwrap();
    thread::scope(|scope| {
        let round = scope.spawn(|| taken(&queue, FOREVER));
        push(&queue, None).unwrap();
        assert_eq!(round.join().unwrap(), 2);
    });
    for _ in 0..3 {
        push(&queue, None).unwrap();
    }
    assert_eq!(taken(&queue, FOREVER), 2);
}

#[test]
fn a_pause_keeps_out_what_comes_and_nothing_else() {
    let queue = Queue::new(10, 10);
    push(&queue, None).unwrap();
    queue.pause(Some("disk is moved".into()));
    let refused = push(&queue, None);
    assert!(matches!(refused, Err(Error::Paused { reason }) if &*reason == "disk is moved"));
    assert_eq!(taken(&queue, FOREVER), 1);
    queue.pause(None);
    push(&queue, None).unwrap();
}

#[test]
fn refuses_more_than_its_limit() {
    let queue = Queue::new(1, 10);
    push(&queue, None).unwrap();
    assert!(matches!(push(&queue, None), Err(Error::Overloaded { .. })));
}

/// Longer than any test runs.
const FOREVER: Duration = Duration::from_secs(3_600);
