//! Signed notes: what is read is written back byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_note::SignedNote;

fuzz_target!(|text: &str| {
    if let Ok(note) = SignedNote::parse(text) {
        assert_eq!(note.encode(), text);
    }
});
