//! What an SCT and a leaf are over.

use sha2::{Digest as _, Sha256};
use sigstead_merkle::{LeafHash, LeafIndex};
use sigstead_x509::Certificate;

use crate::Error;
use crate::tls::{Reader, put_vector16, put_vector24};

/// SHA-256 of the key that signed a precertificate's certificate (RFC 6962 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IssuerKeyHash(pub [u8; 32]);

impl IssuerKeyHash {
    /// The hash of an issuer's key.
    #[must_use]
    pub fn of(issuer: &Certificate) -> Self {
        Self(*issuer.public_key().log_id().as_bytes())
    }
}

/// A certificate as a log sees it: whole, or as the signed part of a precertificate without its poison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedEntry {
    /// A certificate, DER.
    Certificate(Vec<u8>),
    /// The signed part of a precertificate.
    Precertificate {
        /// The key that will sign the certificate.
        issuer_key_hash: IssuerKeyHash,
        /// The signed part without the poison, DER.
        tbs: Vec<u8>,
    },
}

impl SignedEntry {
    /// The entry that the embedded SCTs of a final certificate are over (RFC 6962 §3.2 and §3.3).
    ///
    /// # Errors
    /// If the certificate has not exactly one list of SCTs.
    pub fn of_final_certificate(
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<Self, Error> {
        Ok(Self::Precertificate {
            issuer_key_hash: IssuerKeyHash::of(issuer),
            tbs: sigstead_x509::strip_extension(
                certificate.tbs_der(),
                &sigstead_x509::oid::SCT_LIST,
            )?,
        })
    }

    /// What all leaves of the same certificate have in common: a hash over type and content.
    ///
    /// # Errors
    /// If the certificate is too long for a log.
    pub fn identity(&self) -> Result<[u8; 32], Error> {
        let mut bytes = Vec::new();
        self.encode_into(&mut bytes)?;
        Ok(Sha256::digest(&bytes).into())
    }

    pub(crate) fn encode_into(&self, to: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Certificate(der) => {
                to.extend_from_slice(&X509_ENTRY.to_be_bytes());
                put_vector24(to, der, "the certificate")
            }
            Self::Precertificate {
                issuer_key_hash,
                tbs,
            } => {
                to.extend_from_slice(&PRECERT_ENTRY.to_be_bytes());
                to.extend_from_slice(&issuer_key_hash.0);
                put_vector24(to, tbs, "the precertificate")
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match reader.u16()? {
            X509_ENTRY => Ok(Self::Certificate(reader.vector24()?.to_vec())),
            PRECERT_ENTRY => Ok(Self::Precertificate {
                issuer_key_hash: IssuerKeyHash(reader.array()?),
                tbs: reader.vector24()?.to_vec(),
            }),
            _ => Err(reader.malformed()),
        }
    }
}

/// An entry with the log's time and extensions (RFC 6962 §3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampedEntry {
    /// Milliseconds since 1970.
    pub timestamp_millis: u64,
    /// What was logged.
    pub entry: SignedEntry,
    /// Extensions of the SCT.
    pub extensions: Vec<u8>,
}

impl TimestampedEntry {
    /// What an SCT signs: version, signature type, and the entry (RFC 6962 §3.2).
    ///
    /// # Errors
    /// If a part is too long.
    pub fn sct_input(&self) -> Result<Vec<u8>, Error> {
        self.with_prefix([V1, CERTIFICATE_TIMESTAMP])
    }

    /// The bytes of the Merkle tree leaf (RFC 6962 §3.4).
    ///
    /// # Errors
    /// If a part is too long.
    pub fn merkle_tree_leaf(&self) -> Result<Vec<u8>, Error> {
        self.with_prefix([V1, TIMESTAMPED_ENTRY])
    }

    /// The hash of the Merkle tree leaf.
    ///
    /// # Errors
    /// If a part is too long.
    pub fn leaf_hash(&self) -> Result<LeafHash, Error> {
        Ok(LeafHash::of(&self.merkle_tree_leaf()?))
    }

    pub(crate) fn encode_into(&self, to: &mut Vec<u8>) -> Result<(), Error> {
        to.extend_from_slice(&self.timestamp_millis.to_be_bytes());
        self.entry.encode_into(to)?;
        put_vector16(to, &self.extensions, "the extensions")
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            timestamp_millis: reader.u64()?,
            entry: SignedEntry::read(reader)?,
            extensions: reader.vector16()?.to_vec(),
        })
    }

    fn with_prefix(&self, prefix: [u8; 2]) -> Result<Vec<u8>, Error> {
        let mut bytes = prefix.to_vec();
        self.encode_into(&mut bytes)?;
        Ok(bytes)
    }
}

/// The extension that says where in the log the entry stands (static-ct-api §SCT Extension): 40 bits, big-endian.
///
/// # Errors
/// If the index has more than 40 bits.
pub fn leaf_index_extension(index: LeafIndex) -> Result<Vec<u8>, Error> {
    let [0, 0, 0, index @ ..] = index.value().to_be_bytes() else {
        return Err(Error::TooLong("the leaf index"));
    };
    let mut extension = vec![LEAF_INDEX];
    put_vector16(&mut extension, &index, "the leaf index")?;
    Ok(extension)
}

/// The index in an SCT's extensions, if there is one.
#[must_use]
pub fn leaf_index_of(extensions: &[u8]) -> Option<LeafIndex> {
    let mut reader = Reader::new(extensions, "sct extensions");
    while !reader.is_empty() {
        let kind = reader.u8().ok()?;
        let content = reader.vector16().ok()?;
        if kind == LEAF_INDEX {
            let [a, b, c, d, e] = *content else {
                return None;
            };
            return Some(LeafIndex::new(u64::from_be_bytes([0, 0, 0, a, b, c, d, e])));
        }
    }
    None
}

const V1: u8 = 0;
const CERTIFICATE_TIMESTAMP: u8 = 0;
const TIMESTAMPED_ENTRY: u8 = 0;
const X509_ENTRY: u16 = 0;
const PRECERT_ENTRY: u16 = 1;
const LEAF_INDEX: u8 = 0;
