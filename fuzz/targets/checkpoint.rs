//! Checkpoints: what is read is written back byte for byte, and is signed only as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_checkpoint::{Checkpoint, Origin, SignedCheckpoint};

fuzz_target!(|text: &str| {
    if let Ok(read) = Checkpoint::parse(text) {
        assert_eq!(read.text(), text);
    }
    if let Ok(signed) = SignedCheckpoint::parse(text) {
        assert_eq!(signed.note.encode(), text);
        assert_eq!(signed.checkpoint.text(), signed.note.text);
        let origin = signed.checkpoint.origin.as_str();
        assert_eq!(
            Origin::parse(origin).ok(),
            Some(signed.checkpoint.origin.clone())
        );
    }
});
