use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sigstead_config::ca::CtLogConfig;
use sigstead_kit::{ClientConfig, PeerTls};

use super::http::HttpCtLog;
use crate::Error;

/// A log over HTTP, with the files that it and this authority know each other by.
pub(crate) struct ReachedLog {
    pub(crate) client: Arc<HttpCtLog>,
    http: ClientConfig,
    files: CtLogConfig,
    known: Mutex<Known>,
}

/// What was read last, written by each reading of the files.
struct Known {
    tls: PeerTls,
    /// Why the client does not have it.
    complaint: Option<String>,
}

impl ReachedLog {
    pub(crate) async fn open(http: &ClientConfig, files: &CtLogConfig) -> Result<Self, Error> {
        let tls = read(files).await?;
        let client = http.build_for(&tls).map_err(Error::Client)?;
        let complaint = None;
        Ok(Self {
            client: Arc::new(HttpCtLog::new(client, &files.url)?),
            http: http.clone(),
            files: files.clone(),
            known: Mutex::new(Known { tls, complaint }),
        })
    }

    /// Why the files as they are now are not in use.
    pub(crate) fn complaint(&self) -> Option<String> {
        self.lock().complaint.clone()
    }

    /// Takes what is in the files into use. Requests under way end with what they began with.
    pub(crate) async fn read_again(&self) -> Result<(), String> {
        let taken = match read(&self.files).await {
            Ok(tls) if tls == self.lock().tls => Ok(()),
            Ok(tls) => self.take(tls),
            Err(error) => Err(error),
        };
        let taken = taken.map_err(|error| sigstead_kit::causes(&error));
        let complaint = taken.as_ref().err().cloned();
        let mut known = self.lock();
        if let Some(cause) = &complaint
            && complaint != known.complaint
        {
            tracing::error!(
                url = %self.files.url,
                "the changed certificates for a ct log cannot be used, those before stay in use: {cause}"
            );
        }
        known.complaint = complaint;
        taken
    }

    fn take(&self, tls: PeerTls) -> Result<(), Error> {
        let client = self.http.build_for(&tls).map_err(Error::Client)?;
        self.client.replace_client(client);
        self.lock().tls = tls;
        tracing::info!(url = %self.files.url, "the certificates for a ct log were read again");
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(files: &CtLogConfig) -> Result<PeerTls, Error> {
    let read = PeerTls::read(files.ca.clone(), files.identity.clone()).await;
    read.map_err(Error::Client)
}
