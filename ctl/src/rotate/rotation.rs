//! What the rotation of a role does of its own.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sigstead_kit::Period;
use sigstead_signer::KeyConfig;
use sigstead_trust_root::ClientTrustConfig;
use time::{Duration, OffsetDateTime};

use super::arguments::Asked;
use super::plan::Plan;
use super::root_source::RootSource;
use super::soak;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;

/// A role, and what a plan says of this role alone: its fields are in the plan file beside those of all plans.
///
/// The methods that do something are the steps, in their order. Each says for people what it did, and each is done again
/// after a crash in it, so that it must find what an earlier run did and leave that as it is.
pub(super) trait Rotation: Clone + Serialize + DeserializeOwned {
    /// Its name, as it is typed and in the names of its plan files.
    const ROLE: &'static str;
    /// What is rotated, for people.
    const WHAT: &'static str;
    /// The roles of which no rotation may be open beside one of this role.
    const APART_FROM: &'static [&'static str];
    const OLD_KEY: OldKey = OldKey::Unused;
    const TAKES_OVER: TakesOver = TakesOver::AtItsTime;
    const SEEN_IN: SeenIn = SeenIn::Nothing;
    /// What tells the next keys apart, of a role that has two.
    const KEY_NAMES: &'static [&'static str] = &[];

    /// Looks at what is now, and refuses if the instance lacks what the steps need.
    async fn begin(instance: &Instance, now: OffsetDateTime) -> Result<Self, Failure>;

    /// Takes where the next root comes from, of a role that has one.
    fn with_root(self, _: &Instance, root: Option<RootSource>) -> Result<Self, Failure> {
        match root {
            None => Ok(self),
            Some(_) => Err(Failure::new(
                "E-CTL-510",
                format!("{} has no root of certificates", Self::WHAT),
                "leave --root out",
            )
            .exit(Exit::Usage)),
        }
    }

    /// The key that signs now, of a role whose next key may be elsewhere than in a file of the instance.
    fn signing_key(_: &Instance, _: OffsetDateTime) -> Result<Option<KeyConfig>, Failure> {
        Ok(None)
    }

    /// How long it takes until everybody who keeps the rules has seen what is announced.
    fn soak(instance: &Instance) -> Result<Period, Failure> {
        soak::of_publication(instance)
    }

    /// Takes what is asked of this role alone, and says after what time the next key takes over if nobody says when; `None`
    /// for the soak.
    fn take_up(&mut self, _: &Instance, asked: &Asked) -> Result<Option<Period>, Failure> {
        match asked.window {
            None => Ok(None),
            Some(_) => Err(Failure::new(
                "E-CTL-531",
                format!("the next key of {} has no window", Self::ROLE),
                "leave --window out; it says of a log of certificates which it takes: sigctl rotate ct",
            )
            .exit(Exit::Usage)),
        }
    }

    /// From when on [`Self::load`] is done: at once where the service waits for the time of the key by itself.
    fn loads_from(plan: &Plan<Self>) -> OffsetDateTime {
        plan.begun
    }

    /// How long the service keeps the old key open once the next one signs.
    fn overlap(&self) -> Duration;

    /// How long the old key must count after the next one began to sign.
    fn least_drain(instance: &Instance) -> Result<Period, Failure>;

    /// Refuses times in which the key of now ends before the next one signs.
    fn refuse_early_end(plan: &Plan<Self>) -> Result<(), Failure>;

    /// The keys of the operator that the steps need, in the instance; they may be kept elsewhere.
    fn keys() -> Vec<String>;

    /// Changes what clients are told now to what they are told in the end. The next key is not made yet: its place is empty.
    fn foresee(_: &Instance, _: &Plan<Self>, _: &mut ClientTrustConfig) {}

    /// Refuses if what the steps need is not here or does not run, before the first of them.
    async fn check_services(instance: &Instance) -> Result<(), Failure>;

    /// Makes what is next. Nobody knows it.
    async fn prepare(instance: &Instance, plan: &mut Plan<Self>) -> Result<String, Failure>;

    /// Refuses what is next if clients would, before anybody is told of it.
    async fn try_out(instance: &Instance, plan: &Plan<Self>) -> Result<String, Failure>;

    /// Tells clients of what is next, beside what is now.
    async fn announce(instance: &Instance, plan: &Plan<Self>) -> Result<String, Failure>;

    /// Gives it to the service, sets `signs_from` of `plan`, and is done when the service has taken it up.
    async fn load(instance: &Instance, plan: &mut Plan<Self>) -> Result<String, Failure>;

    /// What each run does that waits for the end of the old key.
    fn while_waiting(instance: &Instance) -> Result<(), Failure>;

    /// Whether the old key may end before its time, because nobody needs it any more.
    fn is_free(_: &Instance, _: &Plan<Self>) -> Result<bool, Failure> {
        Ok(false)
    }

    /// Ends the old key, whose time is over, after a look at whether the service signs with the next one.
    async fn retire(instance: &Instance, plan: &Plan<Self>) -> Result<String, Failure>;

    /// Takes back all that the steps did, however many of them were done.
    async fn take_back(instance: &Instance, plan: &mut Plan<Self>) -> Result<Undo, Failure>;
}

/// What becomes of the file of the old key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OldKey {
    /// It is there, and of no use.
    Unused,
    /// The service needs it for ever, because what it serves goes on under it.
    Needed,
    /// The next one is in its place.
    Replaced,
}

/// When the next key takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TakesOver {
    /// At the time that `signs_from` of the plan says, by the clock of the service or of clients.
    AtItsTime,
    /// In the last step, which may be done once that time has come.
    AtEnd,
    /// In the step that gives it to the service.
    WhenLoaded,
}

/// By which metadata of the repository clients learn of the next key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SeenIn {
    /// The targets, once it is announced.
    Targets,
    /// The root, once the next key is in use.
    Root,
    /// None: it is told otherwise, or nobody has to know.
    Nothing,
}

impl SeenIn {
    pub(super) const fn role(self) -> Option<&'static str> {
        match self {
            Self::Targets => Some("targets"),
            Self::Root => Some("root"),
            Self::Nothing => None,
        }
    }
}

/// What came of taking a key back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undo {
    /// Nothing of it is left.
    Done,
    /// Clients are told, and some may not have heard before that time; the rest is done then.
    NotBefore(OffsetDateTime),
    /// It signs already, because an earlier run was interrupted; `signs_from` of the plan says since when.
    TooLate,
}
