//! The way by which certificates are entered into the logs of a release, whose public port takes none.

use sigstead_config::ca::CtLogConfig;
use sigstead_kit::TlsConfig;
use url::Url;

use super::forward::Forward;
use super::pods;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::log_configs;

/// It is there until the value goes.
pub(crate) struct Submission(Forward);

impl Submission {
    /// Nothing where the services run here, or where the pod has no such port: its public one takes certificates then.
    pub(crate) async fn open(instance: &Instance) -> Result<Option<Self>, Failure> {
        let Some(link) = &instance.manifest.cluster else {
            return Ok(None);
        };
        match pods::with_port(link, Service::Ctlog, PORT).await? {
            None => Ok(None),
            Some((pod, port)) => Ok(Some(Self(Forward::to_pod(link, &pod, port).await?))),
        }
    }

    /// A log as it is reached by this way, with what the lay-out made for the `ca`. All logs of the release are behind one name.
    pub(crate) fn to(&self, instance: &Instance, log: CtLogConfig) -> Result<CtLogConfig, Failure> {
        let id = log_configs::id_of_log(instance, &log)?;
        let near = format!(
            "https://localhost:{}/logs/{}",
            self.0.port(),
            hex::encode(id)
        );
        let url: Url = near
            .parse()
            .map_err(|error| Failure::file("understand", near.as_ref(), error))?;
        Ok(CtLogConfig {
            url,
            ca: Some("submission-ca.pem".into()),
            identity: Some(TlsConfig {
                certificate: "submission-client.pem".into(),
                key: "submission-client.key".into(),
            }),
            ..log
        })
    }
}

/// As the chart names it.
const PORT: &str = "submission";
