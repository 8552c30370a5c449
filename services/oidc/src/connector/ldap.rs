use std::collections::BTreeSet;
use std::sync::Arc;

use ldap3::{Ldap, LdapConnSettings, Scope};
use sigstead_config::oidc::{LdapConfig, LdapGroups};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::{Choice, Identity};
use crate::error::Error;
use crate::password::Password;
use crate::queue::{Asker, Queue};

mod connection;
mod entry;
pub(crate) mod fault;
mod refusal;
mod search;

use entry::Entry;
pub use fault::DirectoryError;
use fault::GROUPS_AT_MOST;
use refusal::Refusal;
use search::{filled, is_a_login, search};

/// A directory that judges passwords.
///
/// A connection serves one sign-in and is closed then. Their number is bounded here, and so is how many of the places one
/// network has, because strangers can ask for them.
pub(crate) struct Directory {
    config: Arc<LdapConfig>,
    settings: LdapConnSettings,
    running: Arc<Semaphore>,
    queue: Queue,
}

impl Directory {
    pub(crate) fn open(config: &LdapConfig) -> Result<Self, Error> {
        let unfit = |reason: String| Error::ConnectorUnfit {
            id: config.id.clone(),
            reason,
        };
        let filters = [
            Some(&config.people.filter),
            config.groups.as_ref().map(|g| &g.filter),
        ];
        for filter in filters.into_iter().flatten() {
            let filled = filled(filter, "x", "cn=x");
            ldap3::parse_filter(&filled)
                .map_err(|()| unfit(format!("{filter} is no filter of RFC 4515")))?;
        }
        let settings = connection::settings(config).map_err(unfit)?;
        Ok(Self {
            config: Arc::new(config.clone()),
            settings,
            running: Arc::new(Semaphore::new(RUNNING)),
            queue: Queue::default(),
        })
    }

    pub(crate) fn id(&self) -> &str {
        &self.config.id
    }

    pub(crate) fn choice(&self) -> Choice {
        Choice {
            id: self.config.id.clone(),
            name: self.config.name.clone(),
        }
    }

    /// Whose password it is, as far as the directory says. `None` is for what nobody is: wrong passwords, unknown names,
    /// and accounts that may not sign in, which are told apart in the log only.
    pub(crate) async fn judge(
        &self,
        login: &str,
        password: &Password,
        asker: Asker,
    ) -> Result<Option<Found>, Error> {
        // RFC 4513 §5.1.2: a bind without a password succeeds, as nobody. It must not be taken for the person's.
        if password.as_str().is_empty() || !is_a_login(login) {
            return Ok(None);
        }
        let _place = self.queue.take(asker)?;
        let deadline = Instant::now() + self.config.timeout.duration();
        let permit = timeout_at(deadline, Arc::clone(&self.running).acquire_owned());
        let permit = permit.await.map_err(|_| Error::Busy)?;
        let permit = permit.map_err(|_| Error::Busy)?;
        let (config, settings) = (Arc::clone(&self.config), self.settings.clone());
        let (login, password) = (login.to_owned(), password.clone());
        // In a task of its own: the library ends with a panic on some answers that are not LDAP, and the permit goes with
        // the work, also if the caller gives up.
        let work = tokio::spawn(async move {
            let _permit = permit;
            let talk = converse(&config, settings, &login, &password);
            timeout_at(deadline, talk)
                .await
                .unwrap_or(Err(DirectoryError::TooSlow))
        });
        let answer = work.await.unwrap_or(Err(DirectoryError::Malformed));
        answer.map_err(|source| Error::Directory {
            name: self.config.name.clone(),
            source: Box::new(source),
        })
    }

    /// Whether the directory answers, lets the issuer in, and has the places that people and groups are looked for in.
    pub(crate) async fn probe(&self) -> Result<(), DirectoryError> {
        let deadline = Instant::now() + self.config.timeout.duration();
        let (config, settings) = (Arc::clone(&self.config), self.settings.clone());
        // The deadline is that of the work itself, which otherwise went on when nobody waits for it.
        let work = tokio::spawn(async move {
            let look = look(&config, settings);
            timeout_at(deadline, look)
                .await
                .unwrap_or(Err(DirectoryError::TooSlow))
        });
        work.await.unwrap_or(Err(DirectoryError::Malformed))
    }
}

/// A person whose password was right.
#[derive(Debug)]
pub(crate) struct Found {
    entry: Entry,
    groups: BTreeSet<String>,
}

impl Found {
    /// Whom the directory says that they are.
    pub(crate) fn identity(self, directory: &Directory, login: &str) -> Result<Identity, Error> {
        self.entry.identity(&directory.config, login, self.groups)
    }
}

/// Lets the issuer in, and finds the places that people and groups are looked for in.
async fn look(config: &LdapConfig, settings: LdapConnSettings) -> Result<(), DirectoryError> {
    let mut ldap = connection::open(config, settings).await?;
    connection::bind_as_issuer(&mut ldap, config).await?;
    let groups = config.groups.as_ref().map(|groups| &groups.base);
    for base in [&config.people.base].into_iter().chain(groups) {
        let anything = "(objectClass=*)";
        search(&mut ldap, base, Scope::Base, anything, &["1.1"], 1).await?;
    }
    let _closed = ldap.unbind().await;
    Ok(())
}

/// One sign-in.
///
/// 1. The issuer's own account searches for the person. There is one, or nobody.
/// 2. A bind as the person judges the password.
/// 3. The issuer's own account searches for the groups, because people may not see them.
async fn converse(
    config: &LdapConfig,
    settings: LdapConnSettings,
    login: &str,
    password: &Password,
) -> Result<Option<Found>, DirectoryError> {
    let mut ldap = connection::open(config, settings).await?;
    connection::bind_as_issuer(&mut ldap, config).await?;
    let people = &config.people;
    let filter = filled(&people.filter, login, "");
    let attributes = entry::attributes(people);
    let found = search(
        &mut ldap,
        &people.base,
        Scope::Subtree,
        &filter,
        &attributes,
        2,
    )
    .await?;
    let entry = match <[_; 1]>::try_from(found) {
        Ok([entry]) if !entry.dn.trim().is_empty() => Entry(entry),
        Ok(_) => return Ok(None),
        Err(found) => {
            if found.len() > 1 {
                tracing::warn!(
                    connector = config.id,
                    "the filter of people finds more than one for one name; nobody signs in with it"
                );
            }
            return Ok(None);
        }
    };
    if let Some(refusal) = bind_as(&mut ldap, entry.name(), password).await? {
        tracing::info!(
            connector = config.id,
            entry = entry.name(),
            "a sign-in was refused: {refusal}"
        );
        return Ok(None);
    }
    let groups = match &config.groups {
        None => BTreeSet::new(),
        Some(groups) => {
            connection::bind_as_issuer(&mut ldap, config).await?;
            groups_of(&mut ldap, groups, login, entry.name()).await?
        }
    };
    let _closed = ldap.unbind().await;
    Ok(Some(Found { entry, groups }))
}

/// Why the directory does not let the person in, if so.
async fn bind_as(
    ldap: &mut Ldap,
    name: &str,
    password: &Password,
) -> Result<Option<Refusal>, DirectoryError> {
    let bound = ldap
        .with_controls(refusal::password_policy())
        .simple_bind(name, password.as_str())
        .await
        .map_err(DirectoryError::Unreachable)?;
    Refusal::of(&bound)
}

async fn groups_of(
    ldap: &mut Ldap,
    groups: &LdapGroups,
    login: &str,
    name: &str,
) -> Result<BTreeSet<String>, DirectoryError> {
    let filter = filled(&groups.filter, login, name);
    let attributes = [groups.name.as_str()];
    let limit = GROUPS_AT_MOST + 1;
    let found = search(
        ldap,
        &groups.base,
        Scope::Subtree,
        &filter,
        &attributes,
        limit,
    )
    .await?;
    let names = found
        .iter()
        .flat_map(|group| entry::texts(group, &groups.name));
    let names: BTreeSet<_> = names
        .filter(|name| entry::is_a_group(name))
        .cloned()
        .collect();
    if names.len() > GROUPS_AT_MOST || names.iter().map(String::len).sum::<usize>() > GROUPS_BYTES {
        return Err(DirectoryError::TooManyGroups);
    }
    Ok(names)
}

const SUCCESS: u32 = 0;
const REFERRAL: u32 = 10;
/// Connections of one directory at a time.
const RUNNING: usize = 8;
/// Tokens travel in headers, which servers take up to some 8 KiB.
const GROUPS_BYTES: usize = 2048;
