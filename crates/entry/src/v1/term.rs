use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sigstead_key::{HashAlgorithm, pem};
use sigstead_x509::{Certificate, SubjectAlternativeName};

use super::canonical::{Body, Dsse, Hash, HashedRekord, Intoto001, Intoto002};
use super::encoding::Base64;
use super::verifier::Verifier;
use super::{Error, Kind};
use crate::{API_VERSION, CanonicalEntry, KIND};

/// Something that an entry can be found by, in lower case: `<algorithm>:<digest>`; the SHA-256 of a verifier's PEM, bare
/// or after `sha256:`; a subject alternative name; `issuer:<url>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SearchTerm(String);

impl SearchTerm {
    /// A term; how it is spelled in upper and lower case does not count.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_lowercase())
    }

    /// The term's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The term of a verifier.
    pub(super) fn of_verifier(verifier: &Verifier) -> Self {
        Self::of_pem(&verifier.to_pem())
    }

    fn of_pem(pem: &str) -> Self {
        Self(hex::encode(HashAlgorithm::Sha256.digest(pem.as_bytes())))
    }
}

impl fmt::Display for SearchTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the entry of a body can be found by: a body of one of the kinds of Rekor v1, or of `hashedrekord` 0.0.2 of
/// Rekor v2.
///
/// A verifier that is refused today, and was taken when the entry came in, is found by its PEM all the same.
///
/// # Errors
/// If the body is none of these, or its verifier is not PEM.
pub fn search_terms_of(body: &[u8]) -> Result<BTreeSet<SearchTerm>, Error> {
    if let Ok(canonical) = CanonicalEntry::parse(body) {
        return Ok(of_rekor_v2(&canonical));
    }
    let head: Head<'_> = serde_json::from_slice(body).map_err(|_| Error::NotCanonical)?;
    if (head.kind, head.api_version) == (KIND, API_VERSION) {
        return Err(Error::NotCanonical);
    }
    let mut terms = Terms::default();
    match Kind::parse(head.kind, head.api_version)? {
        Kind::HashedRekord001 => {
            let HashedRekord { data, signature } = read(body)?;
            terms.add_hash(&data.hash);
            terms.add_pem(&signature.public_key.content)?;
        }
        Kind::Dsse001 => {
            let entry: Dsse = read(body)?;
            terms.add_hash(&entry.envelope_hash);
            terms.add_hash(&entry.payload_hash);
            for signature in &entry.signatures {
                terms.add_pem(&signature.verifier)?;
            }
        }
        Kind::Intoto001 => {
            let entry: Intoto001 = read(body)?;
            terms.add_hash(&entry.content.hash);
            terms.add_hash(&entry.content.payload_hash);
            terms.add_pem(&entry.public_key)?;
        }
        Kind::Intoto002 => {
            let Intoto002 { content } = read(body)?;
            // Not the hash of the envelope: it is the client's word alone, and could lead to foreign artifacts.
            terms.add_hash(&content.payload_hash);
            for signature in &content.envelope.signatures {
                terms.add_pem(&signature.public_key)?;
            }
        }
    }
    Ok(terms.0)
}

fn of_rekor_v2(canonical: &CanonicalEntry) -> BTreeSet<SearchTerm> {
    let mut terms = Terms::default();
    let name = match canonical.hash_algorithm {
        HashAlgorithm::Sha256 => "sha256",
        HashAlgorithm::Sha384 => "sha384",
        HashAlgorithm::Sha512 => "sha512",
    };
    terms.add(&format!("{name}:{}", hex::encode(&canonical.entry.digest)));
    match &canonical.entry.verifier {
        // It was read when the entry came in, and to read keys is costly.
        crate::Verifier::PublicKey(spki) => {
            terms.add_term(SearchTerm::of_pem(&pem::encode("PUBLIC KEY", spki)));
        }
        crate::Verifier::Certificate(der) => match Certificate::from_der(der) {
            Ok(leaf) => terms.add_verifier(&Verifier::Certificates(Box::new(leaf), Vec::new())),
            Err(_) => terms.add_term(SearchTerm::of_pem(&pem::encode("CERTIFICATE", der))),
        },
    }
    terms.0
}

fn read<S: DeserializeOwned>(body: &[u8]) -> Result<S, Error> {
    let body: Body<S> = serde_json::from_slice(body).map_err(|_| Error::NotCanonical)?;
    Ok(body.spec)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    api_version: &'a str,
    kind: &'a str,
}

#[derive(Default)]
struct Terms(BTreeSet<SearchTerm>);

impl Terms {
    fn add(&mut self, text: &str) {
        self.0.insert(SearchTerm::new(text));
    }

    fn add_hash(&mut self, hash: &Hash) {
        self.add(&format!("{}:{}", hash.algorithm.name(), hash.value));
    }

    fn add_pem(&mut self, content: &Base64) -> Result<(), Error> {
        match Verifier::from_pem(&content.0) {
            Ok(verifier) => self.add_verifier(&verifier),
            Err(Error::PublicKey(_) | Error::Certificate(_)) => {
                self.add_term(SearchTerm::of_pem(&in_one_spelling(content)?));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    // Rekor has the one form for some kinds and the other for the rest, and searches for one of them.
    fn add_term(&mut self, of_verifier: SearchTerm) {
        self.add(&format!("sha256:{of_verifier}"));
        self.0.insert(of_verifier);
    }

    fn add_verifier(&mut self, verifier: &Verifier) {
        self.add_term(SearchTerm::of_verifier(verifier));
        if let Some(certificate) = verifier.certificate() {
            self.add_certificate(certificate);
        }
    }

    // A certificate that somebody else issued may lack any of these; it is in the log nonetheless.
    fn add_certificate(&mut self, certificate: &Certificate) {
        let identities = certificate.identities().unwrap_or_default();
        let hosts = certificate.hosts().unwrap_or_default();
        let names = identities.iter().map(SubjectAlternativeName::value);
        let names = names.chain(hosts.iter().map(String::as_str));
        for name in names.take(MAX_NAMES) {
            self.add(name);
        }
        if let Ok(extensions) = certificate.fulcio() {
            self.add(&format!("issuer:{}", extensions.issuer));
        }
    }
}

/// PEM as it would be written if its keys were read.
fn in_one_spelling(content: &Base64) -> Result<String, Error> {
    let text = std::str::from_utf8(&content.0).map_err(|_| Error::Pem(None))?;
    let blocks = pem::decode_all(text).map_err(|error| Error::Pem(Some(error)))?;
    let blocks = blocks.iter().map(|(label, der)| pem::encode(label, der));
    Ok(blocks.collect())
}

// Signing certificates have one. A certificate full of names would cost the index as much as a thousand entries.
const MAX_NAMES: usize = 64;
