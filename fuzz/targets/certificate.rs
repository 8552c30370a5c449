//! Certificates: bytes are kept as they came, the accessors agree with them, and PEM reads as its DER.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_x509::{Certificate, strip_extension};

fuzz_target!(|data: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(data) {
        check(&certificate, data);
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(chain) = Certificate::chain_from_pem(text)
    {
        assert_eq!(Certificate::from_pem(text).ok().as_ref(), chain.first());
        for certificate in chain {
            check(&certificate, certificate.to_der());
        }
    }
});

fn check(certificate: &Certificate, der: &[u8]) {
    assert_eq!(certificate.to_der(), der);
    // What is verified stands in what was received.
    let tbs = certificate.tbs_der();
    assert!(der.windows(tbs.len()).any(|window| window == tbs));
    assert_eq!(
        Certificate::from_pem(&certificate.to_pem()).ok().as_ref(),
        Some(certificate)
    );
    let _ = (
        certificate.identities(),
        certificate.fulcio(),
        certificate.subject_name(),
    );
    let _ = certificate.verify_signed_by(certificate);
    if let Ok(list) = certificate.sct_list() {
        let _ = sigstead_ct::parse_list(list);
    }
    for extension in certificate.extensions() {
        assert_eq!(
            certificate.extension(&extension.oid),
            Some(extension.value.as_slice())
        );
        let stripped = strip_extension(tbs, &extension.oid).expect("it stands there once");
        assert!(stripped.len() < tbs.len());
        assert!(strip_extension(&stripped, &extension.oid).is_err());
    }
}
