//! Timestamp requests: what is accepted is written and read as the same request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_tsp::{Policy, TimeStampReq};

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = TimeStampReq::from_der(data) {
        let der = request.to_der().expect("it was read");
        assert_eq!(TimeStampReq::from_der(&der).ok(), Some(request));
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(policy) = Policy::parse(text)
    {
        assert_eq!(Policy::parse(&policy.to_string()).ok(), Some(policy));
    }
});
