//! Which certificates the running services show.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::tls::TlsInfo;
use reqwest::{Certificate, Client, Identity};
use tokio::time::{Instant, sleep};

use super::pair::Pair;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::process::POLL;
use crate::service_status::Observer;
use crate::{reload, tls_files};

/// How a listener is dialled.
pub(in crate::rotate) struct Dialled {
    pub(in crate::rotate) url: String,
    /// The file of the authority of its certificate.
    pub(in crate::rotate) authority: PathBuf,
    /// The certificate of the caller, whose key is beside it, if the listener asks for one.
    pub(in crate::rotate) caller: Option<(PathBuf, PathBuf)>,
}

impl Dialled {
    /// The admin interface of a service, dialled by the holder of a pair.
    pub(in crate::rotate) fn admin(
        instance: &Instance,
        service: Service,
        caller: (PathBuf, PathBuf),
    ) -> Self {
        Self {
            url: format!(
                "https://127.0.0.1:{}",
                instance.manifest.ports(service).admin
            ),
            authority: instance.path("trust/admin-ca.pem"),
            caller: Some(caller),
        }
    }

    /// The public interface of a service.
    pub(in crate::rotate) fn public(instance: &Instance, service: Service) -> Self {
        Self {
            url: instance.manifest.local_url(service),
            authority: instance.path("client/tls-ca.pem"),
            caller: None,
        }
    }

    /// The certificate that it shows, DER, to a caller whom it lets in.
    pub(in crate::rotate) async fn shown(&self) -> Result<Vec<u8>, String> {
        let client = self.client().map_err(|failure| failure.whole())?;
        let answer = client.get(&self.url).send().await;
        let answer = answer.map_err(|error| sigstead_kit::causes(&error))?;
        let info = answer.extensions().get::<TlsInfo>();
        let shown = info.and_then(TlsInfo::peer_certificate);
        shown
            .map(<[u8]>::to_vec)
            .ok_or_else(|| "it shows no certificate".to_owned())
    }

    fn client(&self) -> Result<Client, Failure> {
        let failed = |error: reqwest::Error| {
            Failure::file("use", &self.authority, sigstead_kit::causes(&error))
        };
        let authorities = tls_files::text(&self.authority)?;
        let authorities = Certificate::from_pem_bundle(authorities.as_bytes()).map_err(failed)?;
        let mut builder = Client::builder()
            .timeout(ANSWER)
            .no_proxy()
            .tls_info(true)
            .tls_certs_only(authorities);
        if let Some((certificate, key)) = &self.caller {
            let key = tls_files::key_of(&tls_files::certificate(certificate)?, key)?;
            let pem = format!("{}{key}", tls_files::text(certificate)?);
            builder = builder.identity(Identity::from_pem(pem.as_bytes()).map_err(failed)?);
        }
        builder.build().map_err(failed)
    }
}

/// The services of pairs that run. Those that do not take at their start what is there.
pub(in crate::rotate) async fn running(instance: &Instance) -> Result<Vec<Service>, Failure> {
    let all = Observer::new()?.all(instance).await;
    let running = all.iter().filter(|each| !each.state.is_absent());
    Ok(running.map(|each| each.service).collect())
}

/// Has the services that run read their files again, and waits until each shows the certificate of its pair.
pub(in crate::rotate) async fn take_up(
    instance: &Instance,
    role: &str,
    pairs: &[Pair],
    dialled: impl Fn(Service) -> Dialled,
) -> Result<(), Failure> {
    let running = running(instance).await?;
    reload::ask(instance, &running).await?;
    for pair in pairs {
        let Some(service) = pair.service.filter(|service| running.contains(service)) else {
            continue;
        };
        let wanted = pair.current()?;
        let is_wanted = |shown: &[u8]| shown == wanted.to_der();
        wait_until(&dialled(service), (role, service), is_wanted).await?;
    }
    Ok(())
}

/// Waits until a listener lets the caller in and shows what is wanted.
pub(in crate::rotate) async fn wait_until(
    dialled: &Dialled,
    (role, service): (&str, Service),
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        let why = match dialled.shown().await {
            Ok(shown) if is_wanted(&shown) => return Ok(()),
            Ok(_) => "it shows another certificate".to_owned(),
            Err(why) => why,
        };
        if began.elapsed() > PATIENCE {
            let name = service.name();
            return Err(Failure::new(
                "E-CTL-341",
                format!("{name} did not take up its next certificate or authority"),
                format!(
                    "its log says why: sigctl logs {name}; mend it and go on: sigctl rotate {role} resume"
                ),
            )
            .because(why));
        }
        sleep(POLL).await;
    }
}

const ANSWER: Duration = Duration::from_secs(10);
/// More than it takes to read the files again.
const PATIENCE: Duration = Duration::from_secs(30);
