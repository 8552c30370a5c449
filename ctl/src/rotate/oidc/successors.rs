//! The file in which the issuer finds its next keys, and the service that reads it.

use std::path::PathBuf;

use sigstead_config::oidc::{Config, Successor, SuccessorsFile};
use sigstead_kit::Period;
use sigstead_proto::admin::v1::oidc_admin_client::OidcAdminClient;
use sigstead_proto::admin::v1::{IssuerKey, ListIssuerKeysRequest};
use sigstead_signer::KeyConfig;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::part::OidcPlan;
use crate::admin;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::reload;
use crate::replace::replace;

/// The successors that the configuration of the issuer names.
pub(super) struct Successors {
    config: Config,
    path: PathBuf,
    file: SuccessorsFile,
}

impl Successors {
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        let folder = instance.service(Service::Oidc);
        let path = folder.join("config.yaml");
        let config: Config = sigstead_kit::read_config(&path)
            .map_err(|error| Failure::file("read", &path, error))?;
        let Some(named) = &config.successors_file else {
            return Err(Failure::new(
                "E-CTL-330",
                format!("{} names no successors_file", path.display()),
                "write `successors_file: successors.yaml` into it, then: sigctl restart oidc",
            ));
        };
        let path = folder.join(named);
        let file = SuccessorsFile::read(&path);
        let file = file.map_err(|error| Failure::file("read", &path, error))?;
        Ok(Self { config, path, file })
    }

    /// The key that signs at `now`, as the service names it.
    pub(super) fn signing_key(&self, now: OffsetDateTime) -> KeyConfig {
        self.config.ring(&self.file, now).at(now).key.clone()
    }

    /// How long the key set has a key that another took over from.
    pub(super) fn key_lives_on(&self) -> Period {
        let seconds = self.config.key_lives_on().whole_seconds();
        Period::from_seconds(seconds.unsigned_abs())
    }

    /// From when on the next key signs, if it is listed.
    pub(super) fn start_of(&self, plan: &OidcPlan) -> Option<OffsetDateTime> {
        let mut listed = self.file.successors.iter();
        Some(listed.find(|each| is_of(each, plan))?.from)
    }

    /// The list with the next key.
    pub(super) fn with(
        self,
        instance: &Instance,
        plan: &OidcPlan,
        from: OffsetDateTime,
    ) -> Result<Self, Failure> {
        let mut listed = self.without(plan);
        listed.file.successors.push(Successor {
            from,
            key: plan.key_config(instance),
        });
        Ok(listed)
    }

    /// The list without it.
    pub(super) fn without(mut self, plan: &OidcPlan) -> Self {
        self.file.successors.retain(|each| !is_of(each, plan));
        self
    }

    pub(super) fn write(&self) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", &self.path, error);
        let text = sigstead_config::to_yaml(&self.file).map_err(|error| failed(&error))?;
        let text = format!("{HEAD}{text}");
        replace(&self.path, text.as_bytes()).map_err(|error| failed(&error))
    }
}

fn is_of(listed: &Successor, plan: &OidcPlan) -> bool {
    match &plan.next_key_at {
        Some(place) => listed.key == *place,
        None => listed.key.path() == Some(&plan.key()),
    }
}

/// The keys that the running service shows.
pub(super) async fn open_keys(instance: &Instance) -> Result<Vec<IssuerKey>, Failure> {
    let channel = admin::connect(instance, Service::Oidc).await?;
    let answer = OidcAdminClient::new(channel)
        .list_keys(ListIssuerKeysRequest {})
        .await;
    Ok(answer.map_err(admin::refused)?.into_inner().keys)
}

/// Has the service read the file again, and waits until it shows the next key or, if `is_wanted` is false, shows it no more.
pub(super) async fn take_up(
    instance: &Instance,
    plan: &OidcPlan,
    is_wanted: bool,
) -> Result<(), Failure> {
    let began = Instant::now();
    reload::ask(instance, &[Service::Oidc]).await?;
    loop {
        let keys = open_keys(instance).await?;
        let is_next = |key: &IssuerKey| plan.role.next_key.as_ref() == Some(&key.key_id);
        if keys.iter().any(is_next) == is_wanted {
            return Ok(());
        }
        if began.elapsed() > reload::patience(instance) {
            return Err(Failure::new(
                "E-CTL-331",
                "the issuer did not take up its file of successors",
                "its log says why: sigctl logs oidc; mend it and go on: sigctl rotate oidc resume",
            ));
        }
        reload::pause(instance).await;
    }
}

const HEAD: &str = "# Written by `sigctl rotate oidc`; comments are not kept.\n";
