//! The configurations of an instance's services, each read or not by itself.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use sigstead_config::opened_logs::DescribedLog as _;
use sigstead_config::{ca, ctlog, oidc, tlog, tsa, tuf};
use sigstead_kit::{Clock as _, Listeners, ServiceConfig, SystemClock};

use super::log_place::LogPlace;
use crate::instance::{Instance, Service};
use crate::log_configs;

/// What the services read when they start.
pub(crate) struct Configs {
    ca: Read<ca::Config>,
    /// `None` of an instance without a log of its own.
    ctlog: Option<Read<ctlog::Config>>,
    oidc: Read<oidc::Config>,
    tlog: Read<tlog::Config>,
    tsa: Read<tsa::Config>,
    tuf: Read<(tuf::Config, tuf::SuccessorsFile)>,
    /// The logs that can be read of, opened later ones included.
    logs: Vec<LogPlace>,
    /// Why the logs that were opened later cannot be read of.
    opened: Option<String>,
    /// The same of the logs of certificates.
    opened_ct: Option<String>,
}

/// Which configuration cannot be used; [`Configs::unusable`] says why.
#[derive(Debug)]
pub(crate) struct Unusable(pub(crate) String);

/// A configuration, or why it cannot be used.
type Read<T> = Result<T, String>;

impl Configs {
    /// Reads all of them.
    pub(crate) fn read(instance: &Instance) -> Self {
        let ctlog = instance.manifest.ct_log.is_own();
        let mut configs = Self {
            ca: read(instance, Service::Ca).and_then(|config| ca_as_it_signs_now(instance, config)),
            ctlog: ctlog.then(|| read(instance, Service::Ctlog)),
            oidc: read(instance, Service::Oidc)
                .and_then(|config| issuer_as_it_signs_now(instance, config)),
            tlog: read(instance, Service::Tlog),
            tsa: read(instance, Service::Tsa).and_then(|config| as_it_signs_now(instance, config)),
            tuf: read(instance, Service::Tuf).and_then(|config| with_successors(instance, config)),
            logs: Vec::new(),
            opened: None,
            opened_ct: None,
        };
        configs.read_logs(instance);
        configs
    }

    fn read_logs(&mut self, instance: &Instance) {
        let folder = instance.service(Service::Tlog);
        if let Ok(config) = &self.tlog {
            let all = log_configs::signature_logs(instance).map_err(|failure| failure.whole());
            let all = all.and_then(|logs| tlog::check_logs(&logs).map(|()| logs));
            let logs = all.unwrap_or_else(|why| {
                self.opened = Some(why);
                config.logs.clone()
            });
            let places = logs.iter().map(|log| LogPlace::of_signatures(&folder, log));
            self.logs.extend(places);
        }
        if let Some(Ok(config)) = &self.ctlog {
            let folder = instance.service(Service::Ctlog);
            let all = log_configs::certificate_logs(instance).map_err(|failure| failure.whole());
            let all = all.and_then(|logs| ctlog::LogConfig::check_all(&logs).map(|()| logs));
            let logs = all.unwrap_or_else(|why| {
                self.opened_ct = Some(why);
                config.described_logs()
            });
            let places = logs
                .iter()
                .map(|log| LogPlace::of_certificates(&folder, log));
            self.logs.extend(places);
        }
    }

    pub(crate) fn ca(&self) -> Result<&ca::Config, Unusable> {
        seen(Service::Ca, &self.ca)
    }

    /// `None` of an instance without a log of its own.
    pub(crate) fn ctlog(&self) -> Result<Option<&ctlog::Config>, Unusable> {
        let config = self.ctlog.as_ref();
        config
            .map(|config| seen(Service::Ctlog, config))
            .transpose()
    }

    pub(crate) fn oidc(&self) -> Result<&oidc::Config, Unusable> {
        seen(Service::Oidc, &self.oidc)
    }

    pub(crate) fn tsa(&self) -> Result<&tsa::Config, Unusable> {
        seen(Service::Tsa, &self.tsa)
    }

    pub(crate) fn tuf(&self) -> Result<&tuf::Config, Unusable> {
        seen(Service::Tuf, &self.tuf).map(|(config, _)| config)
    }

    /// The keys of the snapshot and timestamp roles that the service opens, the newest last.
    pub(crate) fn online_keys(&self) -> Result<Vec<tuf::OnlineKeys<'_>>, Unusable> {
        seen(Service::Tuf, &self.tuf).map(|(config, file)| config.online_keys(file))
    }

    /// Every log that can be read of, those of certificates last.
    pub(crate) fn logs(&self) -> &[LogPlace] {
        &self.logs
    }

    /// Those that cannot be used, and why.
    pub(crate) fn unusable(&self) -> Vec<(Service, &str)> {
        let all = [
            (Service::Oidc, self.oidc.as_ref().err()),
            (Service::Ctlog, self.ctlog.as_ref().and_then(error)),
            (Service::Ctlog, self.opened_ct.as_ref()),
            (Service::Ca, self.ca.as_ref().err()),
            (Service::Tsa, self.tsa.as_ref().err()),
            (Service::Tlog, self.tlog.as_ref().err()),
            (Service::Tlog, self.opened.as_ref()),
            (Service::Tuf, self.tuf.as_ref().err()),
        ];
        let unusable = all.into_iter();
        unusable
            .filter_map(|(service, why)| Some((service, why?.as_str())))
            .collect()
    }

    /// The listeners of all services whose configuration can be used.
    pub(crate) fn listeners(&self) -> Vec<(Service, &Listeners)> {
        let ctlog = self.ctlog.as_ref().and_then(|config| config.as_ref().ok());
        let all = [
            (
                Service::Oidc,
                self.oidc.as_ref().ok().map(|it| &it.listeners),
            ),
            (Service::Ctlog, ctlog.map(|it| &it.listeners)),
            (Service::Ca, self.ca.as_ref().ok().map(|it| &it.listeners)),
            (Service::Tsa, self.tsa.as_ref().ok().map(|it| &it.listeners)),
            (
                Service::Tlog,
                self.tlog.as_ref().ok().map(|it| &it.listeners),
            ),
            (
                Service::Tuf,
                self.tuf.as_ref().ok().map(|(it, _)| &it.listeners),
            ),
        ];
        let usable = all.into_iter();
        usable
            .filter_map(|(service, listeners)| Some((service, listeners?)))
            .collect()
    }
}

/// A path as a service finds it that works in the folder of its configuration.
pub(crate) fn at(instance: &Instance, service: Service, path: &Path) -> PathBuf {
    instance.service(service).join(path)
}

fn read<T: DeserializeOwned + ServiceConfig>(instance: &Instance, service: Service) -> Read<T> {
    let path = instance.service(service).join("config.yaml");
    let config: T =
        sigstead_kit::read_config(&path).map_err(|error| sigstead_kit::causes(&error))?;
    config.check()?;
    Ok(config)
}

/// The configuration with the key and the chain that sign now: those that it names may have successors, and be gone.
fn as_it_signs_now(instance: &Instance, mut config: tsa::Config) -> Read<tsa::Config> {
    let folder = instance.service(Service::Tsa);
    let path = config
        .successors_file
        .as_ref()
        .map(|path| folder.join(path));
    let file = tsa::SuccessorsFile::read_if_named(path.as_deref());
    let file = file.map_err(|error| sigstead_kit::causes(&error))?;
    let now = SystemClock.now();
    let signing = config.ring(&file, now).at(now).key;
    (config.key, config.chain) = (signing.key.clone(), signing.chain.to_owned());
    Ok(config)
}

/// The same of the certificate authority, with the logs that it uses now.
fn ca_as_it_signs_now(instance: &Instance, mut config: ca::Config) -> Read<ca::Config> {
    let folder = instance.service(Service::Ca);
    let path = config
        .successors_file
        .as_ref()
        .map(|path| folder.join(path));
    let file = ca::SuccessorsFile::read_if_named(path.as_deref());
    let file = file.map_err(|error| sigstead_kit::causes(&error))?;
    let now = SystemClock.now();
    let signing = config.ring(&file, now).at(now).key;
    (config.key, config.chain) = (signing.key.clone(), signing.chain.to_owned());
    let logs = log_configs::logs_of_authority(instance);
    config.ct_log = logs.map_err(|failure| failure.whole())?;
    Ok(config)
}

/// The same of the issuer.
fn issuer_as_it_signs_now(instance: &Instance, mut config: oidc::Config) -> Read<oidc::Config> {
    let folder = instance.service(Service::Oidc);
    let path = config
        .successors_file
        .as_ref()
        .map(|path| folder.join(path));
    let file = oidc::SuccessorsFile::read_if_named(path.as_deref());
    let file = file.map_err(|error| sigstead_kit::causes(&error))?;
    let now = SystemClock.now();
    config.key = config.ring(&file, now).at(now).key.clone();
    Ok(config)
}

/// The configuration of the repository with the keys that take over, as the root says.
fn with_successors(
    instance: &Instance,
    config: tuf::Config,
) -> Read<(tuf::Config, tuf::SuccessorsFile)> {
    let folder = instance.service(Service::Tuf);
    let path = config
        .successors_file
        .as_ref()
        .map(|path| folder.join(path));
    let file = tuf::SuccessorsFile::read_if_named(path.as_deref());
    let file = file.map_err(|error| sigstead_kit::causes(&error))?;
    Ok((config, file))
}

fn seen<T>(service: Service, config: &Read<T>) -> Result<&T, Unusable> {
    config.as_ref().map_err(|_| {
        Unusable(format!(
            "the configuration of {} cannot be used",
            service.name()
        ))
    })
}

fn error<T>(config: &Read<T>) -> Option<&String> {
    config.as_ref().err()
}
