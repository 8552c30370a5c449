//! The file of issuers: what is accepted is written and read as the same file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_identity::IssuersConfig;

fuzz_target!(|text: &str| {
    if let Ok(config) = IssuersConfig::parse(text) {
        let yaml = config.to_yaml().expect("what is read can be written");
        assert_eq!(IssuersConfig::parse(&yaml).ok(), Some(config), "{yaml}");
    }
});
