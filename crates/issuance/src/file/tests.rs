use std::fs;
use std::sync::Arc;

use sigstead_kit::{Period, TestClock};

use super::*;
use crate::conformance::{self, ended, issuance};
use crate::issuance::Outcome;
use crate::query::Order;

struct World {
    directory: tempfile::TempDir,
    clock: Arc<TestClock>,
}

impl World {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            clock: Arc::new(TestClock::at(issuance(0).time)),
        }
    }

    fn config(&self) -> RecordConfig {
        RecordConfig {
            path: self.directory.path().join("record"),
            retention: Period::from_days(30),
            ..RecordConfig::default()
        }
    }

    fn open(&self) -> FileRecord {
        FileRecord::open(&self.config(), self.clock.clone()).unwrap()
    }

    fn segments(&self) -> Vec<PathBuf> {
        let segments = segment::list(&self.config().path).unwrap();
        segments.into_iter().map(|segment| segment.path).collect()
    }

    fn offline(&self) -> Vec<Issuance> {
        let query = Query {
            order: Order::OldestFirst,
            ..Query::default()
        };
        read_page(&self.config().path, &query).unwrap().issuances
    }
}

async fn all(record: &FileRecord) -> Vec<(String, Outcome)> {
    let query = Query {
        order: Order::OldestFirst,
        ..Query::default()
    };
    let found = record.page(&query).await.unwrap().issuances;
    found
        .into_iter()
        .map(|each| (each.id, each.outcome))
        .collect()
}

#[tokio::test]
async fn does_what_every_record_does() {
    let world = World::new();
    conformance::run(&world.open()).await;
    conformance::run(&crate::MemoryRecord::new()).await;
}

#[tokio::test]
async fn what_was_left_open_is_interrupted_when_the_record_is_opened_again() {
    let world = World::new();
    let record = world.open();
    record.append(&issuance(1)).await.unwrap();
    record.append(&ended(1, Outcome::Issued)).await.unwrap();
    record.append(&issuance(2)).await.unwrap();
    drop(record);
    let offline: Vec<_> = world
        .offline()
        .into_iter()
        .map(|each| each.outcome)
        .collect();
    assert_eq!(offline, [Outcome::Issued, Outcome::Open]);
    let record = world.open();
    let expected = [
        ("id-1".to_owned(), Outcome::Issued),
        ("id-2".to_owned(), Outcome::Interrupted),
    ];
    assert_eq!(all(&record).await, expected);
    drop(record);
    assert_eq!(all(&world.open()).await, expected, "it is interrupted once");
}

#[tokio::test]
async fn a_write_that_was_cut_off_at_any_byte_leaves_what_was_durable() {
    let world = World::new();
    let record = world.open();
    record.append(&issuance(1)).await.unwrap();
    let before = fs::read(&world.segments()[0]).unwrap();
    record.append(&ended(1, Outcome::Issued)).await.unwrap();
    drop(record);
    let whole = fs::read(&world.segments()[0]).unwrap();
    for length in (before.len()..whole.len()).step_by(37) {
        fs::write(&world.segments()[0], &whole[..length]).unwrap();
        let record = world.open();
        let expected = ("id-1".to_owned(), Outcome::Interrupted);
        assert_eq!(all(&record).await, [expected], "{length}");
    }
}

#[tokio::test]
async fn damage_is_told_with_its_place_until_the_file_is_moved_away() {
    let world = World::new();
    let record = world.open();
    for number in 1..4 {
        record
            .append(&ended(number, Outcome::Issued))
            .await
            .unwrap();
    }
    drop(record);
    let path = &world.segments()[0];
    let mut bytes = fs::read(path).unwrap();
    bytes[40] ^= 1;
    fs::write(path, &bytes).unwrap();
    let record = world.open();
    for error in [
        record.check().unwrap_err(),
        record.append(&issuance(4)).await.unwrap_err(),
        record.page(&Query::default()).await.unwrap_err(),
    ] {
        let told = error.to_string();
        assert!(matches!(error, Error::Damaged { .. }), "{told}");
        for part in [path.to_str().unwrap(), "at offset 16", "move it out"] {
            assert!(told.contains(part), "{told}");
        }
    }
    assert_eq!(fs::read(path).unwrap(), bytes, "the evidence is untouched");
    sigstead_durable::rename(path, &world.directory.path().join("evidence")).unwrap();
    // Nobody appends anything: it finds out by itself.
    let recovered = async {
        while record.check().is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), recovered)
        .await
        .unwrap();
    record.append(&ended(5, Outcome::Issued)).await.unwrap();
    assert_eq!(all(&record).await.len(), 1);
}

#[tokio::test]
async fn one_process_at_a_time_writes() {
    let world = World::new();
    let record = world.open();
    let second = FileRecord::open(&world.config(), world.clock.clone());
    assert!(matches!(second, Err(Error::InUse { .. })));
    drop(record);
    world.open();
}

#[tokio::test]
async fn segments_are_a_day_long_and_go_whole_after_the_retention() {
    let world = World::new();
    let record = world.open();
    for number in 0..=32 {
        record
            .append(&ended(number, Outcome::Issued))
            .await
            .unwrap();
        world.clock.advance(DAY);
    }
    // The second segment was begun 31 days before the last one was.
    assert_eq!(world.segments().len(), 32);
    let ids: Vec<_> = all(&record).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids.first().map(String::as_str), Some("id-1"));
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_and_back_costs_no_issuance() {
    let world = World::new();
    let now = || world.clock.now();
    let mut record = world.open();
    for number in 0..3 {
        record
            .append(&ended(number, Outcome::Issued))
            .await
            .unwrap();
        world.clock.advance(DAY);
    }
    let honest = now();
    world.clock.set(honest + time::Duration::days(3_650));
    record.append(&ended(3, Outcome::Issued)).await.unwrap();
    // It is no better when the service starts with the wrong clock.
    drop(record);
    record = world.open();
    record.append(&ended(4, Outcome::Issued)).await.unwrap();
    world.clock.set(honest);
    record.append(&ended(5, Outcome::Issued)).await.unwrap();
    drop(record);
    record = world.open();
    for number in 6..9 {
        world.clock.advance(DAY);
        record
            .append(&ended(number, Outcome::Issued))
            .await
            .unwrap();
    }
    let ids: Vec<_> = all(&record).await.into_iter().map(|(id, _)| id).collect();
    let expected: Vec<_> = (0..9).map(|number| format!("id-{number}")).collect();
    assert_eq!(ids, expected);
    // What the wrong clock wrote is in a segment of its own, so that its time says nothing of its neighbours.
    assert_eq!(world.segments().len(), 8);
}

#[test]
fn an_authority_that_issues_nothing_shows_that_time_passes() {
    let world = World::new();
    let config = world.config();
    sigstead_durable::create_private_directory(&config.path).unwrap();
    let lock = lock(&config.path).unwrap();
    let (clock, health) = (world.clock.clone(), Arc::default());
    let mut writer = Writer::new(&config, clock, Arc::default(), health, lock);
    for days in 1..=3 {
        assert!(writer.attempt(Vec::new(), Sync::Now).is_none());
        assert!(
            writer.attempt(Vec::new(), Sync::Now).is_none(),
            "once a day"
        );
        assert_eq!(world.segments().len(), days);
        world.clock.advance(DAY);
    }
    assert!(world.offline().is_empty());
}

#[test]
fn states_that_nobody_waited_for_are_synced_in_a_while_and_before_the_next_segment() {
    let world = World::new();
    let config = world.config();
    sigstead_durable::create_private_directory(&config.path).unwrap();
    let lock = lock(&config.path).unwrap();
    let (clock, health) = (world.clock.clone(), Arc::default());
    let mut writer = Writer::new(&config, clock, Arc::default(), health, lock);
    assert!(writer.attempt(vec![issuance(1)], Sync::Now).is_none());
    for pause in [std::time::Duration::ZERO, DAY] {
        let state = vec![ended(1, Outcome::Issued)];
        assert!(writer.attempt(state, Sync::WithTheNext).is_none());
        assert!(writer.is_unsynced);
        world.clock.advance(pause);
        assert!(writer.attempt(Vec::new(), Sync::Now).is_none());
        assert!(!writer.is_unsynced);
    }
    assert_eq!(world.segments().len(), 2);
}

/// A write that fails may leave whole states behind, which are written again into the next segment.
#[tokio::test]
async fn what_a_failed_write_left_is_not_listed_twice() {
    let (world, twin) = (World::new(), World::new());
    let (record, other) = (world.open(), twin.open());
    for record in [&record, &other] {
        record.append(&ended(1, Outcome::Issued)).await.unwrap();
    }
    other.append(&ended(2, Outcome::Issued)).await.unwrap();
    let left = fs::read(&twin.segments()[0]).unwrap();
    fs::write(&world.segments()[0], left).unwrap();
    assert_eq!(world.offline().len(), 2, "the write left a state");
    let too_large = Issuance {
        failure: Some("x".repeat(17 << 20)),
        ..ended(3, Outcome::Failed)
    };
    assert!(record.append(&too_large).await.is_err());
    record.append(&ended(2, Outcome::Issued)).await.unwrap();
    let listed = all(&record).await;
    let ids: Vec<_> = listed.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["id-1", "id-2"]);
    assert_eq!(world.segments().len(), 2);
}

#[tokio::test]
async fn what_is_open_is_not_lost_however_many_segments_follow() {
    let world = World::new();
    let record = world.open();
    record.append(&issuance(1)).await.unwrap();
    for number in 2..5 {
        world.clock.advance(std::time::Duration::from_secs(86_400));
        record
            .append(&ended(number, Outcome::Issued))
            .await
            .unwrap();
    }
    drop(record);
    assert_eq!(world.segments().len(), 4);
    let offline = world.offline().into_iter();
    let open: Vec<_> = offline
        .filter(|each| each.outcome == Outcome::Open)
        .map(|each| each.id)
        .collect();
    assert_eq!(open, ["id-1"]);
    let last = all(&world.open()).await.pop();
    assert_eq!(last, Some(("id-1".to_owned(), Outcome::Interrupted)));
}

#[tokio::test]
async fn a_record_that_cannot_be_written_refuses_and_goes_on_when_it_can() {
    let world = World::new();
    let record = world.open();
    record.append(&ended(1, Outcome::Issued)).await.unwrap();
    record.append(&issuance(7)).await.unwrap();
    // The next state needs another segment, and something is in its place.
    world.clock.advance(DAY);
    let next = segment::Segment::new(&world.config().path, 2, world.clock.now()).path;
    fs::create_dir(&next).unwrap();
    for _ in 0..2 {
        let refused = record.append(&issuance(2)).await;
        for refused in [refused, record.check()] {
            assert!(
                matches!(refused, Err(Error::NotRecorded { .. })),
                "{refused:?}"
            );
        }
    }
    let end = record.append(&ended(7, Outcome::Failed)).await;
    assert!(end.is_err(), "{end:?}");
    fs::remove_dir(&next).unwrap();
    record.append(&ended(3, Outcome::Issued)).await.unwrap();
    record.check().unwrap();
    let found: Vec<_> = all(&record).await;
    let expected = [
        ("id-1", Outcome::Issued),
        ("id-7", Outcome::Failed),
        ("id-3", Outcome::Issued),
    ];
    let expected = expected.map(|(id, outcome)| (id.to_owned(), outcome));
    assert_eq!(found, expected, "what ended meanwhile is not open");
}

#[tokio::test]
async fn is_for_the_user_of_the_service_alone() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new();
    let record = world.open();
    record.append(&issuance(1)).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o077;
    assert_eq!(mode(&world.config().path), 0);
    assert_eq!(mode(&world.segments()[0]), 0);
}

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
