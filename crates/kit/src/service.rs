use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use prometheus::Registry;
use tokio_util::sync::CancellationToken;

use crate::admin::{Access, Fields, Gate, Keeper, Recorder, Recording, Revoked};
use crate::bound::{Bound, Callers};
use crate::budget::{Elements, Endpoint, Method};
use crate::error::Error;
use crate::expiry::{End, Expiry};
use crate::grpc::{GrpcService, GrpcServices};
use crate::listen::{AdminListenConfig, CertifiedListenConfig, Listeners};
use crate::measure::{RequestMetrics, measure};
use crate::problem::BodyStyle;
use crate::readiness::Readiness;
use crate::reload::{Hooks, Reload};
use crate::routes::Routes;
use crate::running::Running;
use crate::server::DRAIN;
use crate::trial::Trial;
use crate::vitals::{Room, Vitals};
use crate::{ops, trace};

mod bound_service;
mod tasks;

pub use bound_service::BoundService;
use bound_service::Mounted;
use tasks::{TASK_STOP, Task};

/// A service that is built and not yet bound: what it serves, what runs beside it, what makes it
/// ready.
#[must_use = "a service does nothing until it is bound and run"]
pub struct Service {
    name: &'static str,
    listeners: Listeners,
    public: Routes,
    grpc: GrpcServices,
    admin: GrpcServices,
    access: &'static [Access],
    recording: Option<Recording>,
    callers: Callers,
    readiness: Readiness,
    tasks: Vec<(&'static str, Task)>,
    hooks: Hooks,
    registry: Registry,
    kept: Vec<PathBuf>,
    ends: Vec<(&'static str, End)>,
    draining: CancellationToken,
}

impl Service {
    /// An empty service on the given listeners.
    pub fn new(name: &'static str, listeners: Listeners) -> Self {
        let draining = CancellationToken::new();
        Self {
            name,
            listeners,
            public: Routes::new(BodyStyle::Text),
            grpc: GrpcServices::default(),
            admin: GrpcServices::default(),
            access: &[],
            recording: None,
            callers: Callers::default(),
            readiness: Readiness::new(draining.clone()),
            tasks: Vec::new(),
            hooks: Hooks::default(),
            registry: Registry::new(),
            kept: Vec::new(),
            ends: Vec::new(),
            draining,
        }
    }

    /// The HTTP routes of the public port.
    pub fn public(mut self, routes: Routes) -> Self {
        self.public = routes;
        self
    }

    /// Asks callers of the public port for a certificate of one of the authorities in the PEM file at `path`. Requests of who
    /// shows one have [`PeerCertificate`](crate::PeerCertificate); who shows none is served as well. It needs TLS there.
    pub fn certified_callers(mut self, path: Option<&Path>) -> Self {
        self.callers.of_public = path.map(Path::to_owned);
        self
    }

    /// Adds a port with the routes of the public one that only holders of a certificate reach. Their requests have
    /// [`PeerCertificate`](crate::PeerCertificate).
    pub fn certified(mut self, listen: Option<CertifiedListenConfig>) -> Self {
        self.callers.apart = listen;
        self
    }

    /// Adds a gRPC service to the public port. Only the given methods can be called, each within its budget.
    pub fn grpc<S: GrpcService>(mut self, service: S, methods: &[Method]) -> Self {
        self.grpc.add(service, methods);
        self
    }

    /// Adds a gRPC service to the admin interface, which only holders of an admin certificate reach.
    pub fn admin_grpc<S: GrpcService>(mut self, service: S, methods: &[Method]) -> Self {
        self.admin.add(service, methods);
        self
    }

    /// Gives the table of who may call what on the admin interface. What has no row in it nobody may call.
    pub fn access(mut self, table: &'static [Access]) -> Self {
        self.access = table;
        self
    }

    /// Where its admin interface listens, if it has one.
    #[must_use]
    pub fn admin_listener(&self) -> Option<&AdminListenConfig> {
        self.listeners.admin.as_ref()
    }

    /// Gives what writes down what administrators do, and what reads the fields of their messages. Without it nothing is done
    /// over the admin interface.
    pub fn recorder(mut self, recorder: Arc<dyn Recorder>, fields: Fields) -> Self {
        self.recording = Some(Recording { recorder, fields });
        self
    }

    /// Gives the definitions of the added services: as an encoded descriptor set for reflection, which lists only what was
    /// added, and as the count by which messages with long lists are refused before they are decoded.
    pub fn definitions(mut self, descriptor_set: &'static [u8], elements: Elements) -> Self {
        self.grpc.define(descriptor_set, elements);
        self.admin.define(descriptor_set, elements);
        self
    }

    /// Adds a condition without which the service is not ready; its error is the reason that
    /// `/readyz` shows. It is asked anew each time and must answer within two seconds.
    pub fn readiness<F, Fut>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.readiness.add(name, check);
        self
    }

    /// The same for what is too dear to be done each time that somebody asks, such as a signature by a key in a token: it is
    /// tried once every few seconds at most, one try at a time, and its outcome counts until the next.
    pub fn tried<F, Fut>(self, name: &'static str, attempt: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        let trial = Trial::new(attempt);
        self.readiness(name, move || {
            let trial = trial.clone();
            async move { trial.check().await }
        })
    }

    /// Adds something that an operator must do before it makes the service unready. `/readyz` shows it as a warning
    /// and keeps its status.
    pub fn warning<F>(mut self, name: &'static str, warning: F) -> Self
    where
        F: Fn() -> Option<String> + Send + Sync + 'static,
    {
        self.readiness.warn(name, warning);
        self
    }

    /// Adds a background task. Its token is cancelled once the last request is answered; it then
    /// has half a minute to end. A task that ends earlier makes the service unready.
    pub fn task<F, Fut>(mut self, name: &'static str, task: F) -> Self
    where
        F: FnOnce(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.tasks
            .push((name, Box::new(move |stop| Box::pin(task(stop)))));
        self
    }

    /// Adds something that is read again when the process is told to (SIGHUP). What was read before stays in use if it
    /// fails; its error is logged.
    pub fn reload<F, Fut>(mut self, name: &'static str, hook: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.hooks.add(name, hook);
        self
    }

    /// Has all of that read again also when this file has other contents, a few seconds later. It may come and go, and a cluster
    /// replaces it with the Secret that it is from.
    pub fn watching(mut self, file: Option<&Path>) -> Self {
        if let Some(file) = file {
            self.hooks.watch(file.to_owned());
        }
        self
    }

    /// The registry that `/metrics` shows; the request metrics are added to it.
    pub fn metrics(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Adds something that the service writes, a folder or a file: how much room its disk has is measured.
    pub fn keeps(mut self, path: &Path) -> Self {
        self.kept.push(path.to_owned());
        self
    }

    /// Adds a certificate that the service signs with, by when it ends in seconds since the epoch.
    pub fn certificate<F>(mut self, name: &'static str, ends: F) -> Self
    where
        F: Fn() -> i64 + Send + Sync + 'static,
    {
        self.ends.push((name, Box::new(ends)));
        self
    }

    /// Cancelled when the service begins to stop: streams without an end must end then, because
    /// running requests are waited for.
    #[must_use]
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// The public port's router, for tests that need no port.
    ///
    /// # Errors
    /// As [`Service::bind`], but for the listeners.
    pub fn into_public_router(self) -> Result<Router, Error> {
        self.into_routers().map(|(public, _admin)| public)
    }

    /// The routers of the public and of the admin port, for tests that need no port. A caller has no certificate then, and
    /// is asked for none.
    ///
    /// # Errors
    /// As [`Service::bind`], but for the listeners.
    pub fn into_routers(self) -> Result<(Router, Router), Error> {
        let mounted = self.mount(Gate::Open)?.0;
        Ok((mounted.public, mounted.admin))
    }

    /// All that can be asked of the service, on all its listeners, and what it may cost.
    ///
    /// # Errors
    /// As [`Service::bind`], but for the listeners.
    pub fn into_endpoints(self) -> Result<Vec<Endpoint>, Error> {
        Ok(self.mount(Gate::Open)?.0.endpoints)
    }

    fn mount(self, gate: Gate) -> Result<(Mounted, Unmounted), Error> {
        let metrics = RequestMetrics::register(&self.registry)?;
        let running = Running::new(self.name);
        let vitals = Vitals::register(&self.registry, self.name)?;
        let registry = self.registry.clone();
        let ops = ops::routes(running, self.readiness.clone(), registry, vitals);
        let mut endpoints = self.public.endpoints("public");
        let (grpc, methods) = self
            .grpc
            .into_router(&self.readiness, "public", Gate::Open)?;
        endpoints.extend(methods);
        let (admin, methods) = self.admin.into_router(&self.readiness, "admin", gate)?;
        endpoints.extend(methods);
        endpoints.extend(ops.endpoints("ops"));
        let public = self.public.into_router().merge(grpc);
        let mounted = Mounted {
            public: observed(public, metrics.clone()),
            admin: observed(admin, metrics),
            ops: ops.into_router(),
            endpoints,
        };
        let unmounted = Unmounted {
            name: self.name,
            listeners: self.listeners,
            callers: self.callers,
            readiness: self.readiness,
            tasks: self.tasks,
            hooks: self.hooks,
            registry: self.registry,
            kept: self.kept,
            ends: self.ends,
            draining: self.draining,
        };
        Ok((mounted, unmounted))
    }

    fn gate(&self) -> Gate {
        let admin = self.listeners.admin.as_ref();
        Gate::Kept(Arc::new(Keeper {
            table: self.access,
            revoked: admin.map(|admin| Revoked::beside(&admin.client_ca)),
            recording: self.recording.clone(),
        }))
    }

    /// Binds the listeners. The kernel queues connections from now on; [`BoundService::run`]
    /// answers them.
    ///
    /// # Errors
    /// An address is taken, a TLS file is unusable, a descriptor set is malformed, or a metric has
    /// the name of one of the kit's.
    pub async fn bind(self) -> Result<BoundService, Error> {
        let gate = self.gate();
        let (mounted, rest) = self.mount(gate)?;
        let bound = Bound::bind(&rest.listeners, &rest.callers).await?;
        Room::register(&rest.registry, rest.kept)?;
        let ends = rest.ends.into_iter().chain(bound.ends());
        Expiry::register(&rest.registry, ends.collect())?;
        Ok(BoundService {
            name: rest.name,
            bound,
            mounted,
            readiness: rest.readiness,
            tasks: rest.tasks,
            hooks: rest.hooks,
            reload: Reload::new(),
            draining: rest.draining,
        })
    }
}

/// What is left of a service whose routers are made.
struct Unmounted {
    name: &'static str,
    listeners: Listeners,
    callers: Callers,
    readiness: Readiness,
    tasks: Vec<(&'static str, Task)>,
    hooks: Hooks,
    registry: Registry,
    kept: Vec<PathBuf>,
    ends: Vec<(&'static str, End)>,
    draining: CancellationToken,
}

fn observed(router: Router, metrics: RequestMetrics) -> Router {
    router
        .layer(from_fn(trace::in_span))
        .layer(from_fn_with_state(metrics, measure))
}

/// The longest that a service takes to stop: callers, then tasks, then the ops port. Whoever ends it earlier cuts off what it
/// owes.
pub const LONGEST_STOP: Duration = DRAIN.saturating_add(TASK_STOP).saturating_add(DRAIN);

#[cfg(test)]
mod tests;
