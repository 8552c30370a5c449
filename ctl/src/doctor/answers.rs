//! What the services say: all asked at once, each waited for no longer than it may take.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::time::Duration;

use futures::future::{join_all, try_join};
use sigstead_kit::Clock as _;
use sigstead_proto::admin::v1::LogInfo;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::finding::Unseen;
use super::outside::{self, Outside};
use super::page::{self, Page};
use crate::admin;
use crate::failure::Failure;
use crate::http;
use crate::instance::{Instance, Service};
use crate::issuer_states::{self, ShownIssuer};
use crate::log;
use crate::oidc::connector::{self, ShownConnector};
use crate::service_status::{Observer, ServiceStatus};
use crate::services;
use crate::walk::{Walk, read_root};

/// What came of asking the services of an instance.
pub(super) struct Answers {
    pub(super) statuses: Vec<ServiceStatus>,
    /// Services whose program was replaced since they started.
    pub(super) replaced: Vec<Service>,
    /// A page of each service that answers, by the address that only this machine knows.
    pub(super) pages: BTreeMap<Service, Answer<Page>>,
    /// Whether each service takes the operator's certificate.
    pub(super) admin: BTreeMap<Service, Answer<()>>,
    pub(super) issuers: Answer<Vec<ShownIssuer>>,
    /// Where people sign in whose accounts are elsewhere, as the issuer finds it.
    pub(super) connectors: Answer<Vec<ShownConnector>>,
    /// The logs of signatures, then that of certificates.
    pub(super) logs: Answer<Vec<LogInfo>>,
    /// The key set of the issuer.
    pub(super) key_set: Answer<Page>,
    /// The trusted root that a client comes to that has the kit.
    pub(super) trusted_root: Answer<Vec<u8>>,
    /// The time that the timestamp authority stated, and what it was here.
    pub(super) stamp: Answer<(OffsetDateTime, OffsetDateTime)>,
    /// What clients find where they look, which may be another way in than this machine's.
    pub(super) outside: Vec<Outside>,
    /// What came of a signature; `Err` if none was tried.
    pub(super) signed: Result<Answer<()>, String>,
}

/// An answer, or why there is none.
pub(super) type Answer<T> = Result<T, String>;

/// How a signature is tried.
pub(super) enum Trial {
    /// As whom this token is for.
    Token(String),
    /// Not at all, for this reason.
    Not(String),
}

impl Answers {
    /// Asks everything. Services that do not answer at all are not asked more.
    pub(super) async fn ask(instance: &Instance, trial: Trial) -> Result<Self, Failure> {
        let statuses = Observer::new()?.all(instance).await;
        Ok(Self::of(instance, trial, statuses).await)
    }

    async fn of(instance: &Instance, trial: Trial, statuses: Vec<ServiceStatus>) -> Self {
        let up = |service| is_up(&statuses, service);
        let (pages, admin, signed) = tokio::join!(
            pages(instance, &statuses),
            admins(instance, &statuses),
            sign(instance, trial, &statuses)
        );
        let looked = admin::Looked(instance);
        let (issuers, connectors, logs, key_set, trusted_root, stamp, outside) = tokio::join!(
            in_time(up(Service::Ca), issuer_states::ask(instance)),
            in_time(up(Service::Oidc), connector::ask(&looked)),
            in_time(up(Service::Tlog), logs(instance, up(Service::Ctlog))),
            in_time(
                up(Service::Oidc),
                page::get(instance, Service::Oidc, "/keys")
            ),
            in_time(up(Service::Tuf), trusted_root(instance)),
            in_time(up(Service::Tsa), page::stamp(instance)),
            outside::look(instance),
        );
        Self {
            replaced: replaced(&statuses),
            statuses,
            pages,
            admin,
            issuers,
            connectors,
            logs,
            key_set,
            trusted_root,
            stamp,
            outside,
            signed,
        }
    }

    /// The page of a service that says who it is.
    pub(super) fn page(&self, service: Service) -> Result<&Page, Unseen> {
        let missing = || Unseen::new(format!("{} does not answer", service.name()));
        let page = self.pages.get(&service).ok_or_else(missing)?;
        page.as_ref().map_err(|_| missing())
    }
}

/// Whether a service answered at all.
pub(super) fn is_up(statuses: &[ServiceStatus], service: Service) -> bool {
    let mut statuses = statuses.iter();
    statuses.any(|each| each.service == service && each.state.answers())
}

/// Asks one thing, if there is somebody to ask.
async fn in_time<T>(is_up: bool, asked: impl Future<Output = Result<T, Failure>>) -> Answer<T> {
    if !is_up {
        return Err("the service does not run".to_owned());
    }
    match timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(|failure| failure.whole()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn pages(instance: &Instance, statuses: &[ServiceStatus]) -> BTreeMap<Service, Answer<Page>> {
    let up = statuses.iter().filter(|each| each.state.answers());
    let asked = up.map(|each| async {
        let page = page::get(instance, each.service, page::path(each.service));
        (each.service, in_time(true, page).await)
    });
    join_all(asked).await.into_iter().collect()
}

async fn admins(instance: &Instance, statuses: &[ServiceStatus]) -> BTreeMap<Service, Answer<()>> {
    let up = statuses.iter().filter(|each| each.state.answers());
    let asked = up.map(|each| async {
        let looked = admin::Looked(instance);
        let connected = in_time(true, admin::connect(&looked, each.service)).await;
        (each.service, connected.map(drop))
    });
    join_all(asked).await.into_iter().collect()
}

/// The trusted root that the service leads a client to that has the kit's root.
async fn trusted_root(instance: &Instance) -> Result<Vec<u8>, Failure> {
    let client = http::client(instance)?;
    let url = instance.manifest.local_url(Service::Tuf);
    let root = read_root(&instance.path("client/root.json"))?;
    let mut walk = Walk::new(&client, &url, sigstead_kit::SystemClock.now());
    let targets = walk.targets(&root).await?;
    walk.target(&targets, "trusted_root.json").await
}

async fn logs(instance: &Instance, has_ct: bool) -> Result<Vec<LogInfo>, Failure> {
    let certificates = async {
        match has_ct {
            true => log::list_ct(instance).await,
            false => Ok(Vec::new()),
        }
    };
    let (mut logs, certificates) = try_join(log::list(instance), certificates).await?;
    logs.extend(certificates);
    Ok(logs)
}

async fn sign(
    instance: &Instance,
    trial: Trial,
    statuses: &[ServiceStatus],
) -> Result<Answer<()>, String> {
    let token = match trial {
        Trial::Token(token) => token,
        Trial::Not(why) => return Err(why),
    };
    let needed = services::of(&instance.manifest).into_iter();
    let mut needed = needed.filter(|service| !matches!(service, Service::Oidc | Service::Tuf));
    if let Some(down) = needed.find(|service| !is_up(statuses, *service)) {
        return Err(format!("{} does not run", down.name()));
    }
    let signed = timeout(SIGNING, crate::sign::try_out(instance, token)).await;
    Ok(match signed {
        Ok(signed) => signed.map_err(|failure| failure.coded()),
        Err(_) => Err(format!("it was not done within {} s", SIGNING.as_secs())),
    })
}

/// A process goes on with the program that it was started with, after the file was replaced.
fn replaced(statuses: &[ServiceStatus]) -> Vec<Service> {
    let is_gone = |pid: i32| {
        let program = fs::read_link(format!("/proc/{pid}/exe"));
        program.is_ok_and(|path| path.as_os_str().as_encoded_bytes().ends_with(b" (deleted)"))
    };
    let replaced = statuses.iter().filter(|each| each.pid.is_some_and(is_gone));
    replaced.map(|each| each.service).collect()
}

/// Longer than any of these answers takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
const SIGNING: Duration = Duration::from_secs(20);
