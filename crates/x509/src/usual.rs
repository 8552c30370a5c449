//! The extensions that every path check reads.

use const_oid::ObjectIdentifier;
use der::asn1::OctetStringRef;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints};

use crate::error::Error;
use crate::extension::{Extension, KeyUsage};
use crate::oid;
use crate::structure::decode;

/// Their contents; what a certificate does not have is absent.
#[derive(Clone, Default)]
pub(crate) struct UsualExtensions {
    pub(crate) is_ca: bool,
    pub(crate) path_length: Option<u8>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) extended_key_usages: Option<Vec<ObjectIdentifier>>,
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) authority_key_id: Option<Vec<u8>>,
}

impl UsualExtensions {
    pub(crate) fn read(extensions: &[Extension]) -> Result<Self, Error> {
        let mut usual = Self::default();
        for Extension { oid, value, .. } in extensions {
            match *oid {
                oid::BASIC_CONSTRAINTS => {
                    let constraints: BasicConstraints = decode("basic constraints", value)?;
                    usual.is_ca = constraints.ca;
                    usual.path_length = constraints.path_len_constraint;
                }
                oid::KEY_USAGE => usual.key_usage = Some(KeyUsage::from_der(value)?),
                oid::EXTENDED_KEY_USAGE => {
                    usual.extended_key_usages = Some(decode("extended key usage", value)?);
                }
                oid::SUBJECT_KEY_IDENTIFIER => {
                    let identifier: &OctetStringRef = decode("a key identifier", value)?;
                    usual.subject_key_id = Some(identifier.as_bytes().to_vec());
                }
                oid::AUTHORITY_KEY_IDENTIFIER => {
                    let authority: AuthorityKeyIdentifier = decode("a key identifier", value)?;
                    usual.authority_key_id = authority
                        .key_identifier
                        .map(|identifier| identifier.as_bytes().to_vec());
                }
                _ => {}
            }
        }
        Ok(usual)
    }
}
