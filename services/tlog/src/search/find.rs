use std::collections::BTreeSet;

use sigstead_entry::v1::{Operator, SearchTerm};
use sigstead_index::Key;
use sigstead_merkle::LeafIndex;
use sigstead_sequencer::{Follower, Log};

use super::SearchIndex;
use super::keys::key_of;
use crate::error::{Error, ReadError};

impl SearchIndex {
    /// The entries of the log that have one or all of some terms, in its order.
    pub(crate) async fn find_all(
        &self,
        log: &Log,
        terms: &[SearchTerm],
        operator: Operator,
    ) -> Result<BTreeSet<LeafIndex>, Error> {
        let generation = self.generation.load_full();
        let published = log.published().head.size;
        let follower = &generation.follower;
        follower.catch_up(published).await;
        let keys: BTreeSet<_> = terms.iter().map(key_of).collect();
        let found = match operator {
            Operator::Or => with_any(follower, &keys).await?,
            Operator::And => with_all(follower, &keys).await?,
        };
        follower.covers(published)?;
        Ok(found)
    }
}

async fn with_any(follower: &Follower, keys: &BTreeSet<Key>) -> Result<BTreeSet<LeafIndex>, Error> {
    let mut found = BTreeSet::new();
    for key in keys {
        let places = with(follower, key).await?;
        found.extend(places.ok_or(ReadError::TooManyFound(MAX_FOUND))?);
    }
    Ok(found)
}

/// A term that many entries have does not find them; it is looked for in what the others find.
async fn with_all(follower: &Follower, keys: &BTreeSet<Key>) -> Result<BTreeSet<LeafIndex>, Error> {
    let (mut found, mut common) = (None, Vec::new());
    for key in keys {
        let Some(places) = with(follower, key).await? else {
            common.push(*key);
            continue;
        };
        found = Some(match found {
            None => places,
            Some(found) => &found & &places,
        });
    }
    match found {
        Some(found) => having(follower, found, &common).await,
        None if common.is_empty() => Ok(BTreeSet::new()),
        None => Err(ReadError::TooManyFound(MAX_FOUND).into()),
    }
}

/// The entries that carry a key, or `None` if they are too many.
async fn with(follower: &Follower, key: &Key) -> Result<Option<BTreeSet<LeafIndex>>, Error> {
    let places = follower.positions(*key, MAX_FOUND + 1).await;
    let places = places.map_err(index_error)?;
    let are_few = places.len() <= MAX_FOUND;
    Ok(are_few.then(|| places.into_iter().map(LeafIndex::new).collect()))
}

/// Those of some entries that have some keys.
async fn having(
    follower: &Follower,
    mut entries: BTreeSet<LeafIndex>,
    wanted: &[Key],
) -> Result<BTreeSet<LeafIndex>, Error> {
    for key in wanted {
        let among = entries.iter().map(|index| index.value()).collect();
        let found = follower.positions_among(*key, among).await;
        let found = found.map_err(index_error)?;
        entries = found.into_iter().map(LeafIndex::new).collect();
    }
    Ok(entries)
}

fn index_error(error: sigstead_sequencer::Error) -> Error {
    match error {
        sigstead_sequencer::Error::Index(source) => Error::Read(ReadError::Index(source)),
        error => Error::Log(error),
    }
}

/// More are too many for a person and for one answer.
pub(super) const MAX_FOUND: usize = 1_000;
