//! Record files: whatever they hold, opening them twice reads the same, and an appended record is read back.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use sigstead_store::RecordFile;
use tempfile::TempDir;

fuzz_target!(|data: &[u8]| {
    let directory = TempDir::new().expect("there is room");
    let place = directory.path().join("records");
    fs::write(&place, data).expect("there is room");
    let Ok((mut file, mut records)) = RecordFile::open(&place) else {
        // What is damaged stays as it is, for whoever looks into it.
        assert_eq!(fs::read(&place).ok().as_deref(), Some(data));
        return;
    };
    file.append(b"one more").expect("there is room");
    drop(file);
    records.push(b"one more".to_vec());
    let (again, read) = RecordFile::open(&place).expect("it was whole");
    assert_eq!(read, records);
    assert_eq!(again.torn_bytes(), 0);
});
