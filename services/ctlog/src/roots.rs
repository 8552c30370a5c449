//! The roots whose chains are accepted, read again when their file changes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use sigstead_x509::Certificate;
use tokio_util::sync::CancellationToken;

use crate::error::Error;

/// The accepted roots.
pub(crate) struct Roots {
    path: PathBuf,
    accepted: ArcSwap<Accepted>,
}

struct Accepted {
    text: String,
    certificates: Arc<Vec<Certificate>>,
}

impl Roots {
    pub(crate) fn open(path: PathBuf) -> Result<Self, Error> {
        let accepted = Accepted::of(&path, read(&path)?)?;
        Ok(Self {
            path,
            accepted: ArcSwap::from_pointee(accepted),
        })
    }

    pub(crate) fn accepted(&self) -> Arc<Vec<Certificate>> {
        Arc::clone(&self.accepted.load().certificates)
    }

    /// Looks at the file every few seconds. What cannot be used changes nothing: a log without roots refuses everybody.
    pub(crate) async fn watch(&self, stop: &CancellationToken) {
        let mut refused = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
            match self.reload() {
                Ok(true) => tracing::info!(
                    count = self.accepted().len(),
                    "the accepted roots were read again"
                ),
                Ok(false) => refused = None,
                Err(error) => {
                    let detail = sigstead_kit::causes(&error);
                    // Once for each way in which it is wrong.
                    if refused.as_ref() != Some(&detail) {
                        tracing::error!(
                            detail,
                            "the changed roots are not used; the old ones count"
                        );
                        refused = Some(detail);
                    }
                }
            }
        }
    }

    /// Takes the file if it changed; tells whether it did.
    pub(crate) fn reload(&self) -> Result<bool, Error> {
        let text = read(&self.path)?;
        if text == self.accepted.load().text {
            return Ok(false);
        }
        self.accepted
            .store(Arc::new(Accepted::of(&self.path, text)?));
        Ok(true)
    }
}

impl Accepted {
    fn of(path: &std::path::Path, text: String) -> Result<Self, Error> {
        let path = || path.to_owned();
        let certificates =
            Certificate::chain_from_pem(&text).map_err(|source| Error::RootsMalformed {
                path: path(),
                source,
            })?;
        if certificates.is_empty() {
            return Err(Error::NoRoots { path: path() });
        }
        Ok(Self {
            text,
            certificates: Arc::new(certificates),
        })
    }
}

fn read(path: &std::path::Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::RootsRead {
        path: path.to_owned(),
        source,
    })
}

const INTERVAL: Duration = Duration::from_secs(5);
