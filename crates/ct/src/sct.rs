//! Signed certificate timestamps (RFC 6962 §3.2, §3.3).

use sigstead_key::{Algorithm, LogId, PublicKey};
use sigstead_x509::Certificate;

use crate::tls::{Reader, put_vector16};
use crate::{Error, TimestampedEntry};

/// A log's promise, with the time and the extensions that its signature is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCertificateTimestamp {
    /// The log.
    pub log_id: LogId,
    /// Milliseconds since 1970.
    pub timestamp_millis: u64,
    /// Extensions; with static-ct-api they say where in the log the entry stands.
    pub extensions: Vec<u8>,
    /// Hash and signature algorithm and signature (RFC 5246 §4.7).
    pub signature: DigitallySigned,
}

/// A signature with its algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigitallySigned {
    hash: u8,
    algorithm: u8,
    signature: Vec<u8>,
}

impl DigitallySigned {
    /// A signature of a log's key.
    ///
    /// # Errors
    /// If the key is of a kind that RFC 6962 does not know.
    pub fn new(key: Algorithm, signature: Vec<u8>) -> Result<Self, Error> {
        let (hash, algorithm) = identifiers(key)?;
        Ok(Self {
            hash,
            algorithm,
            signature,
        })
    }

    /// The structure's bytes.
    ///
    /// # Errors
    /// If the signature is too long.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![self.hash, self.algorithm];
        put_vector16(&mut bytes, &self.signature, "the signature")?;
        Ok(bytes)
    }

    /// Reads the structure.
    ///
    /// # Errors
    /// If the bytes are not exactly one.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, "digitally signed structure");
        let signed = Self::read(&mut reader)?;
        reader.end()?;
        Ok(signed)
    }

    /// Verifies the signature with a log's key.
    ///
    /// # Errors
    /// If the algorithm is not the key's, or the signature does not verify.
    pub fn verify(&self, message: &[u8], key: &PublicKey) -> Result<(), Error> {
        if (self.hash, self.algorithm) != identifiers(key.algorithm())? {
            return Err(Error::KeyUnsupported);
        }
        key.verify(message, &self.signature)
            .map_err(Error::SignatureInvalid)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            hash: reader.u8()?,
            algorithm: reader.u8()?,
            signature: reader.vector16()?.to_vec(),
        })
    }
}

impl SignedCertificateTimestamp {
    /// An SCT as submission answers it, from its parts.
    ///
    /// # Errors
    /// If the signature is malformed.
    pub fn from_parts(
        log_id: LogId,
        timestamp_millis: u64,
        extensions: Vec<u8>,
        signature: &[u8],
    ) -> Result<Self, Error> {
        let signature = DigitallySigned::parse(signature)?;
        Ok(Self {
            log_id,
            timestamp_millis,
            extensions,
            signature,
        })
    }

    /// Verifies the SCT over an entry, with a log's key.
    ///
    /// # Errors
    /// If it is of another log, or its signature does not verify.
    pub fn verify(&self, entry: crate::SignedEntry, key: &PublicKey) -> Result<(), Error> {
        if self.log_id != key.log_id() {
            return Err(Error::OtherLog);
        }
        let stamped = TimestampedEntry {
            timestamp_millis: self.timestamp_millis,
            entry,
            extensions: self.extensions.clone(),
        };
        self.signature.verify(&stamped.sct_input()?, key)
    }

    /// The structure's bytes.
    ///
    /// # Errors
    /// If a part is too long.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![V1];
        bytes.extend_from_slice(self.log_id.as_bytes());
        bytes.extend_from_slice(&self.timestamp_millis.to_be_bytes());
        put_vector16(&mut bytes, &self.extensions, "the extensions")?;
        bytes.extend(self.signature.encode()?);
        Ok(bytes)
    }

    /// Reads the structure.
    ///
    /// # Errors
    /// If the bytes are not exactly one SCT of version 1.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes, "sct");
        if reader.u8()? != V1 {
            return Err(reader.malformed());
        }
        let sct = Self {
            log_id: LogId::from_bytes(reader.array()?),
            timestamp_millis: reader.u64()?,
            extensions: reader.vector16()?.to_vec(),
            signature: DigitallySigned::read(&mut reader)?,
        };
        reader.end()?;
        Ok(sct)
    }
}

/// A list of SCTs, as a certificate embeds it (RFC 6962 §3.3).
///
/// # Errors
/// If the list is empty or too long.
pub fn encode_list(scts: &[SignedCertificateTimestamp]) -> Result<Vec<u8>, Error> {
    if scts.is_empty() {
        return Err(Error::Malformed("sct list"));
    }
    let mut list = Vec::new();
    for sct in scts {
        put_vector16(&mut list, &sct.encode()?, "an sct")?;
    }
    let mut bytes = Vec::new();
    put_vector16(&mut bytes, &list, "the sct list")?;
    Ok(bytes)
}

/// Reads a list of SCTs.
///
/// # Errors
/// If the bytes are not exactly one list.
pub fn parse_list(bytes: &[u8]) -> Result<Vec<SignedCertificateTimestamp>, Error> {
    let mut outer = Reader::new(bytes, "sct list");
    let mut list = Reader::new(outer.vector16()?, "sct list");
    outer.end()?;
    let mut scts = Vec::new();
    while !list.is_empty() {
        scts.push(SignedCertificateTimestamp::parse(list.vector16()?)?);
    }
    Ok(scts)
}

/// The SCTs that a certificate embeds; none if it has no list.
///
/// # Errors
/// If the list is malformed.
pub fn embedded_in(certificate: &Certificate) -> Result<Vec<SignedCertificateTimestamp>, Error> {
    match certificate.extension(&sigstead_x509::oid::SCT_LIST) {
        Some(_) => parse_list(certificate.sct_list()?),
        None => Ok(Vec::new()),
    }
}

/// RFC 5246 §7.4.1.4.1: hash and signature algorithm. RFC 6962 §2.1.4 names P-256 and RSA, both with SHA-256.
fn identifiers(key: Algorithm) -> Result<(u8, u8), Error> {
    const SHA256: u8 = 4;
    const RSA: u8 = 1;
    const ECDSA: u8 = 3;
    match key {
        Algorithm::EcdsaP256Sha256 => Ok((SHA256, ECDSA)),
        key if key.is_rsa() => Ok((SHA256, RSA)),
        _ => Err(Error::KeyUnsupported),
    }
}

const V1: u8 = 0;
