//! The file of issuers, and the files of keys that it names.

use std::path::Path;

use sigstead_identity::{
    FetchOptions, HomeCluster, HttpFetch, Issuers, IssuersConfig, MAX_DOCUMENT_BYTES, PinnedKeys,
};
use tokio::io::AsyncReadExt as _;

use crate::Error;

/// Reads the file, takes in the keys beside it, and tells the log what is odd about it.
pub(crate) async fn read(path: &Path) -> Result<IssuersConfig, Error> {
    let text = read_text(path, LARGEST_FILE).await?;
    let mut issuers = IssuersConfig::parse(&text).map_err(Error::Issuers)?;
    for warning in issuers.warnings() {
        tracing::warn!("{warning}");
    }
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    for issuer in issuers.issuers.values_mut() {
        if let Some(keys) = issuer.jwks_file.take() {
            let keys = read_text(&folder.join(keys), MAX_DOCUMENT_BYTES).await?;
            issuer.jwks = Some(PinnedKeys::from_text(keys));
        }
    }
    Ok(issuers)
}

/// The issuers of a file, with the client that fetches their keys.
pub(crate) fn open(config: IssuersConfig, options: &FetchOptions) -> Result<Issuers, Error> {
    for issuer in config.closed() {
        tracing::warn!(
            issuer,
            "strangers have tokens of this issuer and no rule says who may sign, so nobody may; write allow rules into \
             its entry, or fulcio-compatible: true into the file of issuers"
        );
    }
    let fetch = HttpFetch::new(options, &config).map_err(Error::Issuers)?;
    let issuers = Issuers::new(config, std::sync::Arc::new(fetch)).map_err(Error::Issuers)?;
    let home = sigstead_kit::kubernetes_api_server()
        .and_then(|(host, port)| HomeCluster::at(&host, &port));
    Ok(match home {
        Some(home) => issuers.in_cluster(home),
        None => issuers,
    })
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
