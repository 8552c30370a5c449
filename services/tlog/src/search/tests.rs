use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sigstead_cold::MemoryStorage;
use sigstead_entry::v1::{Operator, SearchTerm};
use sigstead_index::{Index, IndexConfig};
use sigstead_journal::MemoryJournal;
use sigstead_key::Algorithm;
use sigstead_merkle::{LeafHash, LeafIndex};
use sigstead_sequencer::{
    CheckpointSigner, EntryLeaves, LogConfig, LogParts, MemoryAnchor, PendingEntry, SealError,
    SealedEntry,
};
use tempfile::TempDir;
use tokio::task::{JoinHandle, JoinSet};

use super::find::MAX_FOUND;
use super::keys::key_of;
use super::*;
use crate::error::ReadError;
use crate::side::Side;

const ORIGIN: &str = "rekor.example.com";

/// A log in memory, with a search index in a folder.
struct World {
    folder: TempDir,
    log: Log,
}

impl World {
    async fn new() -> Self {
        let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
        let parts = LogParts {
            journal: Box::new(MemoryJournal::new()),
            cold: Arc::new(MemoryStorage::new()),
            anchor: Box::new(MemoryAnchor::begun()),
            head_signer: Arc::new(CheckpointSigner::new(origin(), signer).unwrap()),
            cosigning: None,
            leaf_format: Arc::new(EntryLeaves),
            known: Arc::new(Index::in_memory(IndexConfig::default())),
            clock: Arc::new(|| 1_790_000_000_000),
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            log: Log::open(LogConfig::new(ORIGIN), parts).await.unwrap(),
        }
    }

    /// Logs so many entries, each found by these terms.
    async fn add(&self, count: usize, terms: &[&str]) {
        let mut adding = JoinSet::new();
        for _ in 0..count {
            let (log, terms) = (
                self.log.clone(),
                terms.iter().map(|term| SearchTerm::new(term)),
            );
            let entry = Found(terms.collect());
            adding.spawn(async move { log.add(Box::new(entry)).await.unwrap() });
        }
        adding.join_all().await;
    }

    async fn search_index(&self) -> Arc<SearchIndex> {
        let opened = SearchIndex::open(self.folder.path().to_owned(), origin());
        Arc::new(opened.await.unwrap())
    }

    fn follow(&self, search: &Arc<SearchIndex>, stop: &CancellationToken) -> JoinHandle<()> {
        let (search, log, stop) = (Arc::clone(search), self.log.clone(), stop.clone());
        tokio::spawn(async move { search.follow(log, stop).await })
    }

    /// Has an index that is complete.
    async fn followed(&self) -> Arc<SearchIndex> {
        let search = self.search_index().await;
        self.follow(&search, &CancellationToken::new());
        let size = self.log.published().head.size;
        eventually("catching up", || search.covered() == size).await;
        search
    }

    fn generations(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("current"))
            .collect();
        names.sort();
        names
    }
}

fn origin() -> Origin {
    Origin::parse(ORIGIN).unwrap()
}

/// An entry that is found by these terms.
struct Found(Vec<SearchTerm>);

impl PendingEntry for Found {
    fn deduplication_key(&self) -> Option<[u8; 32]> {
        None
    }

    fn seal(&self, index: LeafIndex, _: u64) -> Result<SealedEntry, SealError> {
        let body = index.value().to_be_bytes();
        let side = Side {
            integrated_time: 1_790_000_000,
            terms: self.0.clone(),
        };
        Ok(SealedEntry {
            bundle: sigstead_tiles::frame(&body)?.into(),
            leaf_hash: LeafHash::of(&body),
            side: side.encode(),
        })
    }
}

async fn find(
    search: &SearchIndex,
    log: &Log,
    terms: &[&str],
    operator: Operator,
) -> Result<Vec<u64>, Error> {
    let terms: Vec<_> = terms.iter().map(|term| SearchTerm::new(term)).collect();
    let found = search.find_all(log, &terms, operator).await?;
    Ok(found.into_iter().map(LeafIndex::value).collect())
}

/// The limit only ends a broken test.
async fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let waiting = async {
        while !happened() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    assert!(waited.is_ok(), "{what} did not happen");
}

/// An index of runs that are about to be merged.
fn write_runs(directory: &Path, term: &str) {
    let apart = IndexConfig {
        fan_out: 100,
        ..IndexConfig::default()
    };
    let (index, _) = Index::open(directory, apart).unwrap();
    let key = key_of(&SearchTerm::new(term));
    for position in 0..8 {
        index
            .extend(position..position + 1, &[(key, position)])
            .unwrap();
        index.maintain().unwrap();
    }
}

#[tokio::test]
async fn a_term_that_many_entries_have_is_found_together_with_one_that_few_have() {
    let world = World::new().await;
    world.add(MAX_FOUND, &["often", "nearly as often"]).await;
    world.add(1, &["often", "rare"]).await;
    world.add(2, &["rare"]).await;
    let search = world.followed().await;
    let table: [(&[&str], Option<&[u64]>); 8] = [
        (&["often", "rare"], Some(&[1_000])),
        (&["rare", "often"], Some(&[1_000])),
        (&["rare"], Some(&[1_000, 1_001, 1_002])),
        (&["rare", "rare"], Some(&[1_000, 1_001, 1_002])),
        (&["rare", "nearly as often"], Some(&[])),
        (&["rare", "absent"], Some(&[])),
        (&["often"], None),
        (&["often", "often"], None),
    ];
    for (terms, expected) in table {
        match (
            find(&search, &world.log, terms, Operator::And).await,
            expected,
        ) {
            (Ok(found), Some(expected)) => assert_eq!(found, expected, "{terms:?}"),
            (Err(Error::Read(ReadError::TooManyFound(MAX_FOUND))), None) => {}
            (answer, _) => assert!(
                answer.is_ok() && expected.is_none(),
                "{terms:?}: {answer:?}"
            ),
        }
    }
    let most = find(
        &search,
        &world.log,
        &["often", "nearly as often"],
        Operator::And,
    )
    .await;
    assert_eq!(most.unwrap().len(), MAX_FOUND);
    let either = find(&search, &world.log, &["rare", "often"], Operator::Or).await;
    assert!(
        matches!(either, Err(Error::Read(ReadError::TooManyFound(_)))),
        "{either:?}"
    );
    let none = find(&search, &world.log, &[], Operator::And).await;
    assert!(none.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_index_that_fails_for_ever_is_made_anew_when_that_is_asked_for() {
    let world = World::new().await;
    world.add(20, &["term"]).await;
    write_runs(&world.folder.path().join("0"), "of something else");
    let search = world.search_index().await;
    // Whatever it writes fails from now on.
    fs::remove_dir_all(world.folder.path().join("0")).unwrap();
    let stop = CancellationToken::new();
    let following = world.follow(&search, &stop);
    let found = find(&search, &world.log, &["term"], Operator::Or).await;
    let is_behind = matches!(
        found,
        Err(Error::Log(sigstead_sequencer::Error::IndexBehind {
            size: 20,
            ..
        }))
    );
    assert!(is_behind, "{found:?}");

    search.rebuild();
    eventually("making anew", || search.covered() == 20).await;
    let found = find(&search, &world.log, &["term"], Operator::Or).await;
    assert_eq!(found.unwrap().len(), 20);
    stop.cancel();
    following.await.unwrap();
    assert_eq!(world.generations(), ["1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_index_that_is_made_anew_counts_after_a_restart_and_the_old_one_is_gone() {
    let world = World::new().await;
    world.add(20, &["term"]).await;
    let search = world.search_index().await;
    let stop = CancellationToken::new();
    let following = world.follow(&search, &stop);
    for number in 1..=2 {
        search.rebuild();
        eventually("making anew", || search.generation.load().number == number).await;
    }
    world.add(1, &["term"]).await;
    eventually("following on", || search.covered() == 21).await;
    let found = find(&search, &world.log, &["term"], Operator::Or).await;
    assert_eq!(found.unwrap().len(), 21);
    stop.cancel();
    following.await.unwrap();
    assert_eq!(world.generations(), ["2"]);

    let search = world.search_index().await;
    assert_eq!((search.generation.load().number, search.covered()), (2, 20));
}

#[tokio::test]
async fn what_is_left_of_other_generations_is_removed_at_the_start() {
    let world = World::new().await;
    for name in ["0", "4", "6"] {
        write_runs(&world.folder.path().join(name), name);
    }
    fs::write(world.folder.path().join("current"), "4\n").unwrap();
    let search = world.search_index().await;
    assert_eq!((search.generation.load().number, search.covered()), (4, 8));
    assert_eq!(world.generations(), ["4"]);
}

#[tokio::test]
async fn an_index_that_is_ahead_of_its_log_does_not_answer_stale_positions() {
    let world = World::new().await;
    write_runs(&world.folder.path().join("0"), "stale");
    world.add(2, &["term"]).await;
    let search = world.search_index().await;
    world.follow(&search, &CancellationToken::new());
    eventually("making anew", || search.covered() == 2).await;
    let table: [(&str, &[u64]); 2] = [("stale", &[]), ("term", &[0, 1])];
    for (term, expected) in table {
        let found = find(&search, &world.log, &[term], Operator::Or).await;
        assert_eq!(found.unwrap(), expected, "{term}");
    }
}
