//! The instance that is probed, as a client of it knows it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::{Certificate, Client};
use sigstead_trust_root::TransparencyLogInstance;
use sigstead_trust_root::tuf::Root;
use url::Url;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::walk::read_root;
use crate::{http, input};

/// Which instance.
#[derive(Args)]
pub(super) struct Asked {
    #[command(flatten)]
    pub(super) instance: Where,

    /// A root of the instance's TUF repository, from which its clients begin; with --tuf in the place of an instance.
    #[arg(long, value_name = "FILE", requires = "tuf", help_heading = ELSEWHERE)]
    #[arg(conflicts_with_all = ["directory", "trusted_root"])]
    root: Option<PathBuf>,

    /// The URL of the TUF repository.
    #[arg(long, value_name = "URL", requires = "root", help_heading = ELSEWHERE)]
    tuf: Option<Url>,

    /// A file with the trusted root, for an instance without a TUF repository.
    #[arg(long, value_name = "FILE", requires = "signing_config", help_heading = ELSEWHERE)]
    #[arg(conflicts_with = "directory")]
    trusted_root: Option<PathBuf>,

    /// A file with the signing config that belongs to it.
    #[arg(long, value_name = "FILE", requires = "trusted_root", help_heading = ELSEWHERE)]
    signing_config: Option<PathBuf>,

    /// Where the certificate transparency log is, if not where the trusted root has it.
    #[arg(long, value_name = "URL", help_heading = ELSEWHERE)]
    ct_log: Option<Url>,

    /// A PEM file with authorities of servers that are trusted beside those of the system.
    #[arg(long, value_name = "FILE", help_heading = ELSEWHERE)]
    #[arg(conflicts_with = "directory")]
    tls_ca: Option<PathBuf>,
}

/// An instance, and the way of its clients to it.
pub(super) struct Target {
    /// What it is called where its rounds are told.
    pub(super) name: String,
    /// Its folder, if it is on this machine.
    pub(super) instance: Option<Instance>,
    pub(super) client: Client,
    pub(super) source: Source,
    ct_log: CtUrl,
}

/// Where the logs of certificates are read.
enum CtUrl {
    /// Each at its own name.
    Named,
    /// The newest one here; others are not looked at.
    One(String),
    /// All of an instance at one address, each behind its identifier.
    Own(String),
}

/// Where clients have from what they trust.
pub(super) enum Source {
    /// A repository, and a root to begin from.
    Repository { root: Box<Root>, url: String },
    /// Files, which nobody renews.
    Files {
        trusted_root: PathBuf,
        signing_config: PathBuf,
    },
}

impl Target {
    pub(super) fn open(asked: &Asked) -> Result<Self, Failure> {
        let source = match (
            &asked.root,
            &asked.tuf,
            &asked.trusted_root,
            &asked.signing_config,
        ) {
            (Some(root), Some(url), ..) => Source::Repository {
                root: Box::new(read_root(root)?),
                url: plain(url),
            },
            (_, _, Some(trusted_root), Some(signing_config)) => Source::Files {
                trusted_root: trusted_root.clone(),
                signing_config: signing_config.clone(),
            },
            _ => return Self::here(asked),
        };
        let name = match &source {
            Source::Repository { url, .. } => url.clone(),
            Source::Files { trusted_root, .. } => trusted_root.display().to_string(),
        };
        Ok(Self {
            name,
            instance: None,
            client: client(asked.tls_ca.as_deref())?,
            source,
            ct_log: CtUrl::asked(asked).unwrap_or(CtUrl::Named),
        })
    }

    /// Where each of these logs of certificates is read, the newest first.
    pub(super) fn ct_urls<'a>(
        &self,
        logs: Vec<&'a TransparencyLogInstance>,
    ) -> Vec<(String, &'a TransparencyLogInstance)> {
        let named = |log: &TransparencyLogInstance| log.base_url.trim_end_matches('/').to_owned();
        let id = |log: &TransparencyLogInstance| hex::encode(log.log_id.key_id.as_slice());
        let logs = logs.into_iter();
        match &self.ct_log {
            CtUrl::Named => logs.map(|log| (named(log), log)).collect(),
            CtUrl::One(url) => logs.take(1).map(|log| (url.clone(), log)).collect(),
            CtUrl::Own(url) => logs
                .map(|log| (format!("{url}/logs/{}", id(log)), log))
                .collect(),
        }
    }

    /// An instance of this machine, by what it hands to its clients.
    fn here(asked: &Asked) -> Result<Self, Failure> {
        let instance = asked.instance.open()?;
        let manifest = &instance.manifest;
        let own = || match manifest.ct_log.is_own() {
            true => CtUrl::Own(manifest.url(Service::Ctlog)),
            false => CtUrl::Named,
        };
        Ok(Self {
            name: manifest.name.clone(),
            client: match manifest.proxy {
                None => http::client(&instance)?,
                Some(_) => client(None)?,
            },
            source: Source::Repository {
                root: Box::new(read_root(&instance.path("client/root.json"))?),
                url: manifest.url(Service::Tuf),
            },
            ct_log: CtUrl::asked(asked).unwrap_or_else(own),
            instance: Some(instance),
        })
    }
}

impl CtUrl {
    /// The URL that was asked for, if any.
    fn asked(asked: &Asked) -> Option<Self> {
        asked.ct_log.as_ref().map(|url| Self::One(plain(url)))
    }
}

/// A client as those of others are: it trusts what this machine does, and goes through its proxy.
fn client(authorities: Option<&std::path::Path>) -> Result<Client, Failure> {
    let failed = |error| Failure::service("the client", "this machine", error);
    let mut builder = Client::builder().timeout(PATIENCE);
    if let Some(path) = authorities {
        let pem = input::read(path)?;
        let authorities = Certificate::from_pem_bundle(&pem);
        let authorities = authorities.map_err(|error| Failure::file("read", path, error))?;
        builder = builder.tls_certs_merge(authorities);
    }
    builder.build().map_err(failed)
}

/// Without a slash at its end.
fn plain(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

const ELSEWHERE: &str = "An instance elsewhere";
/// As long as clients are told to wait for an entry.
const PATIENCE: Duration = Duration::from_secs(20);
