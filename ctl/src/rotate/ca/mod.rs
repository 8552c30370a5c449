//! The certificate authority, as its intermediate is rotated, or its root with it.

mod new_root;
mod private;
mod roles;
mod tokens;

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use reqwest::Client;
use sigstead_config::ca::{Config, SuccessorsFile};
use sigstead_key::PublicKey;
use sigstead_kit::{ConfigError, Period};
use sigstead_proto::admin::v1::ca_admin_client::CaAdminClient;
use sigstead_proto::admin::v1::{AuthorityKey, ListKeysRequest};
use sigstead_signer::KeyConfig;
use sigstead_trust_root::TrustedRoot;
use sigstead_x509::Certificate;
use time::{Duration, OffsetDateTime};

use super::authority::{Authority, ChainPlan, Files, refused};
use super::moment::now;
use super::root_source::RootSource;
use crate::admin;
use crate::failure::Failure;
use crate::init::certificates::{Issuer, code_signing_certificate};
use crate::instance::{Instance, Service};
use crate::trust::AuthorityKind;
use private::Issued;
pub(super) use private::{Issuing, certificate};
use roles::Replaced;

pub(super) use roles::{Intermediate, Root};

/// The certificate authority, of whose chain `R` is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ca<R>(PhantomData<R>);

impl<R: Replaced> Authority for Ca<R> {
    const ROLE: &'static str = R::ROLE;
    const WHAT: &'static str = R::WHAT;
    const NAME: &'static str = "the certificate authority";
    const SERVICE: Service = Service::Ca;
    const KIND: AuthorityKind = AuthorityKind::Certificate;
    const APART_FROM: &'static [&'static str] = R::APART_FROM;
    const FILES: Files = R::FILES;
    /// A certificate may begin five minutes before it is issued, and is used by the clocks of logs and timestamp authorities,
    /// which may differ by as much.
    const LEAD: Duration = Duration::minutes(10);

    type Signed = Issued;

    fn successors_file(config: &Path) -> Result<Option<PathBuf>, ConfigError> {
        let config: Config = sigstead_kit::read_config(config)?;
        Ok(config.successors_file)
    }

    fn signing_key(
        config: &Path,
        successors: &SuccessorsFile,
        now: OffsetDateTime,
    ) -> Result<KeyConfig, ConfigError> {
        let config: Config = sigstead_kit::read_config(config)?;
        Ok(config.ring(successors, now).at(now).key.key.clone())
    }

    /// What the old key issued last is used until it ends.
    fn least_drain(instance: &Instance) -> Result<Period, Failure> {
        let lifetime = config(instance)?.certificate_lifetime;
        let [lifetime, skew] = [lifetime, SKEW].map(|each| each.duration().as_secs());
        Ok(Period::from_seconds(lifetime + skew))
    }

    const ROOTS: &'static [RootSource] = R::ROOTS;

    fn subject(plan: &ChainPlan<Self>) -> String {
        format!("{} {}", R::SUBJECT, plan.number)
    }

    fn root_name(number: u32) -> String {
        format!("code signing root {number}")
    }

    async fn admit(instance: &Instance, plan: &ChainPlan<Self>) -> Result<(), Failure> {
        R::admit(instance, plan.number).await
    }

    async fn dismiss(instance: &Instance, plan: &ChainPlan<Self>) -> Result<(), Failure> {
        R::dismiss(instance, plan.number).await
    }

    async fn certificate(
        instance: &Instance,
        root: &Issuer,
        key: &PublicKey,
        plan: &ChainPlan<Self>,
    ) -> Result<Certificate, Failure> {
        let role = Self::subject(plan);
        code_signing_certificate(instance, root, key, &role, plan.begun).await
    }

    async fn open_keys(instance: &Instance) -> Result<Vec<AuthorityKey>, Failure> {
        let channel = admin::connect(instance, Service::Ca).await?;
        let answer = CaAdminClient::new(channel)
            .list_keys(ListKeysRequest {})
            .await;
        Ok(answer.map_err(admin::refused)?.into_inner().keys)
    }

    /// Only its users get certificates of it, so that its chain has to do.
    async fn try_now(instance: &Instance, _: &Client, draft: &TrustedRoot) -> Result<(), Failure> {
        let keys = Self::open_keys(instance).await?;
        let signing = keys.iter().find(|key| key.signs);
        let signing = signing.map(|key| key.chain.as_slice()).unwrap_or_default();
        let is_known = draft.certificate_authorities.iter().any(|authority| {
            let known = authority.cert_chain.certificates.iter();
            let known = known.map(|each| each.raw_bytes.as_slice());
            authority.is_trusted_at(now()) && known.eq(signing.iter().map(Vec::as_slice))
        });
        match is_known {
            true => Ok(()),
            false => Err(refused::<Self>(
                "the running service",
                &"it issues under a chain that does not count now",
            )),
        }
    }

    async fn sign_with_next(
        instance: &Instance,
        client: &Client,
        plan: &ChainPlan<Self>,
    ) -> Result<Vec<Issued>, Failure> {
        private::issue(instance, client, plan, &config(instance)?).await
    }

    fn verify(root: &TrustedRoot, issued: &Issued) -> Result<OffsetDateTime, String> {
        let now = now();
        sigstead_verify::verify_certificate(root, &issued.certificate, now, issued.logs)
            .map_err(|error| sigstead_kit::causes(&error))?;
        Ok(now)
    }
}

pub(super) fn config(instance: &Instance) -> Result<Config, Failure> {
    let path = instance.service(Service::Ca).join("config.yaml");
    sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))
}

/// By how much clocks may differ.
const SKEW: Period = Period::from_minutes(5);
