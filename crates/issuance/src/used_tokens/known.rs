//! The tokens that are known to be in use, with room for those of each issuer.

use std::collections::HashMap;

use sigstead_key::HashAlgorithm;

use super::error::UseError;

/// The beginning of a digest, by which issuers and issuances are told apart.
pub(super) type Mark = [u8; 8];

pub(super) fn mark(name: &str) -> Mark {
    let mut mark = Mark::default();
    let digest = HashAlgorithm::Sha256.digest(name.as_bytes());
    mark.iter_mut()
        .zip(digest)
        .for_each(|(to, from)| *to = from);
    mark
}

/// A token in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) digest: [u8; 32],
    /// When the token ends, in seconds since 1970.
    pub(super) until: i64,
    pub(super) issuer: Mark,
    /// The issuance that uses it; none if that was before the process started.
    pub(super) by: Option<Mark>,
}

/// By the digests of the tokens.
#[derive(Debug, Default)]
pub(super) struct Known {
    uses: HashMap<[u8; 32], Use>,
    of_issuer: HashMap<Mark, usize>,
    /// No token ends before this time.
    earliest: Option<i64>,
}

impl Known {
    /// Takes a token into use. Says whether it was in no use.
    pub(super) fn admit(&mut self, token: Use, now: i64) -> Result<bool, UseError> {
        if self.is_used(&token.digest) {
            return Ok(false);
        }
        if !self.has_room(&token.issuer) {
            self.forget(now);
            if !self.has_room(&token.issuer) {
                return Err(UseError::NoRoom);
            }
        }
        self.insert(token);
        Ok(true)
    }

    pub(super) fn is_used(&self, digest: &[u8; 32]) -> bool {
        self.uses.contains_key(digest)
    }

    /// Knows a token, whatever room there is.
    pub(super) fn insert(&mut self, token: Use) {
        if self.uses.insert(token.digest, token).is_none() {
            *self.of_issuer.entry(token.issuer).or_default() += 1;
        }
        let earliest = self.earliest.unwrap_or(token.until);
        self.earliest = Some(earliest.min(token.until));
    }

    /// Ends the use of a token by an issuance, if it is this one that uses it.
    pub(super) fn give_back(&mut self, digest: &[u8; 32], by: Mark) {
        let Some(known) = self.uses.get(digest) else {
            return;
        };
        if known.by == Some(by) {
            let issuer = known.issuer;
            self.uses.remove(digest);
            self.count_less(issuer);
        }
    }

    /// Forgets the tokens that ended so long ago that nobody can accept them any more.
    pub(super) fn forget(&mut self, now: i64) {
        let is_over = |until: i64| until.saturating_add(KEPT_BEYOND_END) <= now;
        if !self.earliest.is_some_and(is_over) {
            return;
        }
        self.uses.retain(|_, known| !is_over(known.until));
        self.of_issuer.clear();
        for known in self.uses.values() {
            *self.of_issuer.entry(known.issuer).or_default() += 1;
        }
        self.earliest = self.uses.values().map(|known| known.until).min();
    }

    pub(super) fn uses(&self) -> impl Iterator<Item = &Use> {
        self.uses.values()
    }

    pub(super) fn len(&self) -> usize {
        self.uses.len()
    }

    fn has_room(&self, issuer: &Mark) -> bool {
        let of_issuer = self.of_issuer.get(issuer).copied().unwrap_or_default();
        of_issuer < MOST_OF_ISSUER && self.uses.len() < MOST
    }

    fn count_less(&mut self, issuer: Mark) {
        if let Some(count) = self.of_issuer.get_mut(&issuer) {
            *count -= 1;
            if *count == 0 {
                self.of_issuer.remove(&issuer);
            }
        }
    }
}

/// A request that was judged before a token's end may take it for as long as an issuance lasts (five seconds), with a clock
/// that was set back since by as much as clocks may differ (five minutes).
pub(super) const KEPT_BEYOND_END: i64 = 305;

/// So that no issuer uses up the room of all.
#[cfg(not(test))]
const MOST_OF_ISSUER: usize = 50_000;
#[cfg(test)]
const MOST_OF_ISSUER: usize = 6;

/// Some twenty megabytes of memory.
#[cfg(not(test))]
pub(super) const MOST: usize = 200_000;
#[cfg(test)]
pub(super) const MOST: usize = 8;
