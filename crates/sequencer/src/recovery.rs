//! What happens when a log is opened, in this order; any step that does not fit ends it, because going on would be a
//! guess.
//!
//! 1. The journal answers its rounds. None at all is a new log if the anchor knows that there never was one, and the log signs
//!    its empty tree. Without that anchor it may be a log whose data are lost: it takes no entries.
//! 2. The right edge is built from full tiles up to the last full bundle before the journal, then from the journal's
//!    entries; every round's root is computed again and compared.
//! 3. The last checkpoint is verified under the configured key.
//! 4. The last full bundle is checked against its tile, and the index of entries is brought up to the log.
//! 5. The anchor is compared: a log that is behind it, or that it does not contain, is readable and takes no entries. If it
//!    fits, it learns of the head before the first new entry. A crash between that and the first step leaves a log of no entries,
//!    whose anchor still says that there never was one.

use std::sync::Arc;

use sigstead_journal::{Journal, Round};
use sigstead_merkle::TreeHead;

use crate::config::LogConfig;
use crate::cosigning::Cosigning;
use crate::error::{Error, chain};
use crate::feed::Progress;
use crate::head::anchor::{Anchor, AnchorClaim, AnchorError, Anchored};
use crate::head::published::PublishedHead;
use crate::head::signer::{ConsistentSigner, HeadSigner};
use crate::keeper;
use crate::known::Known;
use crate::parts::LogParts;
use crate::round::committer::Committer;
use crate::round::cosigner::Cosigner;
use crate::round::engine::Engine;
use crate::state::{Found, State};
use crate::tree::Tree;
use crate::tree::edge::WIDTH;
use crate::tree::layout::tile_path;
use crate::tree::rebuild::rebuild_edge;

/// A log as it was found, and what writes it if it may be written.
pub(crate) struct Recovered {
    pub(crate) state: Arc<State>,
    pub(crate) writer: Option<(Box<Engine>, Box<dyn Anchor>)>,
}

pub(crate) async fn recover(config: LogConfig, parts: LogParts) -> Result<Recovered, Error> {
    let (claim, (anchor, anchored)) = load_anchor(parts.anchor).await?;
    let (journal, rounds) = load(parts.journal).await?;
    let is_new = rounds.is_empty();
    let lost = match is_new {
        true => against_beginning(&*parts.cold, &anchored, config.adopts_missing_anchor).await?,
        false => None,
    };
    let (edge, base) = rebuild_edge(&*parts.cold, &*parts.leaf_format, &rounds).await?;
    let head = last_head(&rounds, &*parts.head_signer)?;
    let is_frozen = parts.head_signer.is_last(&head.note);
    let signer = ConsistentSigner::new(parts.head_signer, head.head);
    let format = parts.leaf_format;
    let found = Found {
        tree: Tree::new(edge, parts.cold, Arc::clone(&format), config.has_sides),
        base,
        head,
        known: Known::new(parts.known, Arc::clone(&format)),
        anchored: anchored.as_ref().ok().copied().flatten(),
    };
    let must_wait = parts.cosigning.as_ref().is_some_and(Cosigning::must_wait);
    let state = Arc::new(State::new(&config, found, !must_wait)?);
    if let Some(reason) = lost {
        state.stop(reason);
        // Given back before the journal, as an engine does.
        drop(claim);
        return Ok(Recovered {
            state,
            writer: None,
        });
    }
    recover_index(&state, base).await?;
    let opening = Opening {
        is_frozen,
        adopts_missing_anchor: config.adopts_missing_anchor,
    };
    let engine = Box::new(Engine::new(
        Arc::clone(&state),
        claim,
        Committer::new(Arc::clone(&state.tree), journal, signer),
        parts.cosigning.map(Cosigner::new),
        format,
        parts.clock,
        config,
    ));
    // A new log's anchor was looked at above.
    let (engine, anchored) = if is_new {
        (begin(engine).await?, Ok(Some(Anchored::beginning())))
    } else {
        (engine, anchored)
    };
    settle(state, engine, (anchor, anchored), opening).await
}

/// What decides, beside the anchor, what the log is opened for.
struct Opening {
    /// Whether its last head says that it is the last.
    is_frozen: bool,
    adopts_missing_anchor: bool,
}

/// 5. Decides what the log is opened for.
async fn settle(
    state: Arc<State>,
    engine: Box<Engine>,
    (anchor, anchored): Loaded,
    opening: Opening,
) -> Result<Recovered, Error> {
    let against = against_anchor(&state, anchored, opening.adopts_missing_anchor);
    if let Some(reason) = against.await? {
        state.stop(reason);
        return Ok(Recovered {
            state,
            writer: None,
        });
    }
    if opening.is_frozen {
        state.queue.freeze();
    }
    // The anchor knows the log before its first new entry.
    let anchored = Anchored::from(&*state.published());
    let anchor = keeper::anchor::store_at(&state, anchor, anchored).await;
    Ok(Recovered {
        writer: anchor.map(|anchor| (engine, anchor)),
        state,
    })
}

/// 3. The head of the last round, which must be this log's; that of no round is of the empty tree, and unsigned.
fn last_head(rounds: &[Round], signer: &dyn HeadSigner) -> Result<PublishedHead, Error> {
    let Some(last) = rounds.last() else {
        return Ok(PublishedHead {
            head: TreeHead::empty(),
            time_millis: 0,
            note: bytes::Bytes::new(),
        });
    };
    let verified = signer.verify(&last.head, last.time_millis, &last.checkpoint);
    verified.map_err(|source| Error::WrongKey { source })?;
    Ok(PublishedHead {
        head: last.head,
        time_millis: last.time_millis,
        note: last.checkpoint.clone(),
    })
}

/// 1. A journal's calls block.
async fn load(mut journal: Box<dyn Journal>) -> Result<(Box<dyn Journal>, Vec<Round>), Error> {
    blocking(move || {
        let rounds = journal.load()?;
        Ok((journal, rounds))
    })
    .await
}

/// The anchor, and what it remembers or why it does not.
type Loaded = (Box<dyn Anchor>, Result<Option<Anchored>, AnchorError>);

/// Claims and reads the anchor. A log whose anchor another copy has is not opened at all.
async fn load_anchor(mut anchor: Box<dyn Anchor>) -> Result<(Option<AnchorClaim>, Loaded), Error> {
    blocking(move || {
        let (claim, anchored) = match anchor.claim() {
            Ok(claim) => (Some(claim), anchor.load()),
            Err(error @ AnchorError::InUse { .. }) => return Err(error.into()),
            Err(error) => (None, Err(error)),
        };
        Ok((claim, (anchor, anchored)))
    })
    .await
}

/// 1. Why a log of which the journal has nothing must not begin, if it must not: its data may be lost.
async fn against_beginning(
    cold: &dyn sigstead_cold::ColdStorage,
    anchored: &Result<Option<Anchored>, AnchorError>,
    adopts_missing: bool,
) -> Result<Option<String>, Error> {
    if cold.get(&tile_path(0, 0)).await?.is_some() {
        let why = "E-LOG-006: the journal is empty, but cold storage holds tiles; restore the latest copy";
        return Ok(Some(why.to_owned()));
    }
    Ok(match anchored {
        Ok(Some(anchored)) if anchored.is_beginning() => None,
        Ok(Some(anchored)) => Some(format!(
            "E-LOG-006: the journal is empty, but the anchor knows a head of {} entries; mount the volume of the log, or \
             restore the latest copy",
            anchored.head.size
        )),
        Ok(None) if adopts_missing => None,
        Ok(None) => Some(
            "E-LOG-008: nothing is stored of the log and its anchor is missing, so its data may be lost; bring them back, or \
             if it never had an entry, say so with `sigctl log adopt --empty`"
                .to_owned(),
        ),
        Err(error) => Some(unreadable(error)),
    })
}

fn unreadable(error: &AnchorError) -> String {
    format!(
        "E-LOG-004: the anchor cannot be read ({}); restore it",
        chain(error)
    )
}

/// Step 4: the last bundle, so that a restore without bundles is noticed; then the index of entries, which is brought up
/// to the log if it lags by no more than it keeps in memory. The rest is the keeper's, so that a start is quick.
async fn recover_index(state: &State, base: u64) -> Result<(), Error> {
    if let Some(last_full) = (base / WIDTH).checked_sub(1) {
        state.tree.cold.check_bundle(last_full).await?;
    }
    let index = state.known.index();
    if index.covered() > state.size() {
        // That of a newer copy, or of another log.
        index.clear()?;
    }
    for _ in 0..BUNDLES_AT_START {
        match state.known.catch_up(&state.tree, state.size()).await {
            Ok(Progress::Behind) => {}
            Ok(Progress::CaughtUp) => break,
            Err(error) => {
                let log = &state.name;
                tracing::warn!(log, %error, cause = ?error, "the index of entries lags behind the log");
                break;
            }
        }
    }
    Ok(())
}

/// A new log signs its empty tree, on a thread where it may block.
async fn begin(mut engine: Box<Engine>) -> Result<Box<Engine>, Error> {
    blocking(move || engine.genesis().map(|()| engine)).await
}

/// 5. Why the log must not be written, if it must not.
async fn against_anchor(
    state: &State,
    anchored: Result<Option<Anchored>, AnchorError>,
    adopts_missing: bool,
) -> Result<Option<String>, Error> {
    let published = state.published();
    let size = published.head.size;
    let anchored = match anchored {
        Ok(Some(anchored)) => anchored,
        Ok(None) if adopts_missing => return Ok(None),
        Ok(None) => {
            return Ok(Some(format!(
                "E-LOG-001: the log has {size} entries and its anchor is missing; if this is certainly the latest copy and no \
                 other runs, adopt it with `sigctl log adopt`"
            )));
        }
        Err(error) => return Ok(Some(unreadable(&error))),
    };
    // A log's own anchor knows its first head before its first entry, so this one was made later.
    if anchored.is_beginning() && size > 0 && !adopts_missing {
        return Ok(Some(format!(
            "E-LOG-009: the log has {size} entries, and its anchor is that of a log which never had one; if this is certainly \
             the latest copy and no other runs, adopt it with `sigctl log adopt`"
        )));
    }
    if anchored.head.size > size || anchored.time_millis > published.time_millis {
        return Ok(Some(format!(
            "E-LOG-002: the store is behind its anchor: size {size}, but {} was published; this is an older copy of the log, \
             restore the latest one",
            anchored.head.size
        )));
    }
    let root = state.tree.at(size).root(anchored.head.size).await?;
    Ok((root != anchored.head.root).then(|| {
        format!(
            "E-LOG-003: the store does not contain the tree of size {} that its anchor knows",
            anchored.head.size
        )
    }))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| {
        Err(Error::Inconsistent {
            why: format!("opening was interrupted ({error})"),
        })
    })
}

/// As many entries as the index has in memory when it was not written for longest.
const BUNDLES_AT_START: usize = 512;
