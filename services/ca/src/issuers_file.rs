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

use crate::{CertificateAuthority, Error};

/// The file, and what of it is in use.
pub(crate) struct IssuersFile {
    path: PathBuf,
    options: FetchOptions,
    /// Held from reading to taking, so that of two readings at once the later one is what stays.
    turn: tokio::sync::Mutex<()>,
    /// Written by each reading.
    state: Mutex<State>,
    /// Whether the last reading could be used.
    accepted: IntGauge,
}

struct State {
    in_use: IssuersConfig,
    /// What it was read from. It is not judged again: that would compile every rule.
    texts: Texts,
    /// Why the last reading was refused, so that a file that stays bad is told once.
    complaint: Option<String>,
}

/// The file, and the files of keys that it names.
struct Texts {
    file: String,
    keys: Vec<(PathBuf, String)>,
}

impl IssuersFile {
    /// Reads the file of a configuration.
    pub(crate) async fn read(config: &Config) -> Result<Self, Error> {
        let text = read_text(&config.issuers, LARGEST_FILE).await?;
        let (in_use, texts) = parse(&config.issuers, text).await?;
        let accepted = IntGauge::new(
            "sigstead_ca_issuers_file_accepted",
            "Whether the file of issuers, as it is now, is in use.",
        );
        let accepted = accepted.map_err(Error::Metrics)?;
        accepted.set(1);
        Ok(Self {
            path: config.issuers.clone(),
            options: fetch_options(config),
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                in_use,
                texts,
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
        let _turn = self.turn.lock().await;
        let outcome = match read_text(&self.path, LARGEST_FILE).await {
            Ok(text) if self.is_in_use(&text).await => Ok(()),
            Ok(text) => match parse(&self.path, text).await {
                Ok((config, texts)) => self.take(config, texts, issuers),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        let complaint = outcome.err().map(|error| sigstead_kit::causes(&error));
        self.accepted.set(i64::from(complaint.is_none()));
        self.lock().complaint.clone_from(&complaint);
        complaint.map_or(Ok(()), Err)
    }

    /// Whether the file and the keys beside it are those that are in use.
    async fn is_in_use(&self, text: &str) -> bool {
        let keys = {
            let state = self.lock();
            if state.texts.file != text {
                return false;
            }
            state.texts.keys.clone()
        };
        for (path, before) in keys {
            let now = read_text(&path, MAX_DOCUMENT_BYTES).await;
            if now.ok() != Some(before) {
                return false;
            }
        }
        true
    }

    fn take(&self, config: IssuersConfig, texts: Texts, issuers: &Issuers) -> Result<(), Error> {
        if self.lock().in_use == config {
            self.lock().texts = texts;
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
        let mut state = self.lock();
        state.in_use = config;
        state.texts = texts;
        Ok(())
    }

    /// Why the file, as it is now, is not in use; what was stays in use.
    pub(crate) fn complaint(&self) -> Option<String> {
        let complaint = self.lock().complaint.clone()?;
        let path = self.path.display();
        Some(format!(
            "{path} cannot be used, what it said before stays in use: {complaint}"
        ))
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

/// Judges the text of the file, away from the threads that serve, and takes in the keys beside it.
async fn parse(path: &Path, file: String) -> Result<(IssuersConfig, Texts), Error> {
    let parsed = tokio::task::spawn_blocking(move || (IssuersConfig::parse(&file), file));
    let (parsed, file) = parsed.await.map_err(Error::Task)?;
    let mut issuers = parsed.map_err(Error::Issuers)?;
    let mut texts = Texts {
        file,
        keys: Vec::new(),
    };
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    for issuer in issuers.issuers.values_mut() {
        if let Some(keys) = issuer.jwks_file.take() {
            let place = folder.join(keys);
            let keys = read_text(&place, MAX_DOCUMENT_BYTES).await?;
            texts.keys.push((place, keys.clone()));
            issuer.jwks = Some(PinnedKeys::from_text(keys));
        }
    }
    Ok((issuers, texts))
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

fn fetch_options(config: &Config) -> FetchOptions {
    let longest = FetchOptions::default().timeout;
    FetchOptions {
        connect_timeout: config.client.connect_timeout.duration(),
        timeout: config.client.timeout.duration().min(longest),
    }
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

        let in_use =
            format!("oidc-issuers: {{'https://a.example': {ENTRY}, 'https://b.example': {ENTRY}}}");
        write(in_use.clone());
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
            let told = file.complaint().unwrap();
            assert!(
                told.contains("issuers.yaml") && told.contains(cause),
                "{told}"
            );
            assert_eq!(urls(&issuers), both);
            // What is in use is good again as it was.
            write(in_use.clone());
            file.read_again(&issuers).await.unwrap();
            assert_eq!(file.accepted.get(), 1);
            assert_eq!(file.complaint(), None);
        }

        write(format!("oidc-issuers: {{'https://b.example': {ENTRY}}}"));
        file.read_again(&issuers).await.unwrap();
        assert_eq!(urls(&issuers), ["https://b.example"]);
        assert_eq!(file.accepted.get(), 1);
    }

    #[tokio::test]
    async fn keys_that_change_beside_the_file_come_into_use() {
        let folder = tempfile::tempdir().unwrap();
        let entry = ENTRY.replace("email}", "email, jwks-file: keys.json}");
        let text = format!("oidc-issuers: {{'https://a.example': {entry}}}");
        std::fs::write(folder.path().join("issuers.yaml"), text).unwrap();
        let keys = |kid: &str| {
            let key = format!(
                "{{\"keys\":[{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"{kid}\",\
                 \"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}}]}}"
            );
            std::fs::write(folder.path().join("keys.json"), key).unwrap();
        };
        keys("first");
        let file = IssuersFile::read(&config(folder.path())).await.unwrap();
        let issuers = file.issuers().unwrap();
        let in_use = || file.lock().in_use.clone();
        let first = in_use();
        file.read_again(&issuers).await.unwrap();
        assert!(in_use() == first);
        keys("second");
        file.read_again(&issuers).await.unwrap();
        assert!(in_use() != first);
    }
}
