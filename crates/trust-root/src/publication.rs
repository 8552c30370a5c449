//! One publication of a trust state: the files, and the root and targets metadata that must be signed.

use time::{Duration, OffsetDateTime};

use crate::error::Error;
use crate::history::check_history;
use crate::state::TrustState;
use crate::target::Target;
use crate::trusted_root::TrustedRoot;
use crate::tuf::{Root, Targets};

/// What clients have now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The newest root.
    pub root: Root,
    /// The newest targets.
    pub targets: Targets,
    /// The trusted root that the targets name.
    pub trusted_root: TrustedRoot,
}

/// From when and for how long metadata counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// When it is signed.
    pub signed_at: OffsetDateTime,
    /// How long clients accept it from then on.
    pub length: Duration,
}

/// What a publication writes. The roles have no signatures yet; a role that is `None` stays as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// All files that the targets name.
    pub files: Vec<Target>,
    /// The next root.
    pub root: Option<Root>,
    /// The next targets.
    pub targets: Option<Targets>,
}

impl Publication {
    /// The first publication, under a root that has its keys.
    ///
    /// # Errors
    /// If a chain or key of the state cannot be read.
    pub fn first(state: &TrustState, root: Root, term: Term) -> Result<Self, Error> {
        let files = state.targets()?;
        Ok(Self {
            targets: Some(Targets::new(1, term.expires(), &files)),
            root: Some(root.expiring(term.expires())),
            files,
        })
    }

    /// The publication after `published`. Both roles are made again, one version on, whether anything changed or only time
    /// has passed. A role that says the same and was made just before stays, so that a publication that was interrupted
    /// can be run again without a version more.
    ///
    /// # Errors
    /// If a chain or key of the state cannot be read, or the state takes back what was published.
    pub fn next(state: &TrustState, published: &Published, term: Term) -> Result<Self, Error> {
        check_history(&published.trusted_root, &state.trusted_root()?)?;
        let files = state.targets()?;
        let targets = Targets::new(
            published.targets.version.saturating_add(1),
            term.expires(),
            &files,
        );
        let targets_stay = targets.targets == published.targets.targets
            && term.is_of_now(published.targets.expires);
        let root_stays = term.is_of_now(published.root.expires);
        Ok(Self {
            files,
            root: (!root_stays).then(|| published.root.successor(term.expires())),
            targets: (!targets_stay).then_some(targets),
        })
    }
}

impl Term {
    /// When it ends.
    #[must_use]
    pub fn expires(&self) -> OffsetDateTime {
        self.signed_at + self.length
    }

    /// Whether metadata that ends at `expires` was made for this term, within a hundredth of its length.
    fn is_of_now(&self, expires: OffsetDateTime) -> bool {
        (self.expires() - expires).abs() <= self.length / 100
    }
}
