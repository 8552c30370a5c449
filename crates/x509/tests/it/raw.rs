//! Certificates that no profile makes, signed all the same.

use std::sync::Arc;

use futures::executor::block_on;
use sigstead_key::{Algorithm, SignatureAlgorithm};
use sigstead_signer::Signer;
use sigstead_x509::{Certificate, Error};

use crate::world::Authority;

/// A certificate under construction: of a new key, without a subject, for ten minutes from the moment of all tests.
pub(crate) struct Raw<'a> {
    authority: &'a Authority,
    signer: Arc<dyn Signer>,
    subject: Vec<u8>,
    extensions: Vec<u8>,
}

impl<'a> Raw<'a> {
    pub(crate) fn issued_by(authority: &'a Authority) -> Self {
        Self {
            authority,
            signer: sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap(),
            subject: tlv(0x30, &[]),
            extensions: Vec::new(),
        }
    }

    /// The subject's name, DER.
    pub(crate) fn subject(mut self, name: Vec<u8>) -> Self {
        self.subject = name;
        self
    }

    /// One extension more, its object identifier without tag and length.
    pub(crate) fn extension(mut self, oid: &[u8], is_critical: bool, value: &[u8]) -> Self {
        let mut content = tlv(0x06, oid);
        if is_critical {
            content.extend([1, 1, 0xff]);
        }
        content.extend(tlv(0x04, value));
        self.extensions.extend(tlv(0x30, &content));
        self
    }

    /// The certificate's bytes, signed by the authority.
    pub(crate) fn der(&self) -> Vec<u8> {
        let tbs = self.tbs();
        let signature = block_on(self.authority.signer.sign(&tbs)).unwrap();
        let signature = tlv(0x03, &[&[0], signature.as_slice()].concat());
        tlv(0x30, &[tbs, self.algorithm(), signature].concat())
    }

    pub(crate) fn read(&self) -> Result<Certificate, Error> {
        Certificate::from_der(&self.der())
    }

    /// An authority with this certificate.
    pub(crate) fn authority(self) -> Authority {
        Authority {
            certificate: self.read().unwrap(),
            signer: self.signer,
        }
    }

    fn tbs(&self) -> Vec<u8> {
        let validity = [tlv(0x17, b"231114221320Z"), tlv(0x17, b"231114222320Z")];
        let mut content = [
            vec![0xa0, 3, 2, 1, 2, 2, 1, 7],
            self.algorithm(),
            self.authority.certificate.subject_der().to_vec(),
            tlv(0x30, &validity.concat()),
            self.subject.clone(),
            self.signer.public_key().spki_der().to_vec(),
        ]
        .concat();
        if !self.extensions.is_empty() {
            content.extend(tlv(0xa3, &tlv(0x30, &self.extensions)));
        }
        tlv(0x30, &content)
    }

    fn algorithm(&self) -> Vec<u8> {
        let algorithm = self.authority.signer.public_key().algorithm();
        SignatureAlgorithm::of(algorithm).unwrap().to_der().unwrap()
    }
}

/// One element of DER.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut element = vec![tag];
    match *significant.as_slice() {
        [] => element.push(0),
        [short @ 0..0x80] => element.push(short),
        _ => {
            element.push(0x80 | u8::try_from(significant.len()).unwrap());
            element.extend(significant);
        }
    }
    element.extend(content);
    element
}
