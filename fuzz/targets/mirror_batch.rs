//! Entries of a log on a medium: a header and packages that are read are written as the same bytes, in ranges that follow one another.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_mirror::{EntryPackage, UploadHeader};

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    let Ok(header) = UploadHeader::read(&mut rest) else {
        return;
    };
    let mut written = header.encode().expect("it was read");
    let mut next = header.start;
    for range in header.ranges() {
        assert!(range.start == next && range.end > range.start && range.end <= header.end);
        assert!(range.end - range.start <= 256);
        next = range.end;
        let Ok(Some(package)) = EntryPackage::read(&mut rest, range.clone()) else {
            return;
        };
        assert_eq!(package.range, range);
        assert_eq!(package.entries.len() as u64, range.end - range.start);
        written.extend(package.encode().expect("it was read"));
        assert_eq!(data.get(..written.len()), Some(written.as_slice()));
    }
    assert_eq!(next, header.end);
});
