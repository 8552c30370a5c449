use std::collections::{BTreeMap, BTreeSet};

use crate::OidcIssuer;
use crate::email_address::EmailAddress;
use crate::error::Error;
use crate::profile::ProfileChange;
use crate::user::User;

/// A group of people, which there is as long as somebody is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// As tokens name it.
    pub name: String,
    /// Who is in it, in alphabetical order.
    pub members: Vec<EmailAddress>,
}

/// What an administrator changes of a group.
#[derive(Debug, Clone, Default)]
pub struct GroupChange {
    /// Who is in it from now on.
    pub add: Vec<EmailAddress>,
    /// Who is in it no more.
    pub remove: Vec<EmailAddress>,
    /// Whether nobody of before is in it any more.
    pub remove_everybody: bool,
    /// What it is called from now on.
    pub new_name: Option<String>,
}

impl OidcIssuer {
    /// All groups that accounts are in, by name. What groups a connector gives is not known before somebody signs in.
    #[must_use]
    pub fn list_groups(&self) -> Vec<Group> {
        let mut groups: BTreeMap<String, Vec<EmailAddress>> = BTreeMap::new();
        for User { email, profile, .. } in self.users.list() {
            for name in profile.groups {
                groups.entry(name).or_default().push(email.clone());
            }
        }
        let groups = groups.into_iter();
        groups
            .map(|(name, members)| Group { name, members })
            .collect()
    }

    /// Changes who is in a group, or what it is called, for all accounts in one step. Tokens that are issued from now on say so.
    ///
    /// # Errors
    /// Nobody is in the group, there is no such account, a token cannot hold the name, the new name is that of another group,
    /// or the users file failed.
    pub async fn change_group(&self, name: String, change: GroupChange) -> Result<Group, Error> {
        let called = change.new_name.clone().unwrap_or_else(|| name.clone());
        let changed = self.users.change_several({
            let name = name.clone();
            move |users| change.of(&name, users)
        });
        changed.await?;
        tracing::info!(name, called, "a group was changed");
        let found = self.list_groups().into_iter().find(|it| it.name == called);
        Ok(found.unwrap_or(Group {
            name: called,
            members: Vec::new(),
        }))
    }
}

impl GroupChange {
    /// The accounts as they are after the change.
    fn of(&self, name: &str, users: &BTreeMap<EmailAddress, User>) -> Result<Vec<User>, Error> {
        let named = self.add.iter().chain(&self.remove);
        if let Some(email) = named.clone().find(|email| !users.contains_key(*email)) {
            let email = email.clone();
            return Err(Error::UserUnknown { email });
        }
        let is_in = |user: &User, name: &str| user.profile.groups.contains(name);
        if self.add.is_empty() && !users.values().any(|user| is_in(user, name)) {
            return Err(Error::GroupUnknown);
        }
        let called = self.new_name.as_deref().unwrap_or(name);
        if called != name && users.values().any(|user| is_in(user, called)) {
            let reason = "there is a group of the new name already";
            return Err(Error::ProfileUnfit { reason });
        }
        let (add, remove): (BTreeSet<_>, BTreeSet<_>) =
            (self.add.iter().collect(), self.remove.iter().collect());
        let stays = |user: &User| {
            let was = is_in(user, name) && !self.remove_everybody;
            (was || add.contains(&user.email)) && !remove.contains(&user.email)
        };
        let changed = users.values().filter(|user| {
            let after = stays(user);
            after != is_in(user, name) || (after && called != name)
        });
        changed
            .map(|user| with_group(user, name, stays(user).then_some(called)))
            .collect()
    }
}

/// An account that is in the group of one name no more, and in that of another.
fn with_group(user: &User, before: &str, after: Option<&str>) -> Result<User, Error> {
    let remove = (after != Some(before)).then(|| before.to_owned());
    let change = ProfileChange {
        add_groups: after.map(str::to_owned).into_iter().collect(),
        remove_groups: remove.into_iter().collect(),
        ..ProfileChange::default()
    };
    Ok(User {
        profile: user.profile.clone().changed(change)?,
        ..user.clone()
    })
}
