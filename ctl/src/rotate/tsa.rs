//! The timestamp authority, as its key is rotated.

use std::path::{Path, PathBuf};

use reqwest::Client;
use sigstead_config::tsa::{Config, SuccessorsFile};
use sigstead_key::PublicKey;
use sigstead_kit::{ConfigError, Period};
use sigstead_proto::admin::v1::tsa_admin_client::TsaAdminClient;
use sigstead_proto::admin::v1::{AuthorityKey, ListKeysRequest};
use sigstead_signer::KeyConfig;
use sigstead_trust_root::TrustedRoot;
use sigstead_tsp::TimestampToken;
use sigstead_x509::Certificate;
use time::{Duration, OffsetDateTime};

use super::authority::{Authority, ChainPlan, Files, Owner, refused, remove_root, start_private};
use super::root_source::RootSource;
use crate::failure::Failure;
use crate::init::certificates::{Issuer, time_stamping_certificate};
use crate::instance::{Instance, Service};
use crate::trust::AuthorityKind;
use crate::{admin, timestamp};

/// The timestamp authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tsa;

/// A message and what an authority answered to it.
pub(super) struct Stamped {
    message: Vec<u8>,
    response: Vec<u8>,
}

impl Authority for Tsa {
    const ROLE: &'static str = "tsa";
    const WHAT: &'static str = "the key of the timestamp authority";
    const NAME: &'static str = "the timestamp authority";
    const SERVICE: Service = Service::Tsa;
    const KIND: AuthorityKind = AuthorityKind::Timestamp;
    const APART_FROM: &'static [&'static str] = &[];
    const FILES: Files = Files {
        root: "tsa-root",
        key: "keys/tsa",
        chain: "chain",
    };
    /// It signs the time of its own clock.
    const LEAD: Duration = Duration::ZERO;

    type Signed = Stamped;

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

    fn least_drain(_: &Instance) -> Result<Period, Failure> {
        Ok(Period::from_seconds(0))
    }

    const ROOTS: &'static [RootSource] =
        &[RootSource::Same, RootSource::Here, RootSource::Elsewhere];

    fn subject(_: &ChainPlan<Self>) -> String {
        "time stamping".to_owned()
    }

    fn root_name(number: u32) -> String {
        format!("time stamping root {number}")
    }

    async fn dismiss(instance: &Instance, plan: &ChainPlan<Self>) -> Result<(), Failure> {
        remove_root(instance, Self::FILES.root, plan.number)
    }

    async fn certificate(
        instance: &Instance,
        root: &Issuer,
        key: &PublicKey,
        plan: &ChainPlan<Self>,
    ) -> Result<Certificate, Failure> {
        time_stamping_certificate(instance, root, key, plan.begun).await
    }

    async fn open_keys(instance: &Instance) -> Result<Vec<AuthorityKey>, Failure> {
        let channel = admin::connect(instance, Service::Tsa).await?;
        let answer = TsaAdminClient::new(channel)
            .list_keys(ListKeysRequest {})
            .await;
        Ok(answer.map_err(admin::refused)?.into_inner().keys)
    }

    async fn try_now(
        instance: &Instance,
        client: &Client,
        draft: &TrustedRoot,
    ) -> Result<(), Failure> {
        let base = instance.manifest.local_url(Service::Tsa);
        let served = stamp(client, &base).await?;
        let verified = Self::verify(draft, &served);
        verified
            .map(drop)
            .map_err(|why| refused::<Self>("the running service", &why))
    }

    async fn sign_with_next(
        instance: &Instance,
        client: &Client,
        plan: &ChainPlan<Self>,
    ) -> Result<Vec<Stamped>, Failure> {
        let folder = instance.service(Service::Tsa);
        let key = plan.key_config(instance).in_folder(&folder);
        let chain = folder.join(plan.chain());
        let configure = |listeners, _: &Path| Ok(Config::new(listeners, key, chain));
        let service = start_private(instance, client, OWNER, configure).await?;
        Ok(vec![stamp(client, &service.url).await?])
    }

    fn verify(root: &TrustedRoot, signed: &Stamped) -> Result<OffsetDateTime, String> {
        let token = TimestampToken::from_response(&signed.response);
        let token = token.map_err(|error| error.to_string())?;
        let mut why = "no chain of the trusted root has its key".to_owned();
        for authority in &root.timestamp_authorities {
            let chain = authority.chain().map_err(|error| error.to_string())?;
            match token.verify(&signed.message, &chain) {
                Ok(time) if authority.is_trusted_at(time) => return Ok(time),
                Ok(time) => {
                    why = format!(
                        "it is of {time}, and its chain counts {}",
                        authority.valid_for
                    )
                }
                Err(sigstead_tsp::Error::OtherSigner) => {}
                Err(error) => why = sigstead_kit::causes(&error),
            }
        }
        Err(why)
    }
}

const OWNER: Owner = Owner {
    role: Tsa::ROLE,
    service: Service::Tsa,
};

/// A message that nobody had stamped before, stamped.
async fn stamp(client: &Client, base: &str) -> Result<Stamped, Failure> {
    let mut message = vec![0; 32];
    getrandom::fill(&mut message).map_err(Failure::randomness)?;
    let response = timestamp::ask(client, base, &message).await?;
    Ok(Stamped { message, response })
}
