//! The file of issuers, and the files of keys that it names. It is read again when it changes, or when the
//! process is told to; what cannot be used leaves what is in use.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus::{IntGauge, Registry};
use sigstead_config::ca::Config;
use sigstead_identity::{
    FetchOptions, HomeCluster, HttpFetch, Issuers, IssuersConfig, MAX_DOCUMENT_BYTES, PinnedKeys,
};
use tokio::io::AsyncReadExt as _;
use tokio_util::sync::CancellationToken;

use crate::{CertificateAuthority, Error, start};

/// The file, and what of it is in use.
pub(crate) struct IssuersFile {
    path: PathBuf,
    options: FetchOptions,
    /// Written by each reading.
    state: Mutex<State>,
    /// Whether the last reading could be used.
    accepted: IntGauge,
}

struct State {
    in_use: IssuersConfig,
    /// Why the last reading was refused, so that a file that stays bad is told once.
    complaint: Option<String>,
}

impl IssuersFile {
    /// Reads the file of a configuration.
    pub(crate) async fn read(config: &Config) -> Result<Self, Error> {
        let in_use = read(&config.issuers).await?;
        let accepted = IntGauge::new(
            "sigstead_ca_issuers_file_accepted",
            "Whether the file of issuers, as it is now, is in use.",
        );
        let accepted = accepted.map_err(Error::Metrics)?;
        accepted.set(1);
        Ok(Self {
            path: config.issuers.clone(),
            options: start::fetch_options(config),
            state: Mutex::new(State {
                in_use,
                complaint: None,
            }),
            accepted,
        })
    }

    /// The issuers of the reading in use.
    pub(crate) fn issuers(&self) -> Result<Issuers, Error> {
        let config = self.lock().in_use.clone();
        tell_warnings(&config);
        let fetch = HttpFetch::new(&self.options, &config).map_err(Error::Issuers)?;
        let home = sigstead_kit::kubernetes_api_server()
            .and_then(|(host, port)| HomeCluster::at(&host, &port));
        Issuers::open(config, Arc::new(fetch), home).map_err(Error::Issuers)
    }

    pub(crate) fn register(&self, registry: &Registry) -> Result<(), Error> {
        let accepted = Box::new(self.accepted.clone());
        registry.register(accepted).map_err(Error::Metrics)
    }

    /// Reads the file again, and has the issuers replaced if it says something else.
    ///
    /// # Errors
    /// Why the file cannot be used. Those in use stay.
    pub(crate) async fn read_again(&self, issuers: &Issuers) -> Result<(), String> {
        let outcome = match read(&self.path).await {
            Ok(config) => self.take(config, issuers),
            Err(error) => Err(error),
        };
        let complaint = outcome.err().map(|error| sigstead_kit::causes(&error));
        self.accepted.set(i64::from(complaint.is_none()));
        self.lock().complaint.clone_from(&complaint);
        complaint.map_or(Ok(()), Err)
    }

    fn take(&self, config: IssuersConfig, issuers: &Issuers) -> Result<(), Error> {
        if self.lock().in_use == config {
            return Ok(());
        }
        let fetch = HttpFetch::new(&self.options, &config).map_err(Error::Issuers)?;
        issuers
            .replace(config.clone(), Arc::new(fetch))
            .map_err(Error::Issuers)?;
        tracing::info!(
            issuers = config.issuers.len(),
            patterns = config.meta_issuers.len(),
            "the file of issuers has changed and is in use"
        );
        tell_warnings(&config);
        self.lock().in_use = config;
        Ok(())
    }

    /// Looks at the file again and again until the service stops.
    pub(crate) async fn follow(
        self: Arc<Self>,
        authority: Arc<CertificateAuthority>,
        stop: CancellationToken,
    ) {
        let follow = async {
            loop {
                tokio::time::sleep(LOOK_INTERVAL).await;
                let told = self.lock().complaint.clone();
                if let Err(complaint) = self.read_again(&authority.parts().issuers).await
                    && told.as_ref() != Some(&complaint)
                {
                    let path = self.path.display();
                    tracing::error!(%path, "the file of issuers cannot be used, what was stays: {complaint}");
                }
            }
        };
        stop.run_until_cancelled(follow).await;
    }

    /// No code that panics runs under this lock.
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the file, and takes in the keys beside it.
async fn read(path: &Path) -> Result<IssuersConfig, Error> {
    let text = read_text(path, LARGEST_FILE).await?;
    let mut issuers = IssuersConfig::parse(&text).map_err(Error::Issuers)?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    for issuer in issuers.issuers.values_mut() {
        if let Some(keys) = issuer.jwks_file.take() {
            let keys = read_text(&folder.join(keys), MAX_DOCUMENT_BYTES).await?;
            issuer.jwks = Some(PinnedKeys::from_text(keys));
        }
    }
    Ok(issuers)
}

fn tell_warnings(issuers: &IssuersConfig) {
    for warning in issuers.warnings() {
        tracing::warn!("{warning}");
    }
    for issuer in issuers.closed() {
        tracing::warn!(
            issuer,
            "strangers have tokens of this issuer and no rule says who may sign, so nobody may; write allow rules into \
             its entry, or fulcio-compatible: true into the file of issuers"
        );
    }
}

async fn read_text(path: &Path, largest: usize) -> Result<String, Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut text = String::new();
    let limit = u64::try_from(largest).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit)
        .read_to_string(&mut text)
        .await
        .map_err(failed)?;
    if text.len() > largest {
        let message = format!("it has more than {largest} bytes");
        return Err(failed(std::io::Error::other(message)));
    }
    Ok(text)
}

/// Tens of thousands of issuers.
const LARGEST_FILE: usize = 4 << 20;
/// How often it is looked whether the file has changed.
const LOOK_INTERVAL: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use sigstead_config::ca::Config;
    use sigstead_identity::IssuerLocation;

    use super::*;

    const ENTRY: &str = "{client-id: sigstore, type: email}";

    /// A configuration of which only the path of the issuers matters.
    fn config(folder: &Path) -> Config {
        let text = include_str!("../../../crates/config/samples/ca.yaml");
        let mut config: Config = serde_yaml::from_str(text).unwrap();
        config.issuers = folder.join("issuers.yaml");
        config
    }

    fn urls(issuers: &Issuers) -> Vec<String> {
        let configured = issuers.configured().into_iter();
        let url = |location| match location {
            IssuerLocation::Url(url) | IssuerLocation::Wildcard(url) => url,
        };
        configured.map(|issuer| url(issuer.location)).collect()
    }

    #[tokio::test]
    async fn a_changed_file_comes_into_use_and_a_bad_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |text: String| std::fs::write(folder.path().join("issuers.yaml"), text).unwrap();
        write(format!("oidc-issuers: {{'https://a.example': {ENTRY}}}"));
        let file = IssuersFile::read(&config(folder.path())).await.unwrap();
        let issuers = file.issuers().unwrap();
        file.read_again(&issuers).await.unwrap();
        assert_eq!(urls(&issuers), ["https://a.example"]);

        write(format!(
            "oidc-issuers: {{'https://a.example': {ENTRY}, 'https://b.example': {ENTRY}}}"
        ));
        file.read_again(&issuers).await.unwrap();
        let both = ["https://a.example", "https://b.example"];
        assert_eq!(urls(&issuers), both);

        for (bad, cause) in [
            ("oidc-issuers: 7".to_owned(), "cannot be read"),
            (
                "oidc-issuers: {'https://c.example': {type: email}}".to_owned(),
                "client-id is missing",
            ),
            (
                format!("oidc-issuers: {{'https://c.example': {ENTRY}}}")
                    .replace("email}", "email, jwks-file: keys.json}"),
                "keys.json",
            ),
            (
                format!("oidc-issuers: {{'https://c.example': {ENTRY}}}")
                    .replace("email}", "email, jwks: {keys: []}}"),
                "jwks is unusable",
            ),
            ("#".repeat(LARGEST_FILE + 1), "more than"),
        ] {
            write(bad);
            let complaint = file.read_again(&issuers).await.unwrap_err();
            assert!(complaint.contains(cause), "{complaint}");
            assert_eq!(file.accepted.get(), 0);
            assert_eq!(urls(&issuers), both);
        }

        write(format!("oidc-issuers: {{'https://b.example': {ENTRY}}}"));
        file.read_again(&issuers).await.unwrap();
        assert_eq!(urls(&issuers), ["https://b.example"]);
        assert_eq!(file.accepted.get(), 1);
    }
}
