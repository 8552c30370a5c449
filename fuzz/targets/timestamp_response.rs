//! Timestamp responses: nothing verifies but what the authority signed over the message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_fuzz::parts;
use sigstead_tsp::TimestampToken;
use sigstead_x509::Certificate;

fuzz_target!(|data: &[u8]| {
    let parts = parts(data);
    let Some((response, rest)) = parts.split_first() else {
        return;
    };
    let Ok(token) = TimestampToken::from_response(response) else {
        return;
    };
    let Some((message, chain)) = rest.split_first() else {
        return;
    };
    let chain: Vec<_> = chain
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect();
    if let Ok(time) = token.verify(message, &chain) {
        assert_eq!(time, token.stated_time());
        assert!(
            chain
                .first()
                .is_some_and(|signer| signer.validity().covers(time))
        );
        assert!(
            token
                .verify(&[message, b"!".as_slice()].concat(), &chain)
                .is_err()
        );
    }
});
