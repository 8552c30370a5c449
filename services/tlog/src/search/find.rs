use std::collections::BTreeSet;

use entry::v1::{Operator, SearchTerm};
use index::Key;
use key::HashAlgorithm;
use merkle::LeafIndex;
use sequencer::{Log, RecordedEntry};

use super::SearchIndex;
use crate::error::Error;
use crate::frame::unframed;
use crate::log::TransparencyLog;
use crate::side::Side;

/// The entries of a log that have one or all of some terms, in the order of the log.
pub(crate) async fn find_all(
    log: &TransparencyLog,
    terms: &[SearchTerm],
    operator: Operator,
) -> Result<BTreeSet<LeafIndex>, Error> {
    log.search.find_all(&log.log, terms, operator).await
}

impl SearchIndex {
    pub(super) async fn find_all(
        &self,
        log: &Log,
        terms: &[SearchTerm],
        operator: Operator,
    ) -> Result<BTreeSet<LeafIndex>, Error> {
        let generation = self.generation.load_full();
        let published = log.published().head.size;
        generation.follower.catch_up(published).await;
        let keys: BTreeSet<_> = terms.iter().map(key_of).collect();
        match operator {
            Operator::Or => self.with_any(&keys).await,
            Operator::And => self.with_all(log, &keys).await,
        }
    }

    async fn with_any(&self, keys: &BTreeSet<Key>) -> Result<BTreeSet<LeafIndex>, Error> {
        let mut found = BTreeSet::new();
        for key in keys {
            found.extend(
                self.with(key)
                    .await?
                    .ok_or(Error::TooManyFound(MAX_FOUND))?,
            );
        }
        Ok(found)
    }

    /// A term that many entries have does not find them; it is looked for in what the others find.
    async fn with_all(
        &self,
        log: &Log,
        keys: &BTreeSet<Key>,
    ) -> Result<BTreeSet<LeafIndex>, Error> {
        let (mut found, mut common) = (None, Vec::new());
        for key in keys {
            let Some(places) = self.with(key).await? else {
                common.push(*key);
                continue;
            };
            found = Some(match found {
                None => places,
                Some(found) => &found & &places,
            });
        }
        match found {
            Some(found) => having(log, found, &common).await,
            None if common.is_empty() => Ok(BTreeSet::new()),
            None => Err(Error::TooManyFound(MAX_FOUND)),
        }
    }

    /// The entries that carry a key, or `None` if they are too many.
    async fn with(&self, key: &Key) -> Result<Option<BTreeSet<LeafIndex>>, Error> {
        let generation = self.generation.load_full();
        let places = generation.follower.positions(*key, MAX_FOUND + 1).await;
        let places = places.map_err(|error| match error {
            sequencer::Error::Index(source) => Error::Index(source),
            error => Error::Log(error),
        })?;
        let are_few = places.len() <= MAX_FOUND;
        Ok(are_few.then(|| places.into_iter().map(LeafIndex::new).collect()))
    }
}

/// Those of some entries that have some keys, as the entries themselves say.
async fn having(
    log: &Log,
    entries: BTreeSet<LeafIndex>,
    wanted: &[Key],
) -> Result<BTreeSet<LeafIndex>, Error> {
    if wanted.is_empty() {
        return Ok(entries);
    }
    let mut found = BTreeSet::new();
    for index in entries {
        let entry = log.entry(index).await?;
        let keys = keys(&entry.ok_or(Error::EntryLost(index.value()))?);
        if wanted.iter().all(|key| keys.contains(key)) {
            found.insert(index);
        }
    }
    Ok(found)
}

/// The keys of a stored entry. One that cannot be read, which no version of this service writes, is not found.
pub(super) fn keys(entry: &RecordedEntry) -> Vec<Key> {
    let of_body = entry::v1::search_terms_of(&unframed(&entry.bundle)).unwrap_or_default();
    let beside = Side::decode(&entry.side).map(|side| side.terms);
    let terms = of_body.iter().chain(beside.iter().flatten());
    let keys: BTreeSet<_> = terms.map(key_of).collect();
    keys.into_iter().collect()
}

// The digests of verifiers stand both bare and after their algorithm, and are one key here.
pub(super) fn key_of(term: &SearchTerm) -> Key {
    let text = term.as_str();
    let text = text.strip_prefix("sha256:").unwrap_or(text);
    let digest = HashAlgorithm::Sha256.digest(text.as_bytes());
    Key::new(digest.try_into().unwrap_or_default())
}

/// More are too many for a person and for one answer.
pub(super) const MAX_FOUND: usize = 1_000;
