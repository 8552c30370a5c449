//! The embedded OpenID Connect issuer: it signs people in and gives them, and workloads, the identity tokens for which
//! the certificate authority issues certificates.
//!
//! OpenID Connect Core 1.0 (errata 2) and Discovery 1.0; OAuth 2.0 (RFC 6749, RFC 6750) with PKCE (RFC 7636), device
//! authorization (RFC 8628), native applications (RFC 8252), issuer identification (RFC 9207) and the security practice
//! of RFC 9700; revocation (RFC 7009), introspection (RFC 7662), token exchange (RFC 8693), RP-Initiated Logout 1.0; tokens are RFC 7519 in RS256,
//! keys are RFC 7517; codes of a second factor are RFC 6238.
//!
//! Served to signing tools and browsers on the public port: discovery, keys, `/authorize` with the login page, `/token`
//! (codes, refresh, client credentials, device codes, tokens of others), `/device`, `/userinfo`, `/introspect`, `/revoke`, `/end-session`,
//! `/password`, `/second-factor`. Served to administrators: `sigstead.admin.v1.OidcAdmin`.
//!
//! | File | Holds |
//! |---|---|
//! | `api` | routes, pages' handlers, token endpoint's handlers, admin service |
//! | `authorize` | authorization request to code |
//! | `login` | e-mail address and password to a signed-in person |
//! | `half_sign_in` | the code of a second factor, where the password is not enough |
//! | `second_factor`, `totp` | what an account has of it, and codes by the clock |
//! | `token` | code, refresh token, client secret, device code or another issuer's token to a token |
//! | `subject_issuers` | whose tokens are exchanged |
//! | `device` | the device flow |
//! | `own_token`, `introspect` | tokens of ours that somebody shows again: asked about, given back |
//! | `sign_out` | an application's request to sign a person out |
//! | `ring` | the keys that follow one another |
//! | `connector` | people whose accounts are elsewhere: directories that judge passwords, providers that sign them in |
//! | `departure` | to a provider and back |
//! | `user`, `profile`, `password` | accounts, their file, what their tokens say, their hashes |
//! | `group` | people of accounts, together |
//! | `person` | who signed in |
//! | `session` | everything that expires, and its keys in the store |
//! | `client`, `claims`, `challenge`, `key_set`, `form`, `throttle`, `queue`, `network`, `page` | the parts |
//!
//! Absent on purpose: the implicit and password grants and PKCE's `plain`, which RFC 9700 advises against; consent pages,
//! because all clients are the operator's own; registration, mail and the recovery of passwords, which an administrator does;
//! a session that answers a public client without a click, because any program can ask in its name (RFC 8252 §8.6).

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use prometheus::Registry;
use sigstead_config::IssuerUrl;
use sigstead_config::oidc::{Config, SessionConfig};
use sigstead_kit::{Clock, Listeners, Period, Service, SystemClock};
use tokio_util::sync::CancellationToken;

mod admin;
mod api;
mod authorize;
mod challenge;
mod claims;
mod client;
mod clients_file;
mod connector;
mod departure;
mod device;
mod email_address;
mod error;
mod form;
mod group;
mod half_sign_in;
mod introspect;
mod key_set;
mod login;
mod metrics;
mod network;
mod own_token;
mod page;
mod parameter;
mod password;
mod person;
mod profile;
mod queue;
mod ring;
mod second_factor;
mod secret;
mod session;
mod sign_out;
mod subject_issuers;
mod throttle;
mod token;
mod totp;
mod user;

pub use connector::{DirectoryError, Origin, ProviderError};
pub use email_address::{EmailAddress, EmailAddressError};
pub use error::{Error, StartError};
pub use group::{Group, GroupChange};
pub use password::Password;
pub use profile::{Profile, ProfileChange};
pub use user::{SecondFactorChange, User};

use client::{Clients, RedirectUri};
use clients_file::ClientSource;
use connector::Connectors;
use form::FormKey;
use metrics::Metrics;
use page::Shell;
use password::PasswordHasherPool;
use ring::SigningKeys;
use session::SessionStorage;
use subject_issuers::SubjectIssuers;
use throttle::Throttle;
use user::Users;

/// The issuer: what its handlers share.
pub struct OidcIssuer {
    issuer: IssuerUrl,
    clients: Clients,
    client_source: ClientSource,
    subject_issuers: SubjectIssuers,
    users: Users,
    connectors: Connectors,
    passwords: PasswordHasherPool,
    sessions: SessionStorage,
    forms: FormKey,
    throttle: Throttle,
    keys: SigningKeys,
    lifetimes: Lifetimes,
    shell: Shell,
    clock: Arc<dyn Clock>,
    registry: Registry,
    metrics: Metrics,
}

struct Lifetimes {
    token: time::Duration,
    login: time::Duration,
    code: time::Duration,
    device: time::Duration,
    refresh: time::Duration,
    refresh_idle: Option<time::Duration>,
    refresh_grace: time::Duration,
}

/// The process of this service. The first of `arguments` is what the program was called by.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    sigstead_kit::main_with_check("oidc", arguments, check, build)
}

/// Opens keys, users and store, checks them, and gives a service that can be bound.
///
/// # Errors
/// The key is missing or not RSA, the users file is damaged, the store cannot be opened, or a client of the
/// configuration cannot be used.
pub async fn build(config: Config) -> Result<Service, StartError> {
    let listeners = config.listeners.clone();
    let users = config.users.clone();
    let successors = config.successors_file.clone();
    let issuer = OidcIssuer::open(config, Arc::new(SystemClock)).await?;
    let service = issuer.into_service(listeners).keeps(&users);
    Ok(service.watching(successors.as_deref()))
}

/// Checks what the configuration names and changes nothing, so that it can be done beside the running
/// service: key and passphrase, clients, users. The store is not looked at; losing it costs sessions.
///
/// # Errors
/// As [`build`].
pub async fn check(config: &Config) -> Result<(), StartError> {
    ring::check(config, SystemClock.now()).await?;
    Clients::new(ClientSource::of(config).read()?)?;
    SubjectIssuers::check(config.exchange_issuers.as_deref())?;
    Connectors::open(&config.connectors, &config.issuer)?;
    Ok(Users::check(&config.users)?)
}

impl OidcIssuer {
    /// Opens everything that the configuration names.
    ///
    /// # Errors
    /// As [`build`].
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Arc<Self>, Error> {
        let sessions = SessionStorage::new(
            sigstead_store::open(&config.store)
                .await
                .map_err(Error::Store)?,
        );
        let registry = Registry::new();
        let client_source = ClientSource::of(&config);
        let connectors = Connectors::open(&config.connectors, &config.issuer)?;
        let shell = Shell {
            asks_directories: !connectors.directories().is_empty(),
            ..Shell::new(&config.issuer, config.pages.clone())
        };
        Ok(Arc::new(Self {
            keys: SigningKeys::open(&config, clock.now()).await?,
            clients: Clients::new(client_source.read()?)?,
            client_source,
            subject_issuers: SubjectIssuers::open(config.exchange_issuers.as_deref())?,
            users: Users::open(&config.users)?,
            connectors,
            passwords: PasswordHasherPool::new()?,
            forms: FormKey::new(&sessions.form_key().await?),
            throttle: Throttle::new(
                config.sessions.max_failures,
                config.sessions.lock_time.duration(),
            ),
            lifetimes: Lifetimes::new(config.token_lifetime, &config.sessions),
            shell,
            issuer: config.issuer,
            metrics: Metrics::register(&registry)?,
            sessions,
            clock,
            registry,
        }))
    }

    /// Opens the keys again, of which there may be others. If one cannot be used, those that are open stay.
    ///
    /// # Errors
    /// Why one cannot be used.
    pub async fn open_keys_again(&self) -> Result<(), String> {
        let opened = self.keys.open_again(self.clock.now()).await;
        opened.map_err(|error| sigstead_kit::causes(&error))
    }

    /// The issuer with its routes, its readiness and its background task.
    pub fn into_service(self: Arc<Self>, listeners: Listeners) -> Service {
        let (ready, sweeper) = (Arc::clone(&self), Arc::clone(&self));
        let (reloaded, reopened) = (Arc::clone(&self), Arc::clone(&self));
        let (reread, fetched) = (Arc::clone(&self), Arc::clone(&self));
        let proven = Arc::clone(&self);
        sigstead_audit::recorded(Service::new("oidc", listeners), sigstead_proto::fields)
            .public(api::routes(Arc::clone(&self)))
            .admin_grpc(api::admin_service(Arc::clone(&self)), api::ADMIN_METHODS)
            .access(sigstead_config::ACCESS)
            .definitions(
                sigstead_proto::FILE_DESCRIPTOR_SET,
                sigstead_proto::elements,
            )
            .metrics(self.registry.clone())
            .tried("key", move || {
                let key = proven.keys.at(proven.clock.now());
                async move {
                    let proven = key.prove().await;
                    proven.map_err(|error| sigstead_kit::key_is_away(&error))
                }
            })
            .tried("store", move || {
                let issuer = Arc::clone(&ready);
                async move {
                    issuer
                        .sessions
                        .probe()
                        .await
                        .map_err(|error| sigstead_kit::causes(&error))
                }
            })
            .reload("the file of clients", move || {
                let issuer = Arc::clone(&reloaded);
                async move {
                    let read = issuer.client_source.read_again(&issuer.clients);
                    read.map_err(|error| sigstead_kit::causes(&error))
                }
            })
            .reload("the file of exchanged issuers", move || {
                let issuer = Arc::clone(&reread);
                async move {
                    let read = issuer.subject_issuers.read_again();
                    read.map_err(|error| sigstead_kit::causes(&error))
                }
            })
            .reload("the file of successors", move || {
                let issuer = Arc::clone(&reopened);
                async move { issuer.open_keys_again().await }
            })
            .task("sweep", move |stop| sweep(sweeper, stop))
            .task("keys of exchanged issuers", move |stop| async move {
                fetched.subject_issuers.refresh(stop).await;
            })
    }
}

impl Lifetimes {
    fn new(token: Period, sessions: &SessionConfig) -> Self {
        Self {
            token: token.time(),
            login: sessions.login_lifetime.time(),
            code: sessions.code_lifetime.time(),
            device: sessions.device_code_lifetime.time(),
            refresh: sessions.refresh_lifetime.time(),
            refresh_idle: sessions.refresh_idle_lifetime.map(Period::time),
            refresh_grace: sessions.refresh_grace.time(),
        }
    }

    /// A code that a person carries over takes longer than one that a browser does.
    fn code(&self, redirect: &RedirectUri) -> time::Duration {
        match redirect {
            RedirectUri::Http(..) => self.code,
            RedirectUri::OutOfBand => self.code.max(CARRIED_BY_HAND),
        }
    }
}

/// Frees what has expired, until told to stop.
async fn sweep(issuer: Arc<OidcIssuer>, stop: CancellationToken) {
    loop {
        let wait = match issuer.sessions.sweep(issuer.clock.now()).await {
            // A full step: there is more.
            Ok(freed) if freed >= session::SWEEP => std::time::Duration::ZERO,
            Ok(_) => SWEEP_PAUSE,
            Err(error) => {
                tracing::warn!("expired sessions could not be removed: {error}");
                SWEEP_PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

const CARRIED_BY_HAND: time::Duration = time::Duration::minutes(5);
const SWEEP_PAUSE: std::time::Duration = std::time::Duration::from_secs(60);
