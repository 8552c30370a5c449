use std::path::Path;

use crate::descriptors::{self, Connections};
use crate::error::Error;
use crate::expiry::End;
use crate::forwarded::Proxies;
use crate::listen::Listeners;
use crate::server::{Listener, Place};
use crate::tls::CallerAuthorities;

/// The listeners of a service, whose ports are taken.
pub(crate) struct Bound {
    pub(crate) public: Listener,
    pub(crate) ops: Listener,
    pub(crate) admin: Option<Listener>,
}

impl Bound {
    /// Takes the ports. `certified` are the authorities whose certificates callers of the public one may show.
    pub(crate) async fn bind(
        listeners: &Listeners,
        certified: Option<&Path>,
    ) -> Result<Self, Error> {
        let most = Connections::within(descriptors::current());
        let public = Place {
            proxies: Proxies::of(listeners),
            callers: certified.map(|path| CallerAuthorities {
                path: path.to_owned(),
                are_optional: true,
            }),
            ..Place::of(&listeners.public, most.public)
        };
        let mut bound = Self {
            public: Listener::bind(public).await?,
            ops: Listener::bind(Place::of(&listeners.ops, most.ops)).await?,
            admin: None,
        };
        if let Some(admin) = &listeners.admin {
            let listener = Listener::bind(Place::of_admin(admin, most.admin));
            bound.admin = Some(listener.await?);
        }
        Ok(bound)
    }

    /// When the certificate of each listener ends that has one.
    pub(crate) fn ends(&self) -> Vec<(&'static str, End)> {
        let listeners = [
            ("public", Some(&self.public)),
            ("ops", Some(&self.ops)),
            ("admin", self.admin.as_ref()),
        ];
        let ends = listeners.into_iter().filter_map(|(name, listener)| {
            let tls = listener?.tls()?;
            let end: End = Box::new(move || tls.ends());
            Some((name, end))
        });
        ends.collect()
    }
}
