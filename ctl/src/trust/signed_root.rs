//! The publication of a root that people signed, on machines of their own.

use sigstead_ceremony::TargetsDraft;
use sigstead_trust_root::tuf::{Role as _, Root, Signed, Targets};
use sigstead_trust_root::{Target, TrustState};

use super::gate::{self, Draft, Passed};
use super::next_root::{NextRoot, Online};
use super::publication::Purpose;
use super::publications::{lay_out, write_kit};
use super::repository::{Repository, SignedPublication};
use super::state_file::{self, Turn};
use crate::failure::{Exit, Failure};
use crate::instance::Instance;

/// What a ceremony made.
pub(crate) struct SignedByPeople {
    /// The next root.
    pub(crate) root: Signed<Root>,
    /// The targets that are published before it, and what for, if there are some.
    pub(crate) targets: Option<(Signed<Targets>, Purpose)>,
    /// What the keys sign that the root names for the online roles, if these are others than those of now.
    pub(crate) online: Option<Online>,
}

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

    /// Refuses targets that follow others than clients have, or say otherwise than the trust state does now.
    pub(crate) fn refuse_other_targets(&self, drafted: &TargetsDraft) -> Result<(), Failure> {
        let newest: Signed<Targets> = self.repository.newest_signed()?;
        let next = drafted.versions.first().map(|version| &version.targets);
        // An earlier run may have come as far as publishing them.
        let follows = newest == drafted.before || Some(&newest.signed) == next;
        match follows && next.is_some_and(|next| says(&self.files(), next)) {
            true => Ok(()),
            false => Err(Failure::new(
                "E-CEREMONY-027",
                "what clients shall trust has changed since the draft was made, or others have been published since",
                "make another draft with `sigctl ceremony new --again`, and have that signed",
            )
            .exit(Exit::Refused)),
        }
    }

    /// Refuses what clients would; what an earlier run published is theirs. A root with targets beside it is looked at once these
    /// are published.
    pub(crate) async fn check(&self, signed: &SignedByPeople) -> Result<(), Failure> {
        if self.newest()? == signed.root {
            return Ok(());
        }
        match &signed.targets {
            Some((targets, purpose)) if !self.has(targets)? => self.tried(*purpose).await.map(drop),
            Some(_) | None => self.check_root(signed).await,
        }
    }

    async fn check_root(&self, signed: &SignedByPeople) -> Result<(), Failure> {
        let next = NextRoot {
            online: signed.online.clone(),
            ..NextRoot::alone(signed.root.clone())
        };
        let passed = gate::next_root::check(self.instance, &self.repository, &next).await;
        passed.map(drop)
    }

    /// Publishes what people signed, unless an earlier run did.
    ///
    /// 1. The targets pass the gate and are published, if the ceremony had some signed. Clients take them by the root before and
    ///    by the next one.
    /// 2. The root passes its gate and is published.
    /// 3. The client kit is written, which begins with it.
    pub(crate) async fn publish(self, signed: SignedByPeople) -> Result<(), Failure> {
        if let Some((targets, purpose)) = &signed.targets
            && !self.has(targets)?
        {
            self.publish_targets(targets, *purpose).await?;
        }
        if self.newest()? != signed.root {
            self.check_root(&signed).await?;
            let publication = SignedPublication {
                files: Vec::new(),
                root: Some(signed.root),
                targets: None,
            };
            lay_out(self.instance, &self.repository, &publication).await?;
        }
        write_kit(self.instance, &self.state, &self.repository).await
    }

    async fn publish_targets(
        &self,
        targets: &Signed<Targets>,
        purpose: Purpose,
    ) -> Result<(), Failure> {
        let passed = self.tried(purpose).await?;
        let publication = SignedPublication {
            files: self.files(),
            root: None,
            targets: Some(targets.clone()),
        };
        lay_out(self.instance, &self.repository, &publication).await?;
        passed.keep(self.instance).map(drop)
    }

    /// Whether clients have these targets, or later ones.
    fn has(&self, targets: &Signed<Targets>) -> Result<bool, Failure> {
        let newest = self.repository.newest::<Targets>()?;
        Ok(newest.version >= targets.signed.version)
    }

    /// What the trust state says, which is what the targets say, before the gate.
    async fn tried(&self, purpose: Purpose) -> Result<Passed, Failure> {
        let published = self.repository.published(&self.state)?;
        let config = "signing_config.v0.2.json";
        let signing_config = self.repository.target(&published.targets, config);
        let draft = Draft {
            instance: self.instance,
            state: &self.state,
            files: &self.files(),
            signing_config: signing_config.ok(),
            published: &published,
        };
        match purpose {
            Purpose::GoOn => draft.check().await,
            Purpose::End => draft.check_end(),
        }
    }

    /// What the trust state would distribute now: nothing, if it cannot be read, which no targets say.
    fn files(&self) -> Vec<Target> {
        self.state.targets().unwrap_or_default()
    }
}

fn says(files: &[Target], targets: &Targets) -> bool {
    Targets::new(targets.version, targets.expires, files).targets == targets.targets
}
