//! What is to be signed: a draft, and what the invited brought to it.

use std::collections::BTreeSet;

use sigstead_trust_root::tuf::{Role, Root, Signed, Targets, TufKey, TufKeyId};
use time::OffsetDateTime;

use crate::draft::Draft;
use crate::error::Error;
use crate::holder::Holder;
use crate::join::Join;
use crate::name::HolderName;
use crate::online::OnlineKeys;
use crate::statement::Subject;
use crate::words::Digest;

/// The next root, which follows from a draft and from those who joined, and from nothing else.
#[derive(Debug, Clone)]
pub struct Proposal {
    draft: Draft,
    joins: Vec<Join>,
    next: Root,
    digest: Digest,
}

impl Proposal {
    /// The proposal, once all who are invited have joined.
    ///
    /// # Errors
    /// If somebody has not joined yet, has joined without being asked, or brings a key that is not proven or is another's.
    pub fn new(draft: Draft, mut joins: Vec<Join>) -> Result<Self, Error> {
        draft.check()?;
        joins.sort_by(|one, other| one.name().cmp(other.name()));
        for join in &joins {
            join.check(&draft)?;
        }
        let missing = missing(&draft, &joins);
        if !missing.is_empty() {
            return Err(Error::NotJoined(missing));
        }
        refuse_shared_keys(&draft, &joins)?;
        let holders = next_holders(&draft, &joins);
        let keys: Vec<TufKey> = holders.map(|holder| holder.key.clone()).collect();
        let next = draft.before.signed.successor(draft.expires);
        let next = next.with_role("root", &keys, draft.threshold);
        let next = match &draft.online {
            Some(online) => online.named_by(next),
            None => next,
        };
        let next = match &draft.targets {
            Some(_) => next.with_role(Targets::NAME, &keys, draft.threshold),
            None => next,
        };
        let digest = Digest::of(KIND, &(&draft, &joins, &next))?;
        Ok(Self {
            draft,
            joins,
            next,
            digest,
        })
    }

    /// What was asked for.
    #[must_use]
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Who joined, by name.
    #[must_use]
    pub fn joins(&self) -> &[Join] {
        &self.joins
    }

    /// The next root.
    #[must_use]
    pub const fn next(&self) -> &Root {
        &self.next
    }

    /// The digest of all of it.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What those who sign it say that they signed.
    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            ceremony: &self.draft.ceremony,
            draft: self.draft.number,
            digest: &self.digest,
        }
    }

    /// Those who hold the keys of the next root.
    pub fn holders(&self) -> impl Iterator<Item = &Holder> {
        next_holders(&self.draft, &self.joins)
    }

    /// The holder of a key that signs here.
    pub(crate) fn holder_of(&self, key: &TufKeyId) -> Result<&Holder, Error> {
        let targets = self.draft.targets.iter();
        let of_targets = targets.flat_map(|targets| &targets.holders_before);
        let holders = self.holders().chain(&self.draft.holders_before);
        let mut holders = holders.chain(of_targets);
        holders
            .find(|holder| holder.key_id() == *key)
            .ok_or_else(|| Error::NotAHolder {
                key: key.to_string(),
            })
    }

    /// What a key signs of the next root: nothing, unless it is of the root role here or before.
    pub(crate) fn root_bytes(&self, key: &TufKeyId) -> Result<Option<Vec<u8>>, Error> {
        let mut holders = self.holders().chain(&self.draft.holders_before);
        if !holders.any(|holder| holder.key_id() == *key) {
            return Ok(None);
        }
        let root = Signed::unsigned(self.next.clone());
        let bytes = root.bytes_to_sign().map_err(|source| Error::Root {
            which: "next",
            source,
        })?;
        Ok(Some(bytes))
    }

    /// What a key signs of the targets. Clients may read the first version by the root before, because it is published before
    /// the next root is; all others they read by the next one.
    pub(crate) fn targets_bytes(&self, key: &TufKeyId) -> Result<Vec<Vec<u8>>, Error> {
        let Some(targets) = &self.draft.targets else {
            return Ok(Vec::new());
        };
        let is_next = self.holders().any(|holder| holder.key_id() == *key);
        let signs = match (is_next, targets.was_held_by(key)) {
            (true, _) => targets.versions.len(),
            (false, true) => 1,
            (false, false) => 0,
        };
        let signed = targets.versions.iter().take(signs);
        let bytes = signed.map(|version| {
            let targets = Signed::unsigned(version.targets.clone());
            targets.bytes_to_sign().map_err(|source| Error::Targets {
                version: version.targets.version,
                source,
            })
        });
        bytes.collect()
    }

    /// Checks that `now` is not before anything that the proposal is made of, and not too late.
    ///
    /// # Errors
    /// If one of both is so; which clock is wrong, this one or that of who made the thing, is not known.
    pub fn check_clock(&self, now: OffsetDateTime) -> Result<(), Error> {
        let joined = self.joins.iter().map(|join| join.statement.joined_at);
        let latest = joined.chain([self.draft.made_at]).max();
        self.draft
            .check_clock(now, latest.unwrap_or(self.draft.made_at))
    }
}

fn missing(draft: &Draft, joins: &[Join]) -> Vec<HolderName> {
    let has_joined = |name: &&HolderName| joins.iter().any(|join| join.name() == *name);
    let invited = draft.invited.iter();
    invited.filter(|name| !has_joined(name)).cloned().collect()
}

fn next_holders<'a>(draft: &'a Draft, joins: &'a [Join]) -> impl Iterator<Item = &'a Holder> {
    let joined = joins.iter().map(|join| &join.statement.holder);
    draft.staying().chain(joined)
}

/// A key that is brought must be new: one that the root before names or that another role gets would give one person two votes, or be of use
/// in a role that it was not made for.
fn refuse_shared_keys(draft: &Draft, joins: &[Join]) -> Result<(), Error> {
    let mut known: BTreeSet<_> = draft.before.signed.keys.keys().cloned().collect();
    let online = draft.online.iter().flat_map(OnlineKeys::all);
    for (role, key) in online {
        if !known.insert(key.id()) {
            return Err(Error::Draft(format!(
                "the next key of the {role} role has a role already"
            )));
        }
    }
    for join in joins {
        if !known.insert(join.statement.holder.key_id()) {
            return Err(Error::Join {
                name: join.name().clone(),
                why: "is a key that another role or holder has",
            });
        }
    }
    Ok(())
}

const KIND: &str = "sigstead ceremony draft";
