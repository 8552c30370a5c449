//! The anchor file: what is read from any bytes survives being stored again.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use sigstead_sequencer::{Anchor as _, FileAnchor};
use tempfile::TempDir;

fuzz_target!(|data: &[u8]| {
    let directory = TempDir::new().expect("there is room");
    let place = directory.path().join("anchor");
    fs::write(&place, data).expect("there is room");
    let mut anchor = FileAnchor::new(&place);
    if let Ok(Some(anchored)) = anchor.load() {
        anchor.store(&anchored).expect("there is room");
        assert_eq!(FileAnchor::new(&place).load().ok(), Some(Some(anchored)));
    }
});
