//! The keys of issuers: the instance's own, and those of others that are kept because nobody can ask for them.

use std::path::{Path, PathBuf};

use sigstead_config::oidc::{Config, SuccessorsFile};
use sigstead_kit::ServiceConfig;
use sigstead_signer::KeyConfig;
use time::OffsetDateTime;

use super::Gathered;
use super::item::{Item, Kind, Renewal, State};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::issuer;

/// The keys of the embedded issuer: those that sign, are announced, or are published until their last token has ended.
pub(super) async fn own(instance: &Instance, now: OffsetDateTime) -> Result<Vec<Item>, Failure> {
    let folder = instance.service(Service::Oidc);
    let config: Config = read(&folder.join("config.yaml"))?;
    let file = config
        .successors_file
        .as_ref()
        .map(|name| folder.join(name));
    let file = match &file {
        Some(path) => {
            SuccessorsFile::read(path).map_err(|error| Failure::file("read", path, error))?
        }
        None => SuccessorsFile::default(),
    };
    let ring = config.ring(&file, now);
    let mut items: Vec<Item> = Vec::new();
    for each in ring.keys() {
        let mut item = opened(&folder, each.key).await?;
        item.first_use = each.from;
        item.state = State::at(now, each.from, None);
        if let Some(before) = items.last_mut() {
            before.successor.clone_from(&item.key);
            before.ends = each.from.map(|from| from + config.key_lives_on());
            before.renewal = Renewal::Nobody;
            if item.state != State::Announced {
                before.state = State::Retired;
            }
        }
        items.push(item);
    }
    Ok(items)
}

async fn opened(folder: &Path, key: &KeyConfig) -> Result<Item, Failure> {
    let whole = key.in_folder(folder);
    let signer = sigstead_signer::open(&whole).await;
    let signer = signer.map_err(|error| {
        let place = PathBuf::from(whole.to_string());
        Failure::file("open", &place, sigstead_kit::causes(&error))
    })?;
    let renewal = Renewal::person("sigctl rotate oidc plan");
    let item = Item::of_key("issuer of tokens".to_owned(), signer.public_key(), renewal);
    let file = key
        .path()
        .map(|path| Path::new(Service::Oidc.name()).join(path));
    let place = file.map_or_else(|| key.to_string(), |file| file.display().to_string());
    Ok(Item {
        place: Some(place),
        ..item
    })
}

/// Sets of keys of other issuers that the file of issuers has, or names a file of.
pub(super) fn pinned(gathered: &mut Gathered, instance: &Instance) {
    match issuer::pinned(instance) {
        Err(failure) => gathered.unread.push(failure.whole()),
        Ok(pinned) => gathered.items.extend(pinned.into_iter().map(|pinned| Item {
            subject: format!("keys of {}", pinned.issuer),
            kind: Kind::Pinned,
            state: State::Active,
            place: Some(pinned.place),
            algorithm: None,
            key: None,
            first_use: pinned.since,
            ends: None,
            successor: None,
            renewal: Renewal::person("sigctl issuer pin, when the issuer changes its keys"),
        })),
    }
}

fn read<C: ServiceConfig + serde::de::DeserializeOwned>(path: &Path) -> Result<C, Failure> {
    sigstead_kit::read_config(path).map_err(|error| Failure::file("read", path, error))
}
