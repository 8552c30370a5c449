//! Certification requests: the key that one proves to hold is a key that is accepted by itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_key::PublicKey;
use sigstead_x509::CertificateRequest;

fuzz_target!(|data: &[u8]| {
    let Ok(request) = CertificateRequest::from_pem_or_der(data) else {
        return;
    };
    if let Ok(key) = request.verify() {
        assert_eq!(PublicKey::from_spki_der(key.spki_der()).ok(), Some(key));
    }
});
