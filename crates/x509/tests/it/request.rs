//! Requests as clients send them.

use futures::executor::block_on;
use sigstead_key::{Algorithm, pem};
use sigstead_signer::Signer;
use sigstead_x509::{CertificateRequest, Error};

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        0..128 => vec![tag, length[1]],
        128..256 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head, content.to_vec()].concat()
}

/// A request with an empty subject, and whatever attributes.
fn request(signer: &dyn Signer, attributes: &[u8], algorithm: &[u8]) -> Vec<u8> {
    let content = [
        &[2, 1, 0, 0x30, 0][..],
        signer.public_key().spki_der(),
        attributes,
    ]
    .concat();
    let information = element(0x30, &content);
    let mut signature = vec![0];
    signature.extend(block_on(signer.sign(&information)).unwrap());
    let content = [
        information,
        element(0x30, algorithm),
        element(3, &signature),
    ]
    .concat();
    element(0x30, &content)
}

const ECDSA_SHA256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const ED25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];

#[test]
fn proves_that_the_key_is_held() {
    let table = [
        (Algorithm::EcdsaP256Sha256, ECDSA_SHA256),
        (Algorithm::Ed25519, ED25519),
    ];
    for (algorithm, oid) in table {
        let signer = sigstead_signer::ephemeral(algorithm).unwrap();
        for attributes in [&[][..], &[0xa0, 0], &[0xa0, 2, 0x30, 0]] {
            let der = request(signer.as_ref(), attributes, oid);
            let text = pem::encode("CERTIFICATE REQUEST", &der);
            let unfinished = text.trim_end().replace("CERTIFICATE", "NEW CERTIFICATE");
            for bytes in [der.as_slice(), text.as_bytes(), unfinished.as_bytes()] {
                let read = CertificateRequest::from_pem_or_der(bytes).unwrap();
                assert_eq!(read.verify().unwrap(), *signer.public_key());
            }
        }
    }
}

#[test]
fn refuses_another_algorithm_another_label_and_changed_bytes() {
    let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let der = request(signer.as_ref(), &[0xa0, 0], ED25519);
    let read = CertificateRequest::from_pem_or_der(&der).unwrap();
    assert!(matches!(read.verify(), Err(Error::AlgorithmMismatch)));

    let der = request(signer.as_ref(), &[0xa0, 0], ECDSA_SHA256);
    let text = pem::encode("CERTIFICATE", &der);
    assert!(CertificateRequest::from_pem_or_der(text.as_bytes()).is_err());
    for position in 0..der.len() {
        let mut changed = der.clone();
        changed[position] ^= 1;
        let read = CertificateRequest::from_pem_or_der(&changed);
        let verified = read.and_then(|read| read.verify());
        assert!(verified.is_err(), "octet {position}");
    }
}
