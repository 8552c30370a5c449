//! The issuers whose tokens are exchanged, of a file in the format of the certificate authority's.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sigstead_identity::{
    FetchOptions, HomeCluster, HttpFetch, Issuers, IssuersConfig, MAX_DOCUMENT_BYTES, PinnedKeys,
    Principal,
};
use sigstead_rules::Rules;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::error::Error;

/// The issuers, if the configuration names a file of them.
pub(crate) struct SubjectIssuers {
    path: Option<PathBuf>,
    issuers: Option<Issuers>,
}

impl SubjectIssuers {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let issuers = path.map(|path| {
            let (config, fetch) = read(path)?;
            let home = sigstead_kit::kubernetes_api_server()
                .and_then(|(host, port)| HomeCluster::at(&host, &port));
            Issuers::open(config, fetch, home).map_err(|error| unfit(path, error))
        });
        Ok(Self {
            path: path.map(Path::to_owned),
            issuers: issuers.transpose()?,
        })
    }

    /// Whether the file can be used.
    pub(crate) fn check(path: Option<&Path>) -> Result<(), Error> {
        Self::open(path).map(drop)
    }

    /// Reads the file again. What cannot be used leaves the issuers that there are.
    pub(crate) fn read_again(&self) -> Result<(), Error> {
        let (Some(path), Some(issuers)) = (&self.path, &self.issuers) else {
            return Ok(());
        };
        let (config, fetch) = read(path)?;
        let count = config.issuers.len();
        issuers
            .replace(config, fetch)
            .map_err(|error| unfit(path, error))?;
        tracing::info!(
            issuers = count,
            "the issuers of exchanged tokens were read again"
        );
        Ok(())
    }

    /// Who presents a token, and until when it lasts, if the rules of its issuer and `rules` let them.
    pub(crate) async fn verify(
        &self,
        token: &str,
        now: OffsetDateTime,
        rules: &Rules,
    ) -> Result<(Principal, OffsetDateTime), Error> {
        let issuers = self.issuers.as_ref().ok_or(Error::GrantForbidden)?;
        issuers
            .verify_for(token, now, rules)
            .await
            .map_err(|error| match error {
                sigstead_identity::Error::NotAllowed { reason } => {
                    tracing::info!(reason, "rules refused a token that was to be exchanged");
                    Error::SubjectRefused
                }
                error if error.is_the_issuers() => Error::SubjectIssuer(Box::new(error)),
                error => Error::SubjectToken(Box::new(error)),
            })
    }

    /// Keeps the keys at hand, until told to stop. A task that ends before takes ready away.
    pub(crate) async fn refresh(&self, stop: CancellationToken) {
        let Some(issuers) = &self.issuers else {
            return stop.cancelled().await;
        };
        let refresh = async {
            loop {
                issuers.refresh();
                tokio::time::sleep(LOOK).await;
            }
        };
        stop.run_until_cancelled(refresh).await;
    }
}

fn read(path: &Path) -> Result<(IssuersConfig, Arc<HttpFetch>), Error> {
    let text = text(path, LARGEST_FILE)?;
    let mut config = IssuersConfig::parse(&text).map_err(|error| unfit(path, error))?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    for issuer in config.issuers.values_mut() {
        if let Some(keys) = issuer.jwks_file.take() {
            let keys = self::text(&folder.join(keys), MAX_DOCUMENT_BYTES)?;
            issuer.jwks = Some(PinnedKeys::from_text(keys));
        }
    }
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let fetch =
        HttpFetch::new(&FetchOptions::default(), &config).map_err(|error| unfit(path, error))?;
    Ok((config, Arc::new(fetch)))
}

fn text(path: &Path, largest: usize) -> Result<String, Error> {
    let failed = |source| Error::SubjectIssuersUnread {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut text = String::new();
    let limit = u64::try_from(largest).unwrap_or(u64::MAX);
    file.take(limit.saturating_add(1))
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() > largest {
        let message = format!("it has more than {largest} bytes");
        return Err(failed(std::io::Error::other(message)));
    }
    Ok(text)
}

fn unfit(path: &Path, source: sigstead_identity::Error) -> Error {
    Error::SubjectIssuersUnfit {
        path: path.to_owned(),
        source: Box::new(source),
    }
}

const LARGEST_FILE: usize = 1 << 20;
/// How often it is looked whether keys are due.
const LOOK: Duration = Duration::from_secs(1);
