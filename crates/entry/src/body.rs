use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sigstead_key::{Algorithm, HashAlgorithm};

use crate::{API_VERSION, Error, KIND, ProposedEntry, Verifier, verifier};

/// A body read back from a log or a bundle. Its signature is not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalEntry {
    /// The hash of what was signed.
    pub hash_algorithm: HashAlgorithm,
    /// What the entry says about its signature.
    pub entry: ProposedEntry,
}

impl CanonicalEntry {
    /// Reads the bytes of a leaf.
    ///
    /// # Errors
    /// The bytes are not an entry of kind `hashedrekord` 0.0.2, in its one spelling.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let wire: EntryJson<'_> = serde_json::from_slice(body).map_err(|_| Error::NotCanonical)?;
        let canonical = wire.decode().ok_or(Error::NotCanonical)?;
        // Whatever else was in the bytes is not in the entry that was read, and shows here.
        if write(&canonical.entry, canonical.hash_algorithm) == body {
            Ok(canonical)
        } else {
            Err(Error::NotCanonical)
        }
    }
}

/// Writes the body that a log must have for a signature that somebody else has verified, with the
/// algorithm that clients name for the key.
///
/// # Errors
/// The verifier is not a key or a certificate, or its key is weak.
pub fn rebuild_hashedrekord(
    digest: &[u8],
    hash_algorithm: HashAlgorithm,
    signature: &[u8],
    verifier: &Verifier,
) -> Result<Vec<u8>, Error> {
    let algorithm = verifier::algorithm_for(&verifier.public_key()?);
    let entry = ProposedEntry {
        digest: digest.to_vec(),
        signature: signature.to_vec(),
        verifier: verifier.clone(),
        algorithm,
    };
    Ok(write(&entry, hash_algorithm))
}

// RFC 8785: members sorted, nothing between them. The order is fixed and no value needs an escape,
// so the bytes are written as they stand.
pub(crate) fn write(entry: &ProposedEntry, hash_algorithm: HashAlgorithm) -> Vec<u8> {
    let mut body = String::with_capacity(length(entry));
    body.push_str(r#"{"apiVersion":""#);
    body.push_str(API_VERSION);
    body.push_str(r#"","kind":""#);
    body.push_str(KIND);
    body.push_str(r#"","spec":{"hashedRekordV002":{"data":{"algorithm":""#);
    body.push_str(hash_algorithm.name());
    body.push_str(r#"","digest":""#);
    STANDARD.encode_string(&entry.digest, &mut body);
    body.push_str(r#""},"signature":{"content":""#);
    STANDARD.encode_string(&entry.signature, &mut body);
    body.push_str(r#"","verifier":{"keyDetails":""#);
    body.push_str(entry.algorithm.key_details());
    let (member, der) = match &entry.verifier {
        Verifier::PublicKey(der) => (r#"","publicKey":{"rawBytes":""#, der),
        Verifier::Certificate(der) => (r#"","x509Certificate":{"rawBytes":""#, der),
    };
    body.push_str(member);
    STANDARD.encode_string(der, &mut body);
    body.push_str(r#""}}}}}}"#);
    body.into_bytes()
}

/// How many bytes [`write`] will write.
pub(crate) fn length(entry: &ProposedEntry) -> usize {
    let (member, der) = match &entry.verifier {
        Verifier::PublicKey(der) => ("publicKey".len(), der),
        Verifier::Certificate(der) => ("x509Certificate".len(), der),
    };
    let encoded = |bytes: &[u8]| bytes.len().div_ceil(3).saturating_mul(4);
    [
        SKELETON_LENGTH,
        member,
        entry.algorithm.hash().name().len(),
        entry.algorithm.key_details().len(),
        encoded(&entry.digest),
        encoded(&entry.signature),
        encoded(der),
    ]
    .into_iter()
    .fold(0, usize::saturating_add)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EntryJson<'a> {
    api_version: &'a str,
    kind: &'a str,
    #[serde(borrow)]
    spec: SpecJson<'a>,
}

#[derive(Deserialize)]
struct SpecJson<'a> {
    #[serde(rename = "hashedRekordV002", borrow)]
    hashed_rekord: HashedRekordJson<'a>,
}

#[derive(Deserialize)]
struct HashedRekordJson<'a> {
    #[serde(borrow)]
    data: DataJson<'a>,
    #[serde(borrow)]
    signature: SignatureJson<'a>,
}

#[derive(Deserialize)]
struct DataJson<'a> {
    algorithm: &'a str,
    digest: &'a str,
}

#[derive(Deserialize)]
struct SignatureJson<'a> {
    content: &'a str,
    #[serde(borrow)]
    verifier: VerifierJson<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerifierJson<'a> {
    key_details: &'a str,
    #[serde(borrow)]
    public_key: Option<RawBytesJson<'a>>,
    #[serde(borrow)]
    x509_certificate: Option<RawBytesJson<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBytesJson<'a> {
    raw_bytes: &'a str,
}

impl EntryJson<'_> {
    fn decode(self) -> Option<CanonicalEntry> {
        if self.kind != KIND || self.api_version != API_VERSION {
            return None;
        }
        let HashedRekordJson { data, signature } = self.spec.hashed_rekord;
        let verifier = &signature.verifier;
        let decode = |text: &str| STANDARD.decode(text).ok();
        Some(CanonicalEntry {
            hash_algorithm: HashAlgorithm::from_name(data.algorithm)?,
            entry: ProposedEntry {
                digest: decode(data.digest)?,
                signature: decode(signature.content)?,
                verifier: match (&verifier.public_key, &verifier.x509_certificate) {
                    (Some(key), None) => Verifier::PublicKey(decode(key.raw_bytes)?),
                    (None, Some(leaf)) => Verifier::Certificate(decode(leaf.raw_bytes)?),
                    _ => return None,
                },
                algorithm: Algorithm::from_key_details(verifier.key_details)?,
            },
        })
    }
}

// What stands in every body around the values and the name of the verifier's member.
const SKELETON_LENGTH: usize = r#"{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"","digest":""},"signature":{"content":"","verifier":{"keyDetails":"","":{"rawBytes":""}}}}}}"#.len();
