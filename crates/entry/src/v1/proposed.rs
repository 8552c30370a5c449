use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use sigstead_merkle::LeafHash;
use sigstead_protojson::strict;

use super::dsse::Dsse;
use super::hashedrekord::HashedRekord;
use super::intoto::{Intoto001, Intoto002};
use super::{Error, Kind, SearchTerm, search_terms_of};

/// An entry as it was submitted: of its schema, and nothing else about it checked.
pub struct ProposedEntry(Proposal);

enum Proposal {
    HashedRekord001(HashedRekord),
    Dsse001(Dsse),
    Intoto001(Intoto001),
    Intoto002(Intoto002),
}

/// An entry whose signatures are right, in the form in which it enters the log.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    kind: Kind,
    canonical_body: Vec<u8>,
    /// What stands in its payload, and may stand in its body too.
    in_payload: Vec<SearchTerm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProposalJson<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    /// As text, because what it has to be depends on the kind.
    #[serde(borrow)]
    spec: &'a RawValue,
}

impl ProposedEntry {
    /// Reads the body of a request: an object of `kind`, `apiVersion` and `spec`.
    ///
    /// # Errors
    /// If the kind is not taken, or the text does not fit its schema.
    pub fn from_json(body: &[u8]) -> Result<Self, Error> {
        let wire: ProposalJson<'_> = strict::from_slice(body).map_err(Error::Schema)?;
        let spec = wire.spec.get().as_bytes();
        let proposal = match Kind::parse(&wire.kind, &wire.api_version)? {
            Kind::HashedRekord001 => Proposal::HashedRekord001(HashedRekord::from_spec(spec)?),
            Kind::Dsse001 => Proposal::Dsse001(Dsse::from_spec(spec)?),
            Kind::Intoto001 => Proposal::Intoto001(Intoto001::from_spec(spec)?),
            Kind::Intoto002 => Proposal::Intoto002(Intoto002::from_spec(spec)?),
        };
        Ok(Self(proposal))
    }

    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.0 {
            Proposal::HashedRekord001(_) => Kind::HashedRekord001,
            Proposal::Dsse001(_) => Kind::Dsse001,
            Proposal::Intoto001(_) => Kind::Intoto001,
            Proposal::Intoto002(_) => Kind::Intoto002,
        }
    }

    /// Checks the signatures, as each kind asks, and writes the canonical body.
    ///
    /// # Errors
    /// A verifier is not acceptable, a signature is wrong, what was proposed contradicts itself, or the entry is too
    /// long for a log.
    pub fn verify(self) -> Result<VerifiedEntry, Error> {
        let kind = self.kind();
        let (canonical_body, in_payload) = match self.0 {
            Proposal::HashedRekord001(entry) => (entry.verify()?, Vec::new()),
            Proposal::Dsse001(entry) => entry.verify()?,
            Proposal::Intoto001(entry) => entry.verify()?,
            Proposal::Intoto002(entry) => entry.verify()?,
        };
        Ok(VerifiedEntry {
            kind,
            canonical_body,
            in_payload,
        })
    }
}

impl fmt::Debug for ProposedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProposedEntry({})", self.kind())
    }
}

impl VerifiedEntry {
    /// The bytes of the leaf.
    #[must_use]
    pub fn canonical_body(&self) -> &[u8] {
        &self.canonical_body
    }

    /// The hash of the leaf.
    #[must_use]
    pub fn leaf_hash(&self) -> LeafHash {
        LeafHash::of(&self.canonical_body)
    }

    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// All that the entry can be found by.
    #[must_use]
    pub fn search_terms(&self) -> BTreeSet<SearchTerm> {
        let mut terms = self.terms_of_body();
        terms.extend(self.in_payload.iter().cloned());
        terms
    }

    /// Those of the terms that [`search_terms_of`] cannot tell from the body: digests that stand in the payload.
    #[must_use]
    pub fn terms_beside_body(&self) -> Vec<SearchTerm> {
        if self.in_payload.is_empty() {
            return Vec::new();
        }
        let of_body = self.terms_of_body();
        let beside = self.in_payload.iter();
        let beside = beside.filter(|term| !of_body.contains(term));
        beside.cloned().collect()
    }

    // Read back rather than gathered on the way: an index made anew from the log must find the same.
    fn terms_of_body(&self) -> BTreeSet<SearchTerm> {
        search_terms_of(&self.canonical_body).unwrap_or_default()
    }
}

impl fmt::Debug for VerifiedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedEntry({}, {})", self.kind, self.leaf_hash())
    }
}
