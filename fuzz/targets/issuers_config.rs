//! The file of issuers: what is accepted is written and read as the same file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_identity::IssuersConfig;

fuzz_target!(|text: &str| {
    if let Ok(config) = IssuersConfig::parse(text) {
        let yaml = config.to_yaml().expect("what is read can be written");
        let again = IssuersConfig::parse(&yaml).expect("what is written can be read");
        // What nothing reads is not written.
        assert_eq!(again.issuers, config.issuers, "{yaml}");
        assert_eq!(again.meta_issuers, config.meta_issuers, "{yaml}");
        assert_eq!(
            again.ci_issuer_metadata, config.ci_issuer_metadata,
            "{yaml}"
        );
    }
});
