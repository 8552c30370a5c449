//! Bodies of the log of version 2: one spelling, and what is verified is that spelling.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_entry::{CanonicalEntry, MAX_BODY_LENGTH, rebuild_hashedrekord};

fuzz_target!(|data: &[u8]| {
    let Ok(canonical) = CanonicalEntry::parse(data) else {
        return;
    };
    let CanonicalEntry {
        hash_algorithm,
        entry,
    } = canonical;
    if let Ok(rebuilt) = rebuild_hashedrekord(
        &entry.digest,
        hash_algorithm,
        &entry.signature,
        &entry.verifier,
    ) {
        let again = CanonicalEntry::parse(&rebuilt).expect("what is written can be read");
        assert_eq!(again.entry.digest, entry.digest);
        assert_eq!(again.entry.verifier, entry.verifier);
    }
    if let Ok(verified) = entry.verify() {
        assert!(verified.canonical_body().len() <= MAX_BODY_LENGTH);
        assert!(CanonicalEntry::parse(verified.canonical_body()).is_ok());
    }
});
