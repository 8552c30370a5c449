//! Whose certificates are renewed: those of the admin interfaces, or those that clients see.

use sigstead_kit::Listeners;

use super::pair::Pair;
use super::shown::Dialled;
use crate::administrators;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::services;

/// Certificates of TLS that an authority of the instance issues.
pub(in crate::rotate) trait Kind: Clone {
    const ROLE: &'static str;
    const WHAT: &'static str;
    const APART_FROM: &'static [&'static str];
    /// The authority, in `trust/` of the instance: its certificate is `.pem`, its key `.key`.
    const AUTHORITY: &'static str;

    /// Refuses an instance that has none.
    fn check(instance: &Instance) -> Result<(), Failure>;

    /// All of them.
    fn pairs(instance: &Instance) -> Vec<Pair>;

    /// How to see which one a service shows.
    fn dialled(instance: &Instance, service: Service) -> Dialled;

    /// Ends those before, whose time is over.
    async fn end_former(instance: &Instance, serial: Option<&str>) -> Result<(), Failure>;
}

/// Those of the admin interfaces, and the one with which the instance's own tools administer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rotate) struct Admin;

/// Those that clients see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rotate) struct Tls;

impl Kind for Admin {
    const ROLE: &'static str = "admin";
    const WHAT: &'static str = "the certificates of the admin interfaces";
    const APART_FROM: &'static [&'static str] = &["admin-ca"];
    const AUTHORITY: &'static str = "admin-ca";

    fn check(instance: &Instance) -> Result<(), Failure> {
        refuse_others(instance, "admin", |listeners| {
            let admin = listeners.admin.as_ref()?;
            Some((&admin.tls.certificate, &admin.tls.key))
        })
    }

    fn pairs(instance: &Instance) -> Vec<Pair> {
        let services = services::of(&instance.manifest).into_iter();
        services
            .map(|service| Pair::of(instance, service, "admin"))
            .chain([Pair::of_operator(instance)])
            .collect()
    }

    fn dialled(instance: &Instance, service: Service) -> Dialled {
        let operator = Pair::of_operator(instance);
        Dialled::admin(
            instance,
            service,
            (operator.file("pem"), operator.file("key")),
        )
    }

    /// The key with which the tools administered the instance may be in other hands.
    async fn end_former(instance: &Instance, serial: Option<&str>) -> Result<(), Failure> {
        match serial {
            Some(serial) => administrators::end_key_of(instance, serial).await,
            None => Ok(()),
        }
    }
}

impl Kind for Tls {
    const ROLE: &'static str = "tls";
    const WHAT: &'static str = "the certificates that clients see";
    const APART_FROM: &'static [&'static str] = &[];
    const AUTHORITY: &'static str = "tls-ca";

    fn check(instance: &Instance) -> Result<(), Failure> {
        if !instance.manifest.tls {
            return Err(Failure::new(
                "E-CTL-342",
                "no authority of this instance issues certificates that clients see",
                "replace the files of those that you gave it; services read them again by themselves",
            ));
        }
        refuse_others(instance, "tls", |listeners| {
            let tls = listeners.public.tls.as_ref()?;
            Some((&tls.certificate, &tls.key))
        })
    }

    fn pairs(instance: &Instance) -> Vec<Pair> {
        let services = services::of(&instance.manifest).into_iter();
        let submitter = Pair::of_submitter(instance);
        services
            .map(|service| Pair::of(instance, service, "tls"))
            // An instance of an earlier version has none.
            .chain(submitter.file("pem").exists().then_some(submitter))
            .collect()
    }

    fn dialled(instance: &Instance, service: Service) -> Dialled {
        Dialled::public(instance, service)
    }

    /// Clients ask nobody whether a certificate still counts.
    async fn end_former(_: &Instance, _: Option<&str>) -> Result<(), Failure> {
        Ok(())
    }
}

type Named<'a> = Option<(&'a std::path::PathBuf, &'a std::path::PathBuf)>;

/// Refuses services whose listeners show other files than those that `init` made.
fn refuse_others(
    instance: &Instance,
    name: &str,
    of: impl Fn(&Listeners) -> Named<'_>,
) -> Result<(), Failure> {
    for service in services::of(&instance.manifest) {
        let path = instance.service(service).join("config.yaml");
        let configured: Configured = sigstead_kit::read_config(&path)
            .map_err(|error| Failure::file("understand", &path, error))?;
        let ours = ["pem", "key"].map(|ending| format!("{name}.{ending}"));
        let is_ours = of(&configured.listeners).is_some_and(|(certificate, key)| {
            certificate.as_os_str() == &*ours[0] && key.as_os_str() == &*ours[1]
        });
        if !is_ours {
            let [certificate, key] = ours;
            return Err(Failure::new(
                "E-CTL-339",
                format!("{} does not name {certificate} and {key}", path.display()),
                "replace the files that it names yourself; the service reads them again by itself",
            ));
        }
    }
    Ok(())
}

/// What every configuration has.
#[derive(serde::Deserialize)]
struct Configured {
    listeners: Listeners,
}
