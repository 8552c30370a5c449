//! The publication of a root that people signed, on machines of their own.

use sigstead_trust_root::TrustState;
use sigstead_trust_root::tuf::{Role as _, Root, Signed};

use super::client_kit;
use super::gate;
use super::next_root::NextRoot;
use super::publications::lay_out;
use super::repository::{Repository, SignedPublication};
use super::state_file::{self, Turn};
use crate::failure::Failure;
use crate::instance::Instance;

/// The right to publish a root that is signed already.
pub(crate) struct RootPublication<'a> {
    instance: &'a Instance,
    state: TrustState,
    repository: Repository,
    _turn: Turn,
}

impl<'a> RootPublication<'a> {
    /// Takes the turn. No key is opened.
    pub(crate) fn begin(instance: &'a Instance) -> Result<Self, Failure> {
        Ok(Self {
            _turn: Turn::take(instance)?,
            state: state_file::read(instance)?,
            repository: Repository::of(instance)?,
            instance,
        })
    }

    /// What clients have now.
    pub(crate) fn newest(&self) -> Result<Signed<Root>, Failure> {
        self.repository.newest_signed()
    }

    /// A root that clients had once.
    pub(crate) fn version(&self, version: u64) -> Result<Option<Signed<Root>>, Failure> {
        self.repository
            .metadata(&format!("{version}.{}.json", Root::NAME))
    }

    /// Refuses a root that clients would; one that an earlier run published is theirs.
    pub(crate) async fn check(&self, root: &Signed<Root>) -> Result<(), Failure> {
        if self.newest()? == *root {
            return Ok(());
        }
        let next = NextRoot::alone(root.clone());
        let passed = gate::next_root::check(self.instance, &self.repository, &next).await;
        passed.map(drop)
    }

    /// Publishes the root, unless an earlier run did or the gate refuses it, and writes the client kit, which begins with it.
    pub(crate) async fn publish(self, root: Signed<Root>) -> Result<(), Failure> {
        if self.newest()? != root {
            self.check(&root).await?;
            let publication = SignedPublication {
                files: Vec::new(),
                root: Some(root),
                targets: None,
            };
            lay_out(self.instance, &self.repository, &publication).await?;
        }
        let newest = self.repository.newest_root_file()?;
        client_kit::write_all(self.instance, &self.state, &newest)
    }
}
