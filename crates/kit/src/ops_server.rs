use std::net::SocketAddr;

use prometheus::Registry;
use tokio_util::sync::CancellationToken;

use crate::descriptors::{self, Connections};
use crate::error::Error;
use crate::listen::ListenConfig;
use crate::ops;
use crate::readiness::Readiness;
use crate::reload::Reload;
use crate::routes::Routes;
use crate::running::Running;
use crate::server::{Listener, Place};
use crate::vitals::Vitals;

/// Health, readiness and metrics of a program that serves nothing else.
#[must_use = "nothing is served until it is run"]
pub struct OpsServer {
    listener: Listener,
    routes: Routes,
}

impl OpsServer {
    /// Takes the address. The kernel queues connections from now on.
    ///
    /// # Errors
    /// The address is taken, or the registry has a metric of a name of the kit's.
    pub async fn bind(
        name: &'static str,
        address: SocketAddr,
        registry: Registry,
    ) -> Result<Self, Error> {
        let vitals = Vitals::register(&registry, name)?;
        let readiness = Readiness::new(CancellationToken::new());
        let listen = ListenConfig::plain(address);
        let most = Connections::within(descriptors::current());
        Ok(Self {
            listener: Listener::bind(Place::of(&listen, most.ops)).await?,
            routes: ops::routes(Running::new(name), readiness, registry, vitals),
        })
    }

    /// Where it is, also when the caller left the number of the port open.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Serves until the future is dropped.
    pub async fn run(self) {
        let (reload, never) = (Reload::new(), CancellationToken::new());
        let router = self.routes.into_router();
        self.listener.serve(router, never, reload.hang_ups()).await;
    }
}
