//! The trusted root and the signing configuration: what is read is written and read as the same document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_trust_root::{SigningConfig, TrustedRoot};

fuzz_target!(|data: &[u8]| {
    if let Ok(root) = TrustedRoot::parse(data) {
        for authority in root
            .certificate_authorities
            .iter()
            .chain(&root.timestamp_authorities)
        {
            assert!(
                authority.chain().is_ok_and(|chain| !chain.is_empty())
                    || authority.chain().is_err()
            );
        }
        let written = root.encode();
        assert_eq!(
            TrustedRoot::parse(&written).ok(),
            Some(root),
            "{}",
            String::from_utf8_lossy(&written)
        );
    }
    if let Ok(config) = SigningConfig::parse(data) {
        let written = config.encode();
        assert_eq!(
            SigningConfig::parse(&written).ok(),
            Some(config),
            "{}",
            String::from_utf8_lossy(&written)
        );
    }
});
