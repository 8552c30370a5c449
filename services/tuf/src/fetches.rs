//! How often root and targets were fetched, by version, kept from one start of the service to the next.
//!
//! The rotation of a key takes days, and says how many have seen what was announced. What is lost of the last minute in a crash
//! makes that a little smaller and nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use sigstead_kit::causes;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::metrics::Metrics;
use crate::repository::Repository;

/// Counts, each of a role and a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Fetches(BTreeMap<(String, u64), u64>);

/// Where they are counted, and where they are kept.
pub(crate) struct Keeper {
    metrics: Metrics,
    repository: Repository,
}

impl Keeper {
    /// Goes on counting from what an earlier process kept.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn resume(metrics: Metrics, repository: Repository) -> Result<Self, Error> {
        metrics.resume(Fetches::read(&repository)?.iter());
        Ok(Self {
            metrics,
            repository,
        })
    }

    /// Keeps them once a minute and at the end.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut kept = Fetches::default();
        loop {
            let stopped = tokio::select! {
                () = stop.cancelled() => true,
                () = tokio::time::sleep(KEEP) => false,
            };
            let counted = Fetches::counted(&self.metrics);
            if counted != kept {
                match counted.write(&self.repository) {
                    Ok(()) => kept = counted,
                    // Nothing is lost by it but a figure.
                    Err(error) => {
                        let why = causes(&error);
                        tracing::warn!("how often what was fetched is not kept: {why}");
                    }
                }
            }
            if stopped {
                return;
            }
        }
    }
}

impl Fetches {
    /// Those that an earlier process kept; none if there are none, or the file is damaged.
    ///
    /// # Errors
    /// If the disk refuses.
    fn read(repository: &Repository) -> Result<Self, Error> {
        let bytes = repository.read_own(FILE)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        Ok(Self::parse(&text).unwrap_or_default())
    }

    /// What was counted since.
    fn counted(metrics: &Metrics) -> Self {
        let kept = metrics.fetches().into_iter();
        Self(
            kept.filter(|((role, _), _)| KEPT.contains(&role.as_str()))
                .collect(),
        )
    }

    fn iter(&self) -> impl Iterator<Item = (&str, u64, u64)> {
        let counts = self.0.iter();
        counts.map(|((role, version), count)| (role.as_str(), *version, *count))
    }

    /// Keeps them, durably.
    ///
    /// # Errors
    /// If the disk refuses.
    fn write(&self, repository: &Repository) -> Result<(), Error> {
        let mut text = String::new();
        for (role, version, count) in self.iter() {
            // A string takes whatever is written to it.
            let _ = writeln!(text, "{role} {version} {count}");
        }
        repository.write(FILE, text.as_bytes())
    }

    fn parse(text: &str) -> Option<Self> {
        let counts = text.lines().map(|line| {
            let mut words = line.split(' ');
            let role = words.next().filter(|role| KEPT.contains(role))?;
            let (version, count) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            words
                .next()
                .is_none()
                .then(|| ((role.to_owned(), version), count))
        });
        counts.collect::<Option<_>>().map(Self)
    }
}

/// The roles by which clients learn of the next key. The versions of the others are many.
const KEPT: [&str; 2] = ["root", "targets"];

/// In the repository's folder, under a name that no client can ask for.
const FILE: &str = ".fetches";

/// How much of what is counted a crash may lose.
const KEEP: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_back_and_damaged_ones_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::new(folder.path().to_owned());
        let read = || Fetches::read(&repository).unwrap();
        assert_eq!(read(), Fetches::default());
        let counts = [(("root".to_owned(), 2), 7), (("targets".to_owned(), 10), 1)];
        let counts = Fetches(counts.into());
        counts.write(&repository).unwrap();
        assert_eq!(read(), counts);
        for damaged in [
            "root 2",
            "root 2 7 1",
            "root two 7",
            "nobody 2 7",
            "root 2 -7",
        ] {
            repository.write(FILE, damaged.as_bytes()).unwrap();
            assert_eq!(read(), Fetches::default(), "{damaged}");
        }
    }
}
