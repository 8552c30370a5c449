//! The bytes of requests.

use proptest::prelude::*;
use sigstead_mirror::{EntryPackage, FormError, UploadHeader};

use crate::world::Log;

#[test]
fn packages_end_where_bundles_do() {
    let ranges = |start, end| -> Vec<_> {
        let ranges = Log::header(start, end).ranges();
        ranges.map(|range| (range.start, range.end)).collect()
    };
    assert_eq!(ranges(0, 0), []);
    assert_eq!(ranges(7, 7), []);
    assert_eq!(ranges(0, 256), [(0, 256)]);
    assert_eq!(ranges(250, 513), [(250, 256), (256, 512), (512, 513)]);
    assert_eq!(ranges(u64::MAX - 1, u64::MAX), [(u64::MAX - 1, u64::MAX)]);
}

#[test]
fn writes_a_header_as_the_specification_says() {
    let mut header = Log::header(1, 0x0102);
    header.ticket = vec![9, 8];
    let bytes = header.encode().unwrap();
    let expected = [
        &[0, 11][..],
        b"log.example",
        &[0, 0, 0, 0, 0, 0, 0, 1],
        &[0, 0, 0, 0, 0, 0, 1, 2],
        &[0, 2, 9, 8],
    ];
    assert_eq!(bytes, expected.concat());
    assert_eq!(UploadHeader::read(&mut bytes.as_slice()).unwrap(), header);
}

#[test]
fn refuses_what_is_no_header() {
    let good = Log::header(1, 2).encode().unwrap();
    for length in 0..good.len() {
        let refused = UploadHeader::read(&mut &good[..length]).unwrap_err();
        assert!(matches!(refused, FormError::Truncated), "{length}");
    }
    let backwards = Log::header(3, 2).encode().unwrap();
    let refused = UploadHeader::read(&mut backwards.as_slice());
    assert!(matches!(
        refused,
        Err(FormError::Range { start: 3, end: 2 })
    ));
    for origin in [&b""[..], b"a\nb", b"\xff"] {
        let mut bytes = vec![0, origin.len() as u8];
        bytes.extend(origin);
        bytes.extend([0; 18]);
        let refused = UploadHeader::read(&mut bytes.as_slice());
        assert!(matches!(refused, Err(FormError::Origin)), "{origin:?}");
    }
}

#[test]
fn refuses_a_package_that_is_cut_or_has_too_many_hashes() {
    let package = Log::new(300).package(256..300, 300, u64::MAX);
    let good = package.encode().unwrap();
    let read = |bytes: &[u8]| EntryPackage::read(&mut &bytes[..], 256..300);
    assert_eq!(read(&good).unwrap(), Some(package.clone()));
    assert_eq!(read(&[]).unwrap(), None);
    for length in [60, good.len() / 2, good.len() - 1] {
        assert!(matches!(read(&good[..length]), Err(FormError::Truncated)));
    }
    let mut many = package;
    many.hashes = vec![many.hashes[0]; 64];
    assert!(matches!(many.encode(), Err(FormError::Proof)));
    let mut long = many;
    long.hashes.clear();
    long.entries[3] = vec![0; 65536];
    assert!(matches!(long.encode(), Err(FormError::Length(65536))));
}

proptest! {
    #[test]
    fn no_bytes_bring_a_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..400), width in 1_u64..=256) {
        let _ = UploadHeader::read(&mut bytes.as_slice());
        let _ = EntryPackage::read(&mut bytes.as_slice(), 512..512 + width);
    }
}
