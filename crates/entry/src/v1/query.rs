use serde::Deserialize;
use sigstead_protojson::strict;

use super::encoding::Base64;
use super::verifier::Verifier;
use super::{Error, SearchTerm};

/// What a client looks for: each thing that it names gives one term.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchQuery {
    email: Option<String>,
    subject: Option<String>,
    public_key: Option<PublicKey>,
    hash: Option<String>,
    operator: Option<Operator>,
}

/// Whether an entry must have all terms of a query or one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operator {
    /// All.
    And,
    /// One.
    #[default]
    Or,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct PublicKey {
    format: Format,
    content: Option<Base64>,
    url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    X509,
    Pgp,
    Minisign,
    Ssh,
    Tuf,
}

impl SearchQuery {
    /// Reads the body of a request. Members that are null count as absent.
    ///
    /// # Errors
    /// If it does not fit its schema.
    pub fn from_json(body: &[u8]) -> Result<Self, Error> {
        strict::from_slice(body).map_err(Error::Schema)
    }

    /// What the query looks for; nothing, if it names nothing.
    ///
    /// # Errors
    /// If the hash is malformed, the key cannot be read or is of a format that is not enabled, or a text is too long.
    pub fn terms(&self) -> Result<Vec<SearchTerm>, Error> {
        let mut terms = Vec::new();
        for (what, text) in [("the email", &self.email), ("the subject", &self.subject)] {
            let Some(text) = text.as_deref().filter(|text| !text.is_empty()) else {
                continue;
            };
            if text.len() > MAX_LENGTH {
                return Err(Error::QueryTooLong(what));
            }
            terms.push(SearchTerm::new(text));
        }
        if let Some(hash) = self.hash.as_deref().filter(|hash| !hash.is_empty()) {
            terms.push(hash_term(hash)?);
        }
        if let Some(key) = &self.public_key {
            terms.push(key.term()?);
        }
        Ok(terms)
    }

    /// How the terms go together.
    #[must_use]
    pub fn operator(&self) -> Operator {
        self.operator.unwrap_or_default()
    }
}

impl PublicKey {
    fn term(&self) -> Result<SearchTerm, Error> {
        // A log that fetched it would make requests wherever anybody tells it to.
        if self.url.as_deref().is_some_and(|url| !url.is_empty()) {
            return Err(Error::KeyUrl);
        }
        let format = match self.format {
            Format::X509 => {
                let content = self.content.as_ref();
                let content = content.ok_or(Error::Missing("the content of the public key"))?;
                let verifier = Verifier::from_pem(&content.0)?;
                return Ok(SearchTerm::of_verifier(&verifier));
            }
            Format::Pgp => "pgp",
            Format::Minisign => "minisign",
            Format::Ssh => "ssh",
            Format::Tuf => "tuf",
        };
        Err(Error::KeyFormatNotEnabled(format))
    }
}

// Without a prefix, the length tells the algorithm.
fn hash_term(text: &str) -> Result<SearchTerm, Error> {
    let (prefix, digits) = match text.split_once(':') {
        Some((prefix, digits)) => (Some(prefix), digits),
        None => (None, text),
    };
    let mut algorithms = ALGORITHMS.into_iter();
    let algorithm = algorithms.find(|(_, length)| *length == digits.len());
    let (algorithm, _) = algorithm.ok_or(Error::QueryHash)?;
    let is_prefixed_right = prefix.is_none_or(|prefix| prefix == algorithm);
    if !is_prefixed_right || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::QueryHash);
    }
    Ok(SearchTerm::new(&format!("{algorithm}:{digits}")))
}

const ALGORITHMS: [(&str, usize); 4] = [
    ("sha1", 40),
    ("sha256", 64),
    ("sha384", 96),
    ("sha512", 128),
];
const MAX_LENGTH: usize = 512;
