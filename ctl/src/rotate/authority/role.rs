//! What an authority does of its own when its key is rotated.

use std::path::{Path, PathBuf};

use reqwest::Client;
use sigstead_config::tsa::SuccessorsFile;
use sigstead_key::PublicKey;
use sigstead_kit::{ConfigError, Period};
use sigstead_proto::admin::v1::AuthorityKey;
use sigstead_signer::KeyConfig;
use sigstead_trust_root::{AuthorityState, TimeRange, TrustedRoot};
use sigstead_x509::Certificate;
use time::{Duration, OffsetDateTime};

use super::part::ChainPlan;
use crate::failure::Failure;
use crate::init::certificates::Issuer;
use crate::init::configuration::key_config;
use crate::instance::{Instance, Service};
use crate::rotate::root_source::RootSource;
use crate::trust::AuthorityKind;

/// A service whose key has a chain of certificates, which the trust state lists.
pub(in crate::rotate) trait Authority: Clone {
    /// As it is typed, and in the names of its plan files.
    const ROLE: &'static str;
    /// What is rotated, for people.
    const WHAT: &'static str;
    /// What it is called.
    const NAME: &'static str;
    /// Its service.
    const SERVICE: Service;
    /// Whose chains of the trust state are its own.
    const KIND: AuthorityKind;
    /// The roles of which no rotation may be open beside one of this role.
    const APART_FROM: &'static [&'static str];
    /// The names of its next key and chain, up to the number.
    const FILES: Files;
    /// How long before the next key may sign its chain begins to count, because what it signs names other clocks too.
    const LEAD: Duration;

    /// The file of successors that a configuration names.
    fn successors_file(config: &Path) -> Result<Option<PathBuf>, ConfigError>;

    /// The key of a configuration that signs at `now`, if `successors` follow the one that it names itself.
    fn signing_key(
        config: &Path,
        successors: &SuccessorsFile,
        now: OffsetDateTime,
    ) -> Result<KeyConfig, ConfigError>;

    /// How long the old chain must count after the next key began to sign.
    fn least_drain(instance: &Instance) -> Result<Period, Failure>;

    /// Where the root of the next chain may come from, the usual first.
    const ROOTS: &'static [RootSource];

    /// What the next key is called in its certificate, behind the name of the instance.
    fn subject(plan: &ChainPlan<Self>) -> String;

    /// What a new root is called.
    fn root_name(number: u32) -> String;

    /// Has those take the next chain who look at its root, before it is tried.
    async fn admit(_: &Instance, _: &ChainPlan<Self>) -> Result<(), Failure> {
        Ok(())
    }

    /// Has them take it no more.
    async fn dismiss(_: &Instance, _: &ChainPlan<Self>) -> Result<(), Failure> {
        Ok(())
    }

    /// The certificate of the next key.
    async fn certificate(
        instance: &Instance,
        root: &Issuer,
        key: &PublicKey,
        plan: &ChainPlan<Self>,
    ) -> Result<Certificate, Failure>;

    /// The keys that the running service has open.
    async fn open_keys(instance: &Instance) -> Result<Vec<AuthorityKey>, Failure>;

    /// What a key signs.
    type Signed;

    /// Refuses a draft under which clients would refuse what the running service signs.
    async fn try_now(
        instance: &Instance,
        client: &Client,
        draft: &TrustedRoot,
    ) -> Result<(), Failure>;

    /// What a service signs that has the next key as its only one. It is nobody's, and is used for nothing else.
    async fn sign_with_next(
        instance: &Instance,
        client: &Client,
        plan: &ChainPlan<Self>,
    ) -> Result<Vec<Self::Signed>, Failure>;

    /// When something was signed, if clients accept it that have this trusted root.
    fn verify(root: &TrustedRoot, signed: &Self::Signed) -> Result<OffsetDateTime, String>;
}

/// Names of files, up to the number of a rotation.
pub(in crate::rotate) struct Files {
    /// The root that `init` made, in `trust/` of the instance: its certificate is `.pem`, its key `.key`.
    pub(in crate::rotate) root: &'static str,
    /// The next key, in the folder of the service.
    pub(in crate::rotate) key: &'static str,
    /// Its chain, in the folder of the service.
    pub(in crate::rotate) chain: &'static str,
}

impl<A: Authority> ChainPlan<A> {
    /// The file of the next key, in the folder of the service.
    pub(in crate::rotate) fn key(&self) -> PathBuf {
        PathBuf::from(format!("{}-{}.key", A::FILES.key, self.number))
    }

    /// The next key, as the service names it.
    pub(in crate::rotate) fn key_config(&self, instance: &Instance) -> KeyConfig {
        let in_file = || key_config(instance, &self.key().display().to_string());
        self.next_key_at.clone().unwrap_or_else(in_file)
    }

    /// The file of its chain, in the folder of the service.
    pub(in crate::rotate) fn chain(&self) -> PathBuf {
        PathBuf::from(format!("{}-{}.pem", A::FILES.chain, self.number))
    }

    /// Where the root of the next chain comes from.
    pub(super) fn root_source(&self) -> RootSource {
        let usual = A::ROOTS.first().copied();
        self.role.root.or(usual).unwrap_or(RootSource::Same)
    }

    /// From when on its chain counts.
    pub(super) fn chain_from(&self) -> OffsetDateTime {
        // What is not announced yet has no clients whose clocks could differ.
        self.counts_from
            .min(self.begun.max(self.counts_from - A::LEAD))
    }

    /// The next chain as clients are told of it.
    pub(super) fn announced(&self) -> AuthorityState {
        AuthorityState {
            url: self.role.url.clone(),
            chain: self.role.next_chain.clone(),
            valid_for: TimeRange::since(self.chain_from()),
            in_service: true,
        }
    }

    /// Until when the next chain counts if it is taken back now: for nothing, unless its time has come while the service let
    /// go of the key.
    pub(super) fn end_if_undone(&self, now: OffsetDateTime) -> OffsetDateTime {
        match self.signs_from {
            Some(from) if from <= now => now,
            _ => self.chain_from(),
        }
    }
}
