//! Certificates that no profile makes, signed all the same.

use futures::executor::block_on;
use sigstead_x509::{Certificate, Error};

use crate::world::Authority;

/// A certificate under construction: whatever a test does not set is taken from a leaf of the authority.
pub(crate) struct Raw<'a> {
    authority: &'a Authority,
    model: Certificate,
    subject: Option<Vec<u8>>,
    extensions: Option<Vec<u8>>,
}

impl<'a> Raw<'a> {
    pub(crate) fn issued_by(authority: &'a Authority) -> Self {
        Self {
            model: authority.leaf(),
            authority,
            subject: None,
            extensions: None,
        }
    }

    /// The subject's name, DER.
    pub(crate) fn subject(mut self, name: Vec<u8>) -> Self {
        self.subject = Some(name);
        self
    }

    /// One extension more; the first one clears those of the model.
    pub(crate) fn extension(mut self, oid: &[u8], is_critical: bool, value: &[u8]) -> Self {
        let mut content = tlv(0x06, oid);
        if is_critical {
            content.extend([1, 1, 0xff]);
        }
        content.extend(tlv(0x04, value));
        self.extensions
            .get_or_insert_default()
            .extend(tlv(0x30, &content));
        self
    }

    /// The certificate's bytes, signed by the authority.
    pub(crate) fn der(&self) -> Vec<u8> {
        let tbs = self.tbs();
        let signature = block_on(self.authority.signer.sign(&tbs)).unwrap();
        let algorithm = self.algorithm();
        let signature = tlv(0x03, &[&[0], signature.as_slice()].concat());
        tlv(0x30, &[tbs, algorithm, signature].concat())
    }

    pub(crate) fn read(&self) -> Result<Certificate, Error> {
        Certificate::from_der(&self.der())
    }

    fn tbs(&self) -> Vec<u8> {
        let validity = self.model.tbs_der();
        let issuer = self.model.issuer_der();
        // The validity follows the issuer's name; both times are UTCTime.
        let place = (0..validity.len()).find(|at| validity[*at..].starts_with(issuer));
        let validity = &validity[place.unwrap() + issuer.len()..][..32];
        let mut content = [
            vec![0xa0, 3, 2, 1, 2],
            tlv(0x02, self.model.serial()),
            self.algorithm(),
            issuer.to_vec(),
            validity.to_vec(),
            self.subject
                .clone()
                .unwrap_or_else(|| self.model.subject_der().to_vec()),
            self.model.public_key().spki_der().to_vec(),
        ]
        .concat();
        if let Some(extensions) = &self.extensions {
            content.extend(tlv(0xa3, &tlv(0x30, extensions)));
        }
        tlv(0x30, &content)
    }

    fn algorithm(&self) -> Vec<u8> {
        // The signature algorithm follows the version and the serial number.
        let tbs = self.model.tbs_der();
        let serial = tlv(0x02, self.model.serial());
        let place = (0..tbs.len()).find(|at| tbs[*at..].starts_with(&serial));
        let rest = &tbs[place.unwrap() + serial.len()..];
        rest[..2 + usize::from(rest[1])].to_vec()
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
