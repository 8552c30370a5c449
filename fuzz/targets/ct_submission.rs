//! Chains as they are submitted to a certificate log: whatever is accepted is chained to a root and makes a leaf.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_ct::{AcceptedChain, EntryKind, TileLeaf, TimestampedEntry};
use sigstead_fuzz::parts;
use sigstead_x509::Certificate;

fuzz_target!(|data: &[u8]| {
    let Some((root, submitted)) = parts(data)
        .split_first()
        .map(|(root, rest)| (*root, rest.to_vec()))
    else {
        return;
    };
    let roots: Vec<_> = Certificate::from_der(root).into_iter().collect();
    let submitted: Vec<_> = submitted
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect();
    for kind in [EntryKind::Certificate, EntryKind::Precertificate] {
        if let Ok(chain) = AcceptedChain::check(submitted.clone(), &roots, kind) {
            assert!(
                chain
                    .issuers()
                    .last()
                    .is_some_and(|last| roots.contains(last))
            );
            check(&chain);
        }
    }
});

fn check(chain: &AcceptedChain) {
    // A poison that stands twice is a certificate that cannot be read.
    let entry = chain
        .signed_entry()
        .expect("an accepted chain has an entry");
    let leaf = TileLeaf {
        timestamped_entry: TimestampedEntry {
            timestamp_millis: 1,
            entry,
            extensions: Vec::new(),
        },
        precertificate: chain.precertificate().map(<[u8]>::to_vec),
        chain: chain.fingerprints(),
    };
    let bytes = leaf.encode().expect("a leaf that fits");
    assert_eq!(TileLeaf::decode(&bytes).ok(), Some(leaf));
}
