//! The chains of an authority, and which of them counts from when to when.
//!
//! An authority whose key is rotated keeps its URL: its chains follow one another, and only their times tell them apart.

use std::cmp::Reverse;
use std::ops::Deref;

use serde::{Deserialize, Serialize};
use sigstead_protojson::Base64Bytes;
use sigstead_x509::Certificate;
use time::OffsetDateTime;

use crate::error::Error;
use crate::trusted_root::TimeRange;

/// All chains that an authority ever had. What is added stays, and gets an end at most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthorityChains(Vec<AuthorityState>);

/// One chain of an authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityState {
    /// The URL that clients dial.
    pub url: String,
    /// The chain, DER, its root last.
    pub chain: Vec<Base64Bytes>,
    /// When signatures of this chain count.
    pub valid_for: TimeRange,
    /// Whether clients shall sign with it now.
    pub in_service: bool,
}

impl AuthorityChains {
    /// These chains.
    #[must_use]
    pub fn new(chains: Vec<AuthorityState>) -> Self {
        Self(chains)
    }

    /// The chains with one more, which counts from its start on beside those that are there. A chain that is there already
    /// stays as it is.
    ///
    /// # Errors
    /// If a certificate of the chain cannot be read, the chain counts from no time or from before the newest of its URL, or
    /// it is there with other times.
    pub fn with(mut self, chain: AuthorityState) -> Result<Self, Error> {
        if chain.certificates()?.is_empty() {
            return Err(Error::EmptyChain { owner: chain.url });
        }
        let Some(start) = chain.valid_for.start else {
            return Err(Error::NoStart { owner: chain.url });
        };
        if let Some(known) = self.find(&chain.chain) {
            return match known == &chain {
                true => Ok(self),
                false => Err(Error::ChainKnown { owner: chain.url }),
            };
        }
        let others = self.iter().filter(|other| other.url == chain.url);
        let others = others.filter(|other| !other.is_withdrawn());
        let newest = others.filter_map(|other| other.valid_for.start).max();
        if newest.is_some_and(|newest| start <= newest) {
            return Err(Error::ChainNotNewest { owner: chain.url });
        }
        self.0.push(chain);
        Ok(self)
    }

    /// The chains, of which one counts until `end` and clients sign with it no more. With its own start as the end, a chain
    /// that never signed counts for no signature.
    ///
    /// # Errors
    /// If there is no such chain, or `end` is before its start or after the end that it has already.
    pub fn with_ended(mut self, chain: &[Base64Bytes], end: OffsetDateTime) -> Result<Self, Error> {
        let known = self.0.iter_mut().find(|known| known.chain == chain);
        let known = known.ok_or(Error::ChainUnknown)?;
        let starts_later = known.valid_for.start.is_none_or(|start| end < start);
        if starts_later || known.valid_for.end.is_some_and(|ended| ended < end) {
            return Err(Error::EndNotInRange {
                owner: known.url.clone(),
            });
        }
        known.valid_for.end = Some(end);
        known.in_service = false;
        Ok(self)
    }

    /// The chain with these certificates.
    #[must_use]
    pub fn find(&self, chain: &[Base64Bytes]) -> Option<&AuthorityState> {
        self.iter().find(|known| known.chain == chain)
    }

    /// The chain with which clients sign at `now`: of those in service the newest that has begun.
    #[must_use]
    pub fn at(&self, now: OffsetDateTime) -> Option<&AuthorityState> {
        let in_service = self.iter().filter(|chain| chain.in_service);
        in_service
            .filter(|chain| chain.valid_for.start.is_none_or(|start| start <= now))
            .max_by_key(|chain| chain.valid_for.start)
    }

    /// Clients that look at the first entry only shall see the newest of those that count for something.
    #[must_use]
    pub fn newest_first(&self) -> Vec<&AuthorityState> {
        let mut sorted: Vec<_> = self.iter().collect();
        sorted.sort_by_key(|chain| (chain.is_withdrawn(), Reverse(chain.valid_for.start)));
        sorted
    }

    /// The URLs that are in service, those with the newest chain first, and when each is. A URL is in service as long as one
    /// of its chains is.
    pub(crate) fn services(&self) -> Vec<(&str, TimeRange)> {
        let mut services: Vec<(&str, TimeRange)> = Vec::new();
        for chain in self.newest_first() {
            if !chain.in_service {
                continue;
            }
            match services.iter_mut().find(|(url, _)| *url == chain.url) {
                None => services.push((&chain.url, chain.valid_for)),
                Some((_, range)) => range.start = chain.valid_for.start,
            }
        }
        services
    }
}

impl Deref for AuthorityChains {
    type Target = [AuthorityState];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl AuthorityState {
    /// Whether it ended where it began, because it was taken back before it signed.
    fn is_withdrawn(&self) -> bool {
        self.valid_for.start.is_some() && self.valid_for.end == self.valid_for.start
    }

    /// The certificates of the chain, its root last.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn certificates(&self) -> Result<Vec<Certificate>, Error> {
        self.chain
            .iter()
            .map(|der| {
                Certificate::from_der(der.as_slice()).map_err(|source| Error::Certificate {
                    owner: self.url.clone(),
                    source,
                })
            })
            .collect()
    }
}
