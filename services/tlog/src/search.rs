use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use checkpoint::Origin;
use entry::v1::{Operator, SearchTerm};
use index::{Index, IndexConfig, Key};
use key::HashAlgorithm;
use merkle::LeafIndex;
use sequencer::{Log, RecordedEntry};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::frame::unframed;
use crate::log::TransparencyLog;
use crate::side::Side;

/// Finds the entries of a log by what stands in them.
///
/// A follower feeds it from what the log has published. It holds nothing that the log's files do not, so it may be lost
/// or made anew at any time.
pub(crate) struct SearchIndex {
    directory: PathBuf,
    origin: Origin,
    generation: ArcSwap<Generation>,
    /// How many entries the one that answers covers.
    covered: watch::Sender<u64>,
    rebuild: Notify,
    /// Somebody searches for what is not taken in yet.
    hurry: Notify,
}

/// One making of the index.
struct Generation {
    number: u64,
    index: Index,
}

impl SearchIndex {
    pub(crate) async fn open(directory: PathBuf, origin: Origin) -> Result<Self, Error> {
        blocking(move || {
            let generation = Generation::open(&directory, current(&directory)?, &origin)?;
            Ok(Self {
                directory,
                origin,
                covered: watch::Sender::new(generation.index.covered()),
                generation: ArcSwap::from_pointee(generation),
                rebuild: Notify::new(),
                hurry: Notify::new(),
            })
        })
        .await
    }

    /// How many entries it covers.
    pub(crate) fn covered(&self) -> u64 {
        self.generation.load().index.covered()
    }

    /// Has the follower make the index anew; the old one answers until the new one is complete.
    pub(crate) fn rebuild(&self) {
        self.rebuild.notify_one();
    }

    /// Has it take in what the log has published, so that whoever logged an entry finds it. An index that is far behind
    /// is not waited for.
    async fn catch_up(&self, size: u64) {
        if self.covered() >= size {
            return;
        }
        let mut covered = self.covered.subscribe();
        self.hurry.notify_one();
        // What it covers by then is what is found.
        let _ = tokio::time::timeout(CATCH_UP, covered.wait_for(|covered| *covered >= size)).await;
    }

    /// The entries that carry a term, at most `limit`, in the order of the log.
    async fn find(&self, term: &SearchTerm, limit: usize) -> Result<Vec<LeafIndex>, Error> {
        let (generation, key) = (self.generation.load_full(), key_of(term));
        let positions = blocking(move || Ok(generation.index.positions(&key, limit)?)).await?;
        Ok(positions.into_iter().map(LeafIndex::new).collect())
    }

    /// Follows a log until it is told to stop.
    pub(crate) async fn follow(&self, log: Log, stop: CancellationToken) {
        let mut published = log.subscribe();
        let mut next = None;
        loop {
            let rest = async {
                match self.advance(&log, &mut next).await {
                    Ok(Progress::Behind) => {}
                    Ok(Progress::CaughtUp) => tokio::select! {
                        // A log whose last handle is gone changes no more.
                        changed = published.changed() => match changed {
                            Ok(()) => self.gather().await,
                            Err(_) => stop.cancelled().await,
                        },
                        () = self.rebuild.notified() => match self.begin().await {
                            Ok(generation) => next = Some(generation),
                            Err(error) => warn(&self.origin, &error),
                        },
                    },
                    Err(error) => {
                        warn(&self.origin, &error);
                        tokio::time::sleep(RETRY).await;
                    }
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = rest => {}
            }
        }
    }

    /// Waits for more entries, because they cost less together, unless somebody searches.
    async fn gather(&self) {
        tokio::select! {
            () = tokio::time::sleep(GATHER) => {}
            () = self.hurry.notified() => {}
        }
    }

    /// Takes a step with the index that answers, and one with the next if one is being made.
    async fn advance(
        &self,
        log: &Log,
        next: &mut Option<Arc<Generation>>,
    ) -> Result<Progress, Error> {
        let progress = self.generation.load_full().take_in(log).await?;
        self.covered.send_replace(self.covered());
        let Some(generation) = next else {
            return Ok(progress);
        };
        if Arc::clone(generation).take_in(log).await? == Progress::CaughtUp {
            self.replace(Arc::clone(generation)).await?;
            *next = None;
        }
        Ok(Progress::Behind)
    }

    async fn begin(&self) -> Result<Arc<Generation>, Error> {
        let number = self.generation.load().number + 1;
        let (directory, origin) = (self.directory.clone(), self.origin.clone());
        blocking(move || {
            remove(&generation_directory(&directory, number))?;
            Generation::open(&directory, number, &origin).map(Arc::new)
        })
        .await
    }

    async fn replace(&self, next: Arc<Generation>) -> Result<(), Error> {
        let (directory, new) = (self.directory.clone(), Arc::clone(&next));
        blocking(move || {
            new.index.maintain()?;
            set_current(&directory, new.number)
        })
        .await?;
        let old = self.generation.swap(next);
        let directory = generation_directory(&self.directory, old.number);
        tracing::info!(origin = %self.origin, "the search index is made anew");
        blocking(move || remove(&directory)).await
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Progress {
    CaughtUp,
    Behind,
}

impl Generation {
    fn open(directory: &Path, number: u64, origin: &Origin) -> Result<Self, Error> {
        let path = generation_directory(directory, number);
        let (index, damage) = Index::open(&path, IndexConfig::default())?;
        for damage in damage {
            tracing::warn!(%origin, %damage, "a part of the search index is made anew");
        }
        Ok(Self { number, index })
    }

    /// Takes in the next entries that the log has published, at most those of one bundle.
    async fn take_in(self: Arc<Self>, log: &Log) -> Result<Progress, Error> {
        if self.index.is_due() {
            let this = Arc::clone(&self);
            blocking(move || Ok(this.index.maintain()?)).await?;
        }
        let (first, size) = (self.index.covered(), log.published().head.size);
        let entries = log.entries(LeafIndex::new(first), STEP).await?;
        let end = first + entries.len() as u64;
        let postings = (first..).zip(&entries);
        let postings = postings.flat_map(|(at, entry)| keys(entry).map(move |key| (key, at)));
        self.index
            .extend(first..end, &postings.collect::<Vec<_>>())?;
        Ok(if end < size {
            Progress::Behind
        } else {
            Progress::CaughtUp
        })
    }
}

/// The entries of a log that have one or all of some terms, in the order of the log.
pub(crate) async fn find_all(
    log: &TransparencyLog,
    terms: &[SearchTerm],
    operator: Operator,
) -> Result<BTreeSet<LeafIndex>, Error> {
    log.search.catch_up(log.published().head.size).await;
    let mut found: Option<BTreeSet<LeafIndex>> = None;
    for term in terms {
        let places = log.search.find(term, MAX_FOUND + 1).await?;
        if places.len() > MAX_FOUND {
            return Err(Error::TooManyFound(MAX_FOUND));
        }
        let places: BTreeSet<_> = places.into_iter().collect();
        found = Some(match (found, operator) {
            (None, _) => places,
            (Some(found), Operator::Or) => &found | &places,
            (Some(found), Operator::And) => &found & &places,
        });
    }
    Ok(found.unwrap_or_default())
}

/// The keys of a stored entry. One that cannot be read, which no version of this service writes, is not found.
fn keys(entry: &RecordedEntry) -> impl Iterator<Item = Key> {
    let of_body = entry::v1::search_terms_of(&unframed(&entry.bundle)).unwrap_or_default();
    let beside = Side::decode(&entry.side).map(|side| side.terms);
    let terms = of_body.iter().chain(beside.iter().flatten());
    let keys: BTreeSet<_> = terms.map(key_of).collect();
    keys.into_iter()
}

// The digests of verifiers stand both bare and after their algorithm, and are one key here.
fn key_of(term: &SearchTerm) -> Key {
    let text = term.as_str();
    let text = text.strip_prefix("sha256:").unwrap_or(text);
    let digest = HashAlgorithm::Sha256.digest(text.as_bytes());
    Key::new(digest.try_into().unwrap_or_default())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::Task)?
}

fn warn(origin: &Origin, error: &Error) {
    let detail = kit::causes(error);
    tracing::warn!(%origin, detail, "the search index lags behind its log");
}

fn generation_directory(directory: &Path, number: u64) -> PathBuf {
    directory.join(number.to_string())
}

// A generation counts once it is complete; until then a restart goes on with the one before.
fn current(directory: &Path) -> Result<u64, Error> {
    match fs::read_to_string(directory.join(CURRENT)) {
        Ok(text) => Ok(text.trim().parse().unwrap_or_default()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(source) => Err(failed(directory, source)),
    }
}

fn set_current(directory: &Path, number: u64) -> Result<(), Error> {
    let temporary = directory.join("current.new");
    fs::write(&temporary, format!("{number}\n"))
        .and_then(|()| fs::rename(&temporary, directory.join(CURRENT)))
        .map_err(|source| failed(directory, source))
}

fn remove(directory: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(directory, error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    Error::IndexFiles {
        path: path.to_path_buf(),
        source,
    }
}

const CURRENT: &str = "current";
const STEP: u64 = 256;
/// What stays in memory longer is no loss: the entries are in the log.
const GATHER: Duration = Duration::from_millis(50);
const CATCH_UP: Duration = Duration::from_millis(500);
const RETRY: Duration = Duration::from_secs(5);

/// More are too many for a person and for one answer.
const MAX_FOUND: usize = 1_000;
