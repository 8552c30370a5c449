//! What is to be signed: a draft, and what the invited brought to it.

use std::collections::BTreeSet;

use sigstead_trust_root::tuf::{Root, Signed, TufKey, TufKeyId};
use time::OffsetDateTime;

use crate::draft::Draft;
use crate::error::Error;
use crate::holder::Holder;
use crate::join::Join;
use crate::name::HolderName;
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

    /// Those who hold the keys of the next root.
    pub fn holders(&self) -> impl Iterator<Item = &Holder> {
        next_holders(&self.draft, &self.joins)
    }

    /// The holder of a key of the next root or of the one before it.
    pub(crate) fn holder_of(&self, key: &TufKeyId) -> Result<&Holder, Error> {
        let mut holders = self.holders().chain(&self.draft.holders_before);
        holders
            .find(|holder| holder.key_id() == *key)
            .ok_or_else(|| Error::NotAHolder {
                key: key.to_string(),
            })
    }

    /// What each key signs of the next root.
    pub(crate) fn root_bytes(&self) -> Result<Vec<u8>, Error> {
        let root = Signed::unsigned(self.next.clone());
        root.bytes_to_sign().map_err(|source| Error::Root {
            which: "next",
            source,
        })
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

/// A key that is brought must be new: one of the root before or of another role would give one person two votes, or be of use
/// in a role that it was not made for.
fn refuse_shared_keys(draft: &Draft, joins: &[Join]) -> Result<(), Error> {
    let mut known: BTreeSet<_> = draft.before.signed.keys.keys().cloned().collect();
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
