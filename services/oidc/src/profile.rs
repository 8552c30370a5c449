use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sigstead_config::oidc::is_reserved_of_people;

use crate::connector::Origin;
use crate::error::Error;

/// What tokens of a person say beside the address, and which accounts elsewhere are theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// The groups that the person is in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<String>,
    /// Further claims, all of them text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
    /// Accounts elsewhere that sign in as this person.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub links: BTreeSet<Origin>,
}

/// What an administrator changes of a profile.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// Groups that the person is in from now on.
    pub add_groups: Vec<String>,
    /// Groups that the person is in no more.
    pub remove_groups: Vec<String>,
    /// Claims that tokens have from now on.
    pub set_claims: BTreeMap<String, String>,
    /// Claims that tokens have no more.
    pub remove_claims: Vec<String>,
    /// Accounts elsewhere that sign in as the person from now on, as `CONNECTOR=SUBJECT`.
    pub add_links: Vec<String>,
    /// Accounts elsewhere that do so no more.
    pub remove_links: Vec<String>,
}

impl Profile {
    /// The profile after a change, if tokens can hold it.
    pub(crate) fn changed(mut self, change: ProfileChange) -> Result<Self, Error> {
        let unfit = |reason| Err(Error::ProfileUnfit { reason });
        if !change.add_groups.iter().all(|name| is_name(name)) {
            return unfit("a group has 1 to 64 letters, digits or signs of - _ . : /");
        }
        if !change.set_claims.keys().all(|name| is_name(name)) {
            return unfit("a claim has a name of 1 to 64 letters, digits or signs of - _ . : /");
        }
        if change
            .set_claims
            .keys()
            .any(|name| is_reserved_of_people(name))
        {
            return unfit("the issuer itself sets a claim of that name, or none may set it");
        }
        if change
            .set_claims
            .values()
            .any(|value| value.chars().any(char::is_control))
        {
            return unfit("a claim has a line break or another control character");
        }
        let links = |texts: &[String]| {
            let links = texts.iter().map(|text| Origin::parse(text));
            links.collect::<Option<BTreeSet<_>>>()
        };
        let (Some(added), Some(removed)) = (links(&change.add_links), links(&change.remove_links))
        else {
            return unfit("a link is written CONNECTOR=SUBJECT, with 1 to 255 letters of subject");
        };
        self.links.extend(added);
        self.links.retain(|link| !removed.contains(link));
        self.groups.extend(change.add_groups);
        self.groups
            .retain(|name| !change.remove_groups.contains(name));
        self.claims.extend(change.set_claims);
        self.claims
            .retain(|name, _| !change.remove_claims.contains(name));
        if self.bytes() > LONGEST {
            return unfit("groups and claims have more than 2048 bytes together");
        }
        if self.links.len() > LINKS {
            return unfit("an account has more than 16 links");
        }
        Ok(self)
    }

    fn bytes(&self) -> usize {
        let claims = self.claims.iter().flat_map(|(name, value)| [name, value]);
        self.groups.iter().chain(claims).map(String::len).sum()
    }
}

fn is_name(text: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    (1..=64).contains(&text.len()) && text.chars().all(is_fit)
}

/// Tokens travel in headers, which servers take up to some 8 KiB.
const LONGEST: usize = 2048;
const LINKS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn groups_and_claims_come_and_go() {
        let change = ProfileChange {
            add_groups: groups(&["release", "ops"]),
            set_claims: [("team".to_owned(), "a".to_owned())].into(),
            ..ProfileChange::default()
        };
        let profile = Profile::default().changed(change).unwrap();
        let change = ProfileChange {
            add_groups: groups(&["dev"]),
            remove_groups: groups(&["ops", "nobody"]),
            remove_claims: groups(&["team"]),
            ..ProfileChange::default()
        };
        let profile = profile.changed(change).unwrap();
        assert_eq!(
            profile.groups,
            groups(&["dev", "release"]).into_iter().collect()
        );
        assert!(profile.claims.is_empty());
    }

    #[test]
    fn what_a_token_cannot_hold_is_refused() {
        let claim = |name: &str, value: &str| ProfileChange {
            set_claims: [(name.to_owned(), value.to_owned())].into(),
            ..ProfileChange::default()
        };
        let group = |name: &str| ProfileChange {
            add_groups: groups(&[name]),
            ..ProfileChange::default()
        };
        for change in [
            group(""),
            group("two words"),
            group(&"g".repeat(65)),
            claim("", "x"),
            claim("sub", "x"),
            claim("email", "x"),
            claim("groups", "x"),
            claim("auth_time", "x"),
            claim("federated_claims", "x"),
            claim("team", "a\nb"),
            claim("team", &"x".repeat(LONGEST)),
            ProfileChange {
                add_links: groups(&["company"]),
                ..ProfileChange::default()
            },
        ] {
            let refused = Profile::default().changed(change.clone());
            assert!(
                matches!(refused, Err(Error::ProfileUnfit { .. })),
                "{change:?}"
            );
        }
    }
}
