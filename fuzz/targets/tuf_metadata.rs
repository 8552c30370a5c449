//! TUF metadata: what is read is written and read as the same, and the bytes that are signed do not change by it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_trust_root::tuf::{Role, Root, Signed, Snapshot, Targets, Timestamp};

fuzz_target!(|data: &[u8]| {
    if let Some(root) = check::<Root>(data) {
        let _ = root.verify(&root.signed);
        for (id, key) in &root.signed.keys {
            let _ = (key.id() == *id, key.public_key());
        }
    }
    check::<Targets>(data);
    check::<Snapshot>(data).map(|snapshot| snapshot.signed.targets_version());
    check::<Timestamp>(data).map(|timestamp| timestamp.signed.snapshot().cloned());
});

fn check<T: Role + PartialEq + std::fmt::Debug>(data: &[u8]) -> Option<Signed<T>> {
    let metadata = Signed::<T>::parse(data).ok()?;
    let written = metadata.encode();
    let again = Signed::<T>::parse(&written);
    assert_eq!(
        again.as_ref().ok(),
        Some(&metadata),
        "{}",
        String::from_utf8_lossy(&written)
    );
    assert_eq!(
        again.ok().and_then(|again| again.bytes_to_sign().ok()),
        metadata.bytes_to_sign().ok()
    );
    Some(metadata)
}
