mod faults;

use proptest::prelude::*;

use super::*;
use crate::conformance::rounds;
use crate::last_round;
use crate::segment::{self, Position};

const SMALL: usize = 4096;

struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(rounds: &[Round]) -> Self {
        let scratch = Self::new();
        let mut journal = scratch.open();
        journal.load().unwrap();
        let mut head = TreeHead::empty();
        for round in rounds {
            journal.commit(&head, round).unwrap();
            head = round.head;
        }
        drop(journal);
        scratch
    }

    fn open(&self) -> FileJournal {
        FileJournal::open_with(self.0.path(), SMALL).unwrap()
    }

    fn load(&self) -> Result<Vec<Round>, Error> {
        self.open().load()
    }

    fn segments(&self) -> Vec<PathBuf> {
        let numbers = segment::numbers(self.0.path()).unwrap();
        numbers
            .into_iter()
            .map(|number| segment::path(self.0.path(), number))
            .collect()
    }

    fn change(&self, segment: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let place = &self.segments()[segment];
        let mut bytes = fs::read(place).unwrap();
        change(&mut bytes);
        fs::write(place, bytes).unwrap();
    }

    /// Where each record of a segment starts and ends.
    fn records(&self, segment: usize) -> Vec<(usize, usize)> {
        let bytes = fs::read(&self.segments()[segment]).unwrap();
        let mut offset = SECTOR_BYTES;
        let mut found = Vec::new();
        while let Some(header) = bytes
            .get(offset..)
            .and_then(<[u8]>::first_chunk)
            .and_then(Header::decode)
        {
            let end = offset + record_bytes(header.length as usize);
            found.push((offset, end));
            offset = end;
        }
        found
    }
}

#[test]
fn conforms_with_segments_of_any_size() {
    for segment_bytes in [SECTOR_BYTES + HEADER_BYTES, SMALL, SEGMENT_BYTES] {
        let directory = tempfile::tempdir().unwrap();
        crate::conformance::run(|| {
            Box::new(FileJournal::open_with(directory.path(), segment_bytes).unwrap())
        });
    }
}

#[test]
fn goes_on_in_new_segments_and_removes_old_ones() {
    let rounds = rounds(&[10; 40]);
    let scratch = Scratch::with(&rounds);
    assert!(scratch.segments().len() > 3);
    assert_eq!(scratch.load().unwrap(), rounds);
    let mut journal = scratch.open();
    journal.load().unwrap();
    journal.trim(390).unwrap();
    drop(journal);
    assert_eq!(scratch.segments().len(), 1);
}

#[test]
fn a_second_process_is_fenced_out() {
    let scratch = Scratch::new();
    let _journal = scratch.open();
    assert!(matches!(
        FileJournal::open(scratch.0.path()),
        Err(Error::Fenced)
    ));
}

#[test]
fn cuts_off_an_append_that_was_interrupted_in_any_sector() {
    let rounds = rounds(&[2, 30]);
    let whole = Scratch::with(&rounds);
    let (start, end) = whole.records(0)[1];
    assert!(end - start > 2 * SECTOR_BYTES);
    let sectors = start / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES);
    for unwritten in sectors {
        let scratch = Scratch::with(&rounds);
        scratch.change(0, |bytes| {
            let from = (unwritten * SECTOR_BYTES).max(start);
            bytes[from..((unwritten + 1) * SECTOR_BYTES).min(end)].fill(0);
        });
        let mut journal = scratch.open();
        assert_eq!(journal.load().unwrap(), rounds[..1], "sector {unwritten}");
        journal.commit(&rounds[0].head, &rounds[1]).unwrap();
        drop(journal);
        assert_eq!(scratch.load().unwrap(), rounds, "sector {unwritten}");
    }
}

#[test]
fn the_newest_round_is_read_beside_the_process_that_holds_the_journal() {
    let rounds = rounds(&[3, 1, 40, 2, 0]);
    let scratch = Scratch::with(&rounds);
    // What an append leaves that is not whole is not there for a reader either, and stays.
    let last = scratch.segments().len() - 1;
    scratch.change(last, |bytes| *bytes.last_mut().unwrap() = 1);
    let contents = || {
        scratch
            .segments()
            .iter()
            .map(fs::read)
            .map(Result::unwrap)
            .collect::<Vec<_>>()
    };
    let before = contents();
    let _held = scratch.open();
    assert_eq!(
        last_round(scratch.0.path()).unwrap(),
        rounds.last().cloned()
    );
    assert_eq!(contents(), before);
    assert_eq!(last_round(Scratch::new().0.path()).unwrap(), None);
    assert!(matches!(
        last_round(&scratch.0.path().join("absent")),
        Err(Error::Io { .. })
    ));
}

#[test]
fn refuses_any_flipped_bit_of_what_was_acknowledged() {
    let rounds = rounds(&[2, 3, 1]);
    let whole = Scratch::with(&rounds);
    let records = whole.records(0);
    for (record, (start, _)) in records.iter().enumerate() {
        let used = HEADER_BYTES + rounds[record].encoded_bytes();
        for position in (*start..start + used).step_by(7) {
            let scratch = Scratch::with(&rounds);
            scratch.change(0, |bytes| bytes[position] ^= 0x10);
            let refused = scratch.load();
            assert!(
                matches!(refused, Err(Error::Damaged { .. })),
                "byte {position}: {refused:?}"
            );
        }
    }
}

#[test]
fn refuses_zeros_in_the_middle() {
    let rounds = rounds(&[2, 30, 1]);
    for record in 0..2 {
        let scratch = Scratch::with(&rounds);
        let (start, end) = scratch.records(0)[record];
        scratch.change(0, |bytes| bytes[start..end].fill(0));
        assert!(
            matches!(scratch.load(), Err(Error::Damaged { .. })),
            "record {record}"
        );
    }
}

#[test]
fn refuses_a_segment_that_is_missing_or_foreign_or_of_another_version() {
    let rounds = rounds(&[10; 40]);
    let missing = Scratch::with(&rounds);
    fs::remove_file(&missing.segments()[1]).unwrap();
    assert!(matches!(missing.load(), Err(Error::Damaged { .. })));

    let foreign = Scratch::with(&rounds);
    let other = Scratch::with(&crate::conformance::rounds(&[11; 40]));
    fs::copy(&other.segments()[2], &foreign.segments()[2]).unwrap();
    assert!(matches!(foreign.load(), Err(Error::Damaged { .. })));

    let newer = Scratch::with(&rounds);
    newer.change(0, |bytes| {
        bytes[16] = 2;
        let own = crc32c::crc32c(&bytes[..SECTOR_BYTES - 4]);
        bytes[SECTOR_BYTES - 4..SECTOR_BYTES].copy_from_slice(&own.to_le_bytes());
    });
    assert!(matches!(newer.load(), Err(Error::Damaged { why, .. }) if why.contains("version")));
}

#[test]
fn a_segment_put_in_place_before_a_crash_is_used() {
    let rounds = rounds(&[2, 200, 1]);
    let scratch = Scratch::with(&rounds[..1]);
    let mut journal = scratch.open();
    journal.load().unwrap();
    journal.reserve(rounds[1].encoded_bytes()).unwrap();
    drop(journal);
    assert_eq!(scratch.segments().len(), 2);
    let mut journal = scratch.open();
    assert_eq!(journal.load().unwrap(), rounds[..1]);
    journal.trim(2).unwrap();
    journal.commit(&rounds[0].head, &rounds[1]).unwrap();
    journal.trim(2).unwrap();
    drop(journal);
    assert_eq!(scratch.load().unwrap(), rounds[1..2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_rounds_round_trip(counts in proptest::collection::vec(0_usize..40, 0..12)) {
        let rounds = rounds(&counts);
        for round in &rounds {
            let mut payload = Vec::new();
            round.encode(&mut payload);
            prop_assert_eq!(payload.len(), round.encoded_bytes());
        }
        prop_assert_eq!(Scratch::with(&rounds).load().unwrap(), rounds);
    }

    #[test]
    fn decoding_never_panics(bytes: Vec<u8>) {
        let _ = Round::decode(&bytes);
        let _ = Position::decode(&bytes);
    }
}
