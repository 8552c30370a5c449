use std::net::SocketAddr;

use axum::Router;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::tasks::{Task, join, start};
use crate::bound::Bound;
use crate::budget::Endpoint;
use crate::readiness::Readiness;
use crate::reload::{Hooks, Reload};
use crate::server::Listener;

/// The routers of all listeners.
pub(super) struct Mounted {
    pub(super) public: Router,
    pub(super) admin: Router,
    pub(super) ops: Router,
    pub(super) endpoints: Vec<Endpoint>,
}

/// A service whose ports are taken, ready to run.
#[must_use = "a bound service does nothing until it is run"]
pub struct BoundService {
    pub(super) name: &'static str,
    pub(super) bound: Bound,
    pub(super) mounted: Mounted,
    pub(super) readiness: Readiness,
    pub(super) tasks: Vec<(&'static str, Task)>,
    pub(super) hooks: Hooks,
    pub(super) reload: Reload,
    pub(super) draining: CancellationToken,
}

impl BoundService {
    /// Where the public port is, also when the configuration left its number open.
    #[must_use]
    pub fn public_address(&self) -> SocketAddr {
        self.bound.public.address()
    }

    /// Where health, readiness and metrics are.
    #[must_use]
    pub fn ops_address(&self) -> SocketAddr {
        self.bound.ops.address()
    }

    /// Where the admin interface is, if there is one.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.bound.admin.as_ref().map(Listener::address)
    }

    /// Where callers must show a certificate, if there is such a port.
    #[must_use]
    pub fn certified_address(&self) -> Option<SocketAddr> {
        self.bound.certified.as_ref().map(Listener::address)
    }

    /// What has the service read things again.
    #[must_use]
    pub fn reloader(&self) -> Reload {
        self.reload.clone()
    }

    /// Serves until `shutdown`, then stops in order: no new connections, running requests to their
    /// end, background tasks, and the ops port last.
    pub async fn run(self, shutdown: CancellationToken) {
        let admin = self.admin_address().map(tracing::field::display);
        let certified = self.certified_address().map(tracing::field::display);
        tracing::info!(
            public = %self.public_address(), ops = %self.ops_address(), admin, certified,
            connections = self.bound.public.most_connections(),
            "{} is listening", self.name
        );
        let (stop_tasks, stop_ops) = (CancellationToken::new(), CancellationToken::new());
        let tasks = start(self.tasks, &self.readiness, &stop_tasks);
        let hang_ups = || self.reload.hang_ups();
        let mut ops = JoinSet::new();
        let serve_ops = self
            .bound
            .ops
            .serve(self.mounted.ops, stop_ops.clone(), hang_ups());
        ops.spawn(serve_ops);
        let draining = self.draining.clone();
        let mut clients = JoinSet::new();
        let public = self.bound.public;
        if let Some(certified) = self.bound.certified {
            let router = self.mounted.public.clone();
            clients.spawn(certified.serve(router, draining.clone(), hang_ups()));
        }
        clients.spawn(public.serve(self.mounted.public, draining.clone(), hang_ups()));
        clients.spawn(self.hooks.follow(self.reload.clone(), draining.clone()));
        if let Some(admin) = self.bound.admin {
            clients.spawn(admin.serve(self.mounted.admin, draining, hang_ups()));
        }
        shutdown.cancelled().await;
        tracing::info!("{} is stopping", self.name);
        self.draining.cancel();
        while clients.join_next().await.is_some() {}
        stop_tasks.cancel();
        join(tasks).await;
        stop_ops.cancel();
        while ops.join_next().await.is_some() {}
        tracing::info!("{} has stopped", self.name);
    }
}
