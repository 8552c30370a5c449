//! Witness policies and verifier keys: what is read is read again from what is written, and more cosignatures never make a
//! quorum fail.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use sigstead_witness::{CosignerKey, Policy};

fuzz_target!(|text: &str| {
    if let Ok(key) = CosignerKey::parse(text) {
        let again = CosignerKey::parse(&key.to_string()).expect("it was written");
        assert_eq!(again.to_string(), key.to_string());
        assert_eq!(again.key_id(), key.key_id());
    }
    let Ok(policy) = Policy::parse(text) else {
        return;
    };
    let written = policy.to_string();
    let again = Policy::parse(&written).expect("it was written");
    assert_eq!(again.to_string(), written);
    let mut cosigned = BTreeSet::new();
    let mut was_met = policy.is_met(&cosigned);
    assert_eq!(was_met, !policy.needs_cosignatures());
    for witness in policy.witnesses() {
        cosigned.insert(witness.name.clone());
        let is_met = policy.is_met(&cosigned);
        assert!(
            is_met || !was_met,
            "one more cosignature, and the quorum fails"
        );
        assert_eq!(is_met, again.is_met(&cosigned));
        was_met = is_met;
    }
    assert!(was_met, "all of them do not suffice");
});
