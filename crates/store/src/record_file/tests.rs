use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

struct Scratch {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn scratch() -> Scratch {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("users.rec");
    Scratch {
        _directory: directory,
        path,
    }
}

fn written(records: &[&[u8]]) -> Scratch {
    let scratch = scratch();
    let (mut file, found) = RecordFile::open(&scratch.path).unwrap();
    assert!(found.is_empty());
    for record in records {
        file.append(record).unwrap();
    }
    scratch
}

#[test]
fn reads_back_what_was_appended() {
    let scratch = written(&[b"one", b"", b"three"]);
    let (mut file, records) = RecordFile::open(&scratch.path).unwrap();
    assert_eq!(records, [b"one".to_vec(), Vec::new(), b"three".to_vec()]);
    assert_eq!(file.torn_bytes(), 0);
    file.append(b"four").unwrap();
    drop(file);
    assert_eq!(RecordFile::open(&scratch.path).unwrap().1.len(), 4);
}

#[test]
fn what_is_appended_without_a_sync_stands_in_its_place() {
    let scratch = written(&[b"one"]);
    let (mut file, _) = RecordFile::open(&scratch.path).unwrap();
    file.append_unsynced(&[b"two", b"three"]).unwrap();
    assert_eq!(RecordFile::read(&scratch.path).unwrap().len(), 3);
    file.append(b"four").unwrap();
    let expected: Vec<Vec<u8>> = [&b"one"[..], b"two", b"three", b"four"]
        .map(Into::into)
        .into();
    assert_eq!(RecordFile::read(&scratch.path).unwrap(), expected);
}

#[test]
fn cuts_off_an_interrupted_append_at_every_length() {
    let scratch = written(&[b"kept", b"torn record"]);
    let whole = fs::read(&scratch.path).unwrap();
    let kept = HEADER.len() + PREFIX_BYTES + 4;
    for length in kept..whole.len() {
        fs::write(&scratch.path, &whole[..length]).unwrap();
        let (mut file, records) = RecordFile::open(&scratch.path).unwrap();
        assert_eq!(records, [b"kept".to_vec()], "cut at {length}");
        assert_eq!(file.torn_bytes(), (length - kept) as u64);
        file.append(b"next").unwrap();
        drop(file);
        assert_eq!(
            RecordFile::open(&scratch.path).unwrap().1,
            [b"kept".to_vec(), b"next".to_vec()]
        );
    }
}

#[test]
fn takes_a_zeroed_rest_for_an_interrupted_append() {
    let scratch = written(&[b"kept"]);
    let mut bytes = fs::read(&scratch.path).unwrap();
    bytes.extend_from_slice(&[0; 100]);
    fs::write(&scratch.path, bytes).unwrap();
    let (file, records) = RecordFile::open(&scratch.path).unwrap();
    assert_eq!((records.len(), file.torn_bytes()), (1, 100));
}

#[test]
fn begins_again_after_a_crash_in_the_header() {
    let scratch = scratch();
    fs::write(&scratch.path, &HEADER[..7]).unwrap();
    assert!(RecordFile::open(&scratch.path).unwrap().1.is_empty());
    assert_eq!(fs::read(&scratch.path).unwrap(), HEADER);
}

#[test]
fn refuses_any_flipped_bit_and_names_the_offset() {
    let scratch = written(&[b"first record", b"second record"]);
    let whole = fs::read(&scratch.path).unwrap();
    for position in 0..whole.len() {
        for bit in [0, 3, 7] {
            let mut flipped = whole.clone();
            flipped[position] ^= 1 << bit;
            fs::write(&scratch.path, flipped).unwrap();
            let refused = RecordFile::open(&scratch.path);
            let is_told = match &refused {
                Err(Error::Damaged { what }) => what.contains("offset"),
                // Another digit is another number.
                Err(Error::Newer { .. }) => position == MAGIC.len(),
                _ => false,
            };
            assert!(is_told, "byte {position}, bit {bit}: {refused:?}");
        }
    }
}

#[test]
fn refuses_a_second_opener_and_records_above_the_limit() {
    let scratch = scratch();
    let (mut file, _) = RecordFile::open(&scratch.path).unwrap();
    assert!(matches!(
        RecordFile::open(&scratch.path),
        Err(Error::Io { .. })
    ));
    let refused = file.append(&vec![0; RECORD_BYTES_AT_MOST + 1]);
    assert!(matches!(refused, Err(Error::TooLarge { .. })));
    file.append(b"goes on").unwrap();
}

proptest! {
    #[test]
    fn any_records_round_trip(records: Vec<Vec<u8>>) {
        let slices: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let scratch = written(&slices);
        prop_assert_eq!(RecordFile::open(&scratch.path).unwrap().1, records);
    }
}

#[test]
fn reading_changes_nothing_and_needs_no_lock() {
    let scratch = scratch();
    assert!(RecordFile::read(&scratch.path).unwrap().is_empty());
    assert!(!scratch.path.exists());
    let (mut file, _) = RecordFile::open(&scratch.path).unwrap();
    file.append(b"one").unwrap();
    file.append(b"two").unwrap();
    assert_eq!(RecordFile::read(&scratch.path).unwrap(), [b"one", b"two"]);
    let whole = fs::read(&scratch.path).unwrap();
    fs::write(&scratch.path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(RecordFile::read(&scratch.path).unwrap(), [b"one"]);
    assert_eq!(fs::read(&scratch.path).unwrap(), whole[..whole.len() - 1]);
    fs::write(&scratch.path, b"another kind of file").unwrap();
    assert!(matches!(
        RecordFile::read(&scratch.path),
        Err(Error::Damaged { .. })
    ));
}

#[test]
fn a_file_of_a_newer_release_is_told_from_a_damaged_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records");
    assert_eq!(RecordFile::format(&path).unwrap(), None);
    drop(RecordFile::open(&path).unwrap());
    assert_eq!(RecordFile::format(&path).unwrap(), Some(1));
    for (head, newer) in [
        (&b"sigstead-rec v2\n"[..], Some(2)),
        (b"sigstead-rec v37", Some(37)),
        (b"sigstead-rec v0\n", None),
        (b"sigstead-rec vx\n", None),
        (b"sigstead-reX v2\n", None),
    ] {
        fs::write(&path, [head, b"what it has"].concat()).unwrap();
        let refused = [
            RecordFile::read(&path).unwrap_err(),
            RecordFile::open(&path).unwrap_err(),
        ];
        for error in refused {
            match newer {
                Some(number) => assert!(
                    matches!(error, Error::Newer { found, known: 1, .. } if found == number),
                    "{error}"
                ),
                None => assert!(matches!(error, Error::Damaged { .. }), "{error}"),
            }
        }
        assert_eq!(RecordFile::format(&path).ok(), newer.map(Some));
        let kept = fs::read(&path).unwrap();
        assert!(kept.starts_with(head), "nothing of it was changed");
    }
}
