//! Public keys: what is read is written back, in both forms, and PEM of any spelling reads as its DER.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_key::{PublicKey, pem};

fuzz_target!(|data: &[u8]| {
    if let Ok(key) = PublicKey::from_spki_der(data) {
        assert_eq!(key.spki_der(), data);
    }
    if let Ok(key) = PublicKey::from_pem_or_der(data) {
        assert_eq!(
            PublicKey::from_spki_der(key.spki_der()).as_ref(),
            Ok(&key).as_ref().map(|key| *key)
        );
        assert_eq!(PublicKey::from_pem(&key.to_pem()).ok(), Some(key));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let first = pem::decode(text).ok();
        let all = pem::decode_all(text).ok();
        if let Some(blocks) = all {
            assert_eq!(first.as_ref(), blocks.first());
            let written: String = blocks
                .iter()
                .map(|(label, content)| pem::encode(label, content))
                .collect();
            assert_eq!(pem::decode_all(&written).ok(), Some(blocks));
        }
    }
});
