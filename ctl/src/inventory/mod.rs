//! Every key, certificate and signed file that an instance depends on. `sigctl keys` lists them, `sigctl calendar` says when
//! somebody has to do something about which.
//!
//! What clients trust comes from the trust state and the TUF repository, what only services and operators see from the
//! configurations. What cannot be read is told, and keeps nothing else from being listed.

mod issuers;
mod item;
mod metadata;
pub(crate) mod metrics;
mod transport;
mod trusted;

use time::OffsetDateTime;

pub(crate) use self::item::{Item, Kind, Renewal, State};
use crate::configured::Configs;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::log_configs;
use crate::trust::{self, Repository};

/// What was found, and what could not be read.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) items: Vec<Item>,
    /// Why something is not among them.
    pub(crate) unread: Vec<String>,
}

/// Looks at all of an instance as it is at `now`.
pub(crate) async fn gather(instance: &Instance, now: OffsetDateTime) -> Gathered {
    let mut gathered = Gathered::default();
    let windows = log_configs::windows(instance).unwrap_or_else(|failure| {
        gathered.unread.push(failure.whole());
        trusted::Windows::new()
    });
    let state = trust::read_state(instance);
    gathered.add(state.and_then(|state| trusted::items(&state, &windows, now)));
    let repository = Repository::of(instance);
    gathered.add(repository.and_then(|repository| metadata::items(instance, &repository, now)));
    gathered.add(issuers::own(instance, now).await);
    issuers::pinned(&mut gathered, instance);
    transport::add(&mut gathered, instance, &Configs::read(instance), now);
    gathered
}

impl Gathered {
    fn add(&mut self, found: Result<Vec<Item>, Failure>) {
        match found {
            Ok(items) => self.items.extend(items),
            Err(failure) => self.unread.push(failure.whole()),
        }
    }
}
