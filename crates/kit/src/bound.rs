use std::path::PathBuf;

use crate::descriptors::{self, Connections};
use crate::error::Error;
use crate::expiry::End;
use crate::forwarded::Proxies;
use crate::listen::{CertifiedListenConfig, Listeners};
use crate::server::{Listener, Place};
use crate::tls::CallerAuthorities;

/// By which certificates callers of the public routes are known.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    /// The authorities whose certificates they may show at the public port.
    pub(crate) of_public: Option<PathBuf>,
    /// A port of its own, where they must show one.
    pub(crate) apart: Option<CertifiedListenConfig>,
}

/// The listeners of a service, whose ports are taken.
pub(crate) struct Bound {
    pub(crate) public: Listener,
    pub(crate) ops: Listener,
    pub(crate) admin: Option<Listener>,
    pub(crate) certified: Option<Listener>,
}

impl Bound {
    /// Takes the ports. `callers` says by which certificates callers are known, who are no administrators.
    pub(crate) async fn bind(listeners: &Listeners, callers: &Callers) -> Result<Self, Error> {
        let most = Connections::within(descriptors::current());
        // Few connect there, as few as administrators, and what they have the public port has less.
        let apart = callers.apart.as_ref().map_or(0, |_| most.admin);
        let public = Place {
            proxies: Proxies::of(listeners),
            callers: callers.of_public.clone().map(|path| CallerAuthorities {
                path,
                are_optional: true,
            }),
            ..Place::of(&listeners.public, most.public.saturating_sub(apart).max(1))
        };
        let mut bound = Self {
            public: Listener::bind(public).await?,
            ops: Listener::bind(Place::of(&listeners.ops, most.ops)).await?,
            admin: None,
            certified: None,
        };
        if let Some(admin) = &listeners.admin {
            let listener = Listener::bind(Place::of_admin(admin, most.admin));
            bound.admin = Some(listener.await?);
        }
        if let Some(listen) = &callers.apart {
            let listener = Listener::bind(Place::of_certified(listen, apart));
            bound.certified = Some(listener.await?);
        }
        Ok(bound)
    }

    /// When the certificate of each listener ends that has one.
    pub(crate) fn ends(&self) -> Vec<(&'static str, End)> {
        let listeners = [
            ("public", Some(&self.public)),
            ("ops", Some(&self.ops)),
            ("admin", self.admin.as_ref()),
            ("certified", self.certified.as_ref()),
        ];
        let ends = listeners.into_iter().filter_map(|(name, listener)| {
            let tls = listener?.tls()?;
            let end: End = Box::new(move || tls.ends());
            Some((name, end))
        });
        ends.collect()
    }
}
