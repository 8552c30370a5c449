//! Paths: whatever is found leads from the leaf to a root over signatures that verify. Also the removal of extensions
//! from arbitrary bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_fuzz::parts;
use sigstead_x509::{Certificate, ExtendedKeyUsage, oid, strip_extension, verify_chain};
use time::OffsetDateTime;

fuzz_target!(|data: &[u8]| {
    let mut parts = parts(data).into_iter();
    let Some((at, others)) = parts.next().and_then(<[u8]>::split_first_chunk) else {
        return;
    };
    let Ok(at) = OffsetDateTime::from_unix_timestamp(i32::from_be_bytes(*at).into()) else {
        return;
    };
    let roots = others.first().map_or(1, |count| usize::from(*count));
    let parts: Vec<_> = parts.collect();
    for part in &parts {
        check_stripping(part);
    }
    let certificates: Vec<_> = parts
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect();
    let Some((leaf, above)) = certificates.split_first() else {
        return;
    };
    let (roots, intermediates) = above.split_at(roots.min(above.len()));
    for usage in [
        ExtendedKeyUsage::CodeSigning,
        ExtendedKeyUsage::TimeStamping,
        ExtendedKeyUsage::ServerAuthentication,
    ] {
        if let Ok(path) = verify_chain(leaf, intermediates, roots, at, usage) {
            check_path(&path, leaf, roots, at);
        }
    }
});

fn check_path(path: &[Certificate], leaf: &Certificate, roots: &[Certificate], at: OffsetDateTime) {
    assert_eq!(path.first(), Some(leaf));
    assert!(path.last().is_some_and(|last| roots.contains(last)));
    for (issued, issuer) in path.iter().zip(path.iter().skip(1)) {
        assert!(issued.verify_signed_by(issuer).is_ok());
        assert!(issuer.is_ca());
    }
    assert!(path.iter().all(|each| each.validity().covers(at)));
}

fn check_stripping(bytes: &[u8]) {
    for oid in [oid::POISON, oid::SCT_LIST] {
        if let Ok(stripped) = strip_extension(bytes, &oid) {
            assert!(stripped.len() < bytes.len());
            assert!(strip_extension(&stripped, &oid).is_err());
        }
    }
}
