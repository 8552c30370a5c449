use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use sigstead_store::record_file::RecordFile;
use time::OffsetDateTime;

use crate::connector::Origin;
use crate::email_address::EmailAddress;
use crate::error::Error;
use crate::profile::{Profile, ProfileChange};
use crate::second_factor::SecondFactor;
use crate::secret::random_bytes;

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The `sub` claim: random, never given to another account, the same for the account's life.
    pub subject: String,
    /// The address the person signs in with.
    pub email: EmailAddress,
    /// Argon2id, in the PHC string format.
    pub(crate) password_hash: String,
    /// Changes with each password and each second factor. Sessions name it, so that either ends the old ones.
    pub(crate) credential: String,
    /// When the account was made.
    #[serde(with = "time::serde::timestamp")]
    pub created: OffsetDateTime,
    /// When the password was set.
    #[serde(with = "time::serde::timestamp")]
    pub password_set: OffsetDateTime,
    /// What is asked beside the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) second_factor: Option<SecondFactor>,
    /// Whether nobody gets a token for the account by the password alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) requires_second_factor: bool,
    /// What the person's tokens say beside the address.
    #[serde(default)]
    pub profile: Profile,
}

impl User {
    /// Whether it is the same account, with the same password and second factor.
    fn is_as(&self, other: &Self) -> bool {
        self.subject == other.subject && self.credential == other.credential
    }
}

/// What an administrator says of the second factor of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactorChange {
    /// Nobody gets a token by the password alone.
    Require,
    /// The person may have one.
    Permit,
    /// The one that the person has is taken away: it is lost.
    Reset,
}

/// One line of the users file. The last word about an address holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
enum Record {
    User {
        user: Box<User>,
    },
    /// Several in one step: all of them are as they say, or none.
    Users {
        users: Vec<User>,
    },
    Removed {
        email: EmailAddress,
    },
}

impl Record {
    fn user(user: &User) -> Self {
        Self::User {
            user: Box::new(user.clone()),
        }
    }
}

/// The hash of a new password, and what says that it is another.
struct NewHash {
    password_hash: String,
    credential: String,
    now: OffsetDateTime,
}

impl NewHash {
    fn new(password_hash: String, now: OffsetDateTime) -> Result<Self, Error> {
        Ok(Self {
            password_hash,
            credential: hex::encode(random_bytes::<16>()?),
            now,
        })
    }

    fn of(self, user: User) -> User {
        User {
            password_hash: self.password_hash,
            credential: self.credential,
            password_set: self.now,
            ..user
        }
    }
}

/// The accounts: a checksummed append-only file, because they cannot be rebuilt, and the same in
/// memory, because every sign-in reads them. A change is in the file before it is in effect; a crash
/// between the two leaves it in effect after the restart.
pub(crate) struct Users {
    file: Arc<Mutex<RecordFile>>,
    by_email: Arc<RwLock<BTreeMap<EmailAddress, User>>>,
}

impl Users {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let (file, records) = RecordFile::open(path).map_err(Error::UsersFile)?;
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
            by_email: Arc::new(RwLock::new(replay(&records)?)),
        })
    }

    /// Whether the file can be read, without opening it: the service may run meanwhile.
    pub(crate) fn check(path: &Path) -> Result<(), Error> {
        let records = RecordFile::read(path).map_err(Error::UsersFile)?;
        replay(&records).map(drop)
    }

    pub(crate) async fn add(
        &self,
        email: EmailAddress,
        password_hash: String,
        now: OffsetDateTime,
    ) -> Result<User, Error> {
        let user = User {
            subject: hex::encode(random_bytes::<16>()?),
            email,
            password_hash,
            credential: hex::encode(random_bytes::<16>()?),
            created: now,
            password_set: now,
            second_factor: None,
            requires_second_factor: false,
            profile: Profile::default(),
        };
        self.change(move |existing| {
            if existing.contains_key(&user.email) {
                return Err(Error::UserExists { email: user.email });
            }
            Ok((Record::user(&user), user))
        })
        .await
    }

    pub(crate) async fn set_password(
        &self,
        email: EmailAddress,
        password_hash: String,
        now: OffsetDateTime,
    ) -> Result<User, Error> {
        let password = NewHash::new(password_hash, now)?;
        self.change_user(email, move |old| Ok(password.of(old)))
            .await
    }

    /// A person's own new password, in place of the one that `user` has: if an administrator was faster, nothing changes.
    pub(crate) async fn replace_password(
        &self,
        user: User,
        password_hash: String,
        now: OffsetDateTime,
    ) -> Result<User, Error> {
        let password = NewHash::new(password_hash, now)?;
        let changed = self.change_user(user.email.clone(), move |old| {
            if old.is_as(&user) {
                Ok(password.of(old))
            } else {
                Err(Error::AccountChanged)
            }
        });
        changed.await.map_err(account_gone)
    }

    pub(crate) async fn change_profile(
        &self,
        email: EmailAddress,
        change: ProfileChange,
    ) -> Result<User, Error> {
        self.change(move |existing| {
            let user = found(existing, email)?;
            let profile = user.profile.clone().changed(change)?;
            let mut others = existing.values().filter(|other| other.email != user.email);
            if others.any(|other| !other.profile.links.is_disjoint(&profile.links)) {
                let reason = "an account elsewhere is linked to another person already";
                return Err(Error::ProfileUnfit { reason });
            }
            let user = User { profile, ..user };
            Ok((Record::user(&user), user))
        })
        .await
    }

    /// Another second factor in place of the one that `user` has, or none: if somebody was faster, nothing changes.
    pub(crate) async fn set_second_factor(
        &self,
        user: User,
        factor: Option<SecondFactor>,
    ) -> Result<User, Error> {
        let credential = hex::encode(random_bytes::<16>()?);
        let changed = self.change_user(user.email.clone(), move |old| match old.is_as(&user) {
            true => Ok(User {
                second_factor: factor,
                credential,
                ..old
            }),
            false => Err(Error::AccountChanged),
        });
        changed.await.map_err(account_gone)
    }

    /// Takes one of the recovery codes of `user` away, by its digest; of two at once one finds it.
    pub(crate) async fn use_recovery_code(&self, user: User, digest: String) -> Result<(), Error> {
        let used = self.change_user(user.email.clone(), move |mut old| {
            let factor = old.second_factor.as_mut();
            let is_there = factor.is_some_and(|factor| factor.recovery.remove(&digest));
            if is_there && old.subject == user.subject {
                Ok(old)
            } else {
                Err(Error::CodeWrong)
            }
        });
        used.await.map(drop).map_err(account_gone)
    }

    /// What an administrator says of the second factor of an account. One that is taken away ends all that came of it.
    pub(crate) async fn change_second_factor(
        &self,
        email: EmailAddress,
        change: SecondFactorChange,
    ) -> Result<User, Error> {
        let credential = hex::encode(random_bytes::<16>()?);
        self.change_user(email, move |old| {
            Ok(match change {
                SecondFactorChange::Require => User {
                    requires_second_factor: true,
                    ..old
                },
                SecondFactorChange::Permit => User {
                    requires_second_factor: false,
                    ..old
                },
                SecondFactorChange::Reset => User {
                    second_factor: None,
                    credential,
                    ..old
                },
            })
        })
        .await
    }

    /// Changes several accounts in one record.
    pub(crate) async fn change_several<F>(&self, decide: F) -> Result<(), Error>
    where
        F: FnOnce(&BTreeMap<EmailAddress, User>) -> Result<Vec<User>, Error> + Send + 'static,
    {
        self.change(move |existing| {
            let users = decide(existing)?;
            Ok((Record::Users { users }, ()))
        })
        .await
    }

    async fn change_user<F>(&self, email: EmailAddress, decide: F) -> Result<User, Error>
    where
        F: FnOnce(User) -> Result<User, Error> + Send + 'static,
    {
        self.change(move |existing| {
            let user = decide(found(existing, email)?)?;
            Ok((Record::user(&user), user))
        })
        .await
    }

    pub(crate) async fn remove(&self, email: EmailAddress) -> Result<User, Error> {
        self.change(move |existing| match existing.get(&email).cloned() {
            Some(user) => Ok((Record::Removed { email }, user)),
            None => Err(Error::UserUnknown { email }),
        })
        .await
    }

    /// The account that somebody names at the sign-in; case and surrounding blanks of what is typed
    /// do not matter, what is issued is the address as it is on record.
    pub(crate) fn find(&self, typed: &str) -> Option<User> {
        let email = EmailAddress::parse(&typed.trim().to_ascii_lowercase()).ok()?;
        self.read(|users| users.get(&email).cloned())
    }

    /// The account that an account elsewhere signs in as.
    pub(crate) fn linked(&self, origin: &Origin) -> Option<User> {
        let links = |user: &&User| user.profile.links.contains(origin);
        self.read(|users| users.values().find(links).cloned())
    }

    pub(crate) fn list(&self) -> Vec<User> {
        self.read(|users| users.values().cloned().collect())
    }

    fn read<T>(&self, look: impl FnOnce(&BTreeMap<EmailAddress, User>) -> T) -> T {
        look(&self.by_email.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The file's lock is held from the decision to the effect, so that changes are in the file in
    /// the order in which they were decided.
    async fn change<T, F>(&self, decide: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&BTreeMap<EmailAddress, User>) -> Result<(Record, T), Error> + Send + 'static,
    {
        let (file, by_email) = (Arc::clone(&self.file), Arc::clone(&self.by_email));
        let work = move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let decided = decide(&by_email.read().unwrap_or_else(PoisonError::into_inner));
            let (record, result) = decided?;
            let bytes = serde_json::to_vec(&record).map_err(Error::Encoding)?;
            file.append(&bytes).map_err(Error::UsersFile)?;
            apply(
                &mut by_email.write().unwrap_or_else(PoisonError::into_inner),
                record,
            );
            Ok(result)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| Error::Busy)?
    }
}

/// For a person, whose account was there a moment ago.
fn account_gone(error: Error) -> Error {
    match error {
        Error::UserUnknown { .. } => Error::AccountChanged,
        other => other,
    }
}

fn found(users: &BTreeMap<EmailAddress, User>, email: EmailAddress) -> Result<User, Error> {
    users
        .get(&email)
        .cloned()
        .ok_or(Error::UserUnknown { email })
}

fn replay(records: &[Vec<u8>]) -> Result<BTreeMap<EmailAddress, User>, Error> {
    let mut users = BTreeMap::new();
    for (position, bytes) in records.iter().enumerate() {
        let record = serde_json::from_slice(bytes)
            .map_err(|source| Error::UserRecord { position, source })?;
        apply(&mut users, record);
    }
    Ok(users)
}

fn apply(users: &mut BTreeMap<EmailAddress, User>, record: Record) {
    match record {
        Record::User { user } => {
            users.insert(user.email.clone(), *user);
        }
        Record::Users { users: changed } => {
            let changed = changed.into_iter().map(|user| (user.email.clone(), user));
            users.extend(changed);
        }
        Record::Removed { email } => {
            users.remove(&email);
        }
    }
}

#[cfg(test)]
mod tests;
