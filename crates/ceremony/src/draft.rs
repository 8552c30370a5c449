//! The draft of the next root: the whole input of a ceremony.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sigstead_trust_root::tuf::{Root, Signed};
use time::OffsetDateTime;

use crate::clock::check_clock;
use crate::encoding::{encode, parse, whole_seconds};
use crate::error::Error;
use crate::holder::Holder;
use crate::name::HolderName;
use crate::online::OnlineKeys;
use crate::targets::{Planned, TargetsBefore, TargetsDraft};

/// Who shall sign the next root, and what it follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    format: u32,
    /// The instance's name.
    pub instance: String,
    /// Tells the ceremony from all others; its drafts have it in common.
    pub ceremony: String,
    /// The number of the draft in its ceremony, from 1 on.
    pub number: u32,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// Until when it may be signed.
    #[serde(with = "time::serde::rfc3339")]
    pub sign_until: OffsetDateTime,
    /// The root that clients have now, as it is published.
    pub before: Signed<Root>,
    /// Who holds the keys of that root.
    pub holders_before: Vec<Holder>,
    /// Those of them who stay.
    pub stay: Vec<HolderName>,
    /// Those who bring a new key.
    pub invited: Vec<HolderName>,
    /// How many of the next holders must sign.
    pub threshold: u32,
    /// When the next root ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    /// The next keys of the service, if it gets others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub online: Option<OnlineKeys>,
    /// What is signed of the targets, if the holders sign them: they hold the keys of that role too from this root on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<TargetsDraft>,
}

/// Where and when a draft is made.
#[derive(Debug, Clone)]
pub struct Occasion {
    /// The instance's name.
    pub instance: String,
    /// The identifier of the ceremony.
    pub ceremony: String,
    /// The number of the draft.
    pub number: u32,
    /// Now.
    pub made_at: OffsetDateTime,
    /// Until when it may be signed.
    pub sign_until: OffsetDateTime,
    /// The newest root.
    pub before: Signed<Root>,
    /// Who holds its keys.
    pub holders_before: Vec<Holder>,
}

/// What shall be otherwise in the next root.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Who is invited beside those who are there.
    pub add: Vec<HolderName>,
    /// Who leaves.
    pub remove: Vec<HolderName>,
    /// Who leaves, and who is invited in her place. The same name twice gives somebody a new key.
    pub replace: Vec<(HolderName, HolderName)>,
    /// How many must sign; as before, if nothing is said.
    pub threshold: Option<u32>,
    /// When the next root ends.
    pub expires: OffsetDateTime,
    /// The next keys of the service; as before, if nothing is said.
    pub online: Option<OnlineKeys>,
    /// The targets that clients have, and those that are to follow them; nothing, if the operator signs them.
    pub targets: Option<(TargetsBefore, Vec<Planned>)>,
}

impl Draft {
    /// The draft of the root after `occasion.before`.
    ///
    /// # Errors
    /// If somebody would leave who is not there, or come who is, or the root of now is not whole.
    pub fn new(occasion: Occasion, wish: Wish) -> Result<Self, Error> {
        let (gone, come): (Vec<_>, Vec<_>) = wish.replace.into_iter().unzip();
        let gone = [wish.remove, gone].concat();
        let is_there =
            |name: &HolderName| occasion.holders_before.iter().any(|it| it.name == *name);
        if let Some(name) = gone.iter().find(|name| !is_there(name)) {
            return Err(Error::Draft(format!(
                "{name} holds no key of root {}",
                occasion.before.signed.version
            )));
        }
        let holders = occasion.holders_before.iter().map(|holder| &holder.name);
        let stay = holders.filter(|name| !gone.contains(name)).cloned();
        let before = occasion.before.signed.roles.get("root");
        let expires = whole_seconds(wish.expires);
        let targets = wish.targets;
        let draft = Self {
            format: FORMAT,
            stay: stay.collect(),
            invited: [wish.add, come].concat(),
            threshold: wish
                .threshold
                .or_else(|| before.map(|role| role.threshold))
                .unwrap_or_default(),
            expires,
            online: wish.online,
            targets: targets.map(|(before, planned)| TargetsDraft::new(before, planned, expires)),
            instance: occasion.instance,
            ceremony: occasion.ceremony,
            number: occasion.number,
            made_at: whole_seconds(occasion.made_at),
            sign_until: whole_seconds(occasion.sign_until),
            before: occasion.before,
            holders_before: occasion.holders_before,
        };
        draft.check()?;
        Ok(draft)
    }

    /// Reads a draft, which must not contradict itself.
    ///
    /// # Errors
    /// If it is of another shape or format, or contradicts itself.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let draft: Self = parse("the draft", json)?;
        draft.check()?;
        Ok(draft)
    }

    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Checks what the types cannot say.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.format != FORMAT {
            return Err(Error::Format {
                what: "the draft",
                found: self.format,
            });
        }
        let root = &self.before.signed;
        self.before.verify(root).map_err(|source| Error::Root {
            which: "published",
            source,
        })?;
        let named = root.roles.get("root").map(|role| &role.keyids);
        let named: BTreeSet<_> = named.into_iter().flatten().cloned().collect();
        let held: BTreeSet<_> = self.holders_before.iter().map(Holder::key_id).collect();
        if named != held || held.len() != self.holders_before.len() {
            return Err(Error::Draft(format!(
                "the draft does not say of each key of root {} who holds it",
                root.version
            )));
        }
        let names: Vec<_> = self.holders_before.iter().map(|it| &it.name).collect();
        let next: Vec<_> = self.stay.iter().chain(&self.invited).collect();
        for (names, which) in [(names, "before"), (next, "after")] {
            let distinct: BTreeSet<_> = names.iter().collect();
            if distinct.len() != names.len() {
                return Err(Error::Draft(format!(
                    "two holders of the root {which} it have one name"
                )));
            }
        }
        if self.staying().count() != self.stay.len() {
            return Err(Error::Draft("somebody stays who holds no key".to_owned()));
        }
        if let Some(online) = &self.online {
            online.check(&self.ceremony)?;
        }
        match &self.targets {
            Some(targets) => targets.check(root, self.expires),
            None if are_held_together(root) => Err(Error::Draft(
                "the holders sign the targets too, and the draft has none of them".to_owned(),
            )),
            None => Ok(()),
        }
    }

    /// Checks that somebody is invited and can answer now.
    ///
    /// # Errors
    /// If she is not, the clock is behind the draft, or it is too late.
    pub fn check_invited(&self, name: &HolderName, now: OffsetDateTime) -> Result<(), Error> {
        self.check_clock(now, self.made_at)?;
        self.check_invites(name)
    }

    /// Checks that somebody is invited.
    pub(crate) fn check_invites(&self, name: &HolderName) -> Result<(), Error> {
        match self.invited.contains(name) {
            true => Ok(()),
            false => Err(Error::Join {
                name: name.clone(),
                why: "was not asked for: the draft does not invite her",
            }),
        }
    }

    /// The holders of the root before who stay.
    pub(crate) fn staying(&self) -> impl Iterator<Item = &Holder> {
        let holders = self.holders_before.iter();
        holders.filter(|holder| self.stay.contains(&holder.name))
    }

    /// Checks that `now` is behind `latest`, the newest time on the medium, and in time.
    pub(crate) fn check_clock(
        &self,
        now: OffsetDateTime,
        latest: OffsetDateTime,
    ) -> Result<(), Error> {
        check_clock(now, latest, self.sign_until)
    }
}

/// Whether the holders of the root hold the keys of the targets role too.
fn are_held_together(root: &Root) -> bool {
    root.roles.get("targets") == root.roles.get("root")
}

pub(crate) const FORMAT: u32 = 1;
