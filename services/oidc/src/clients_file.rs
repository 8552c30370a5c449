use std::path::{Path, PathBuf};

use sigstead_config::oidc::{ClientConfig, ClientsFile, Config};

use crate::client::Clients;
use crate::error::Error;

/// The clients of the configuration, and the file with more of them, which is read again on a reload.
pub(crate) struct ClientSource {
    configured: Vec<ClientConfig>,
    file: Option<PathBuf>,
    exchange_issuers: Option<PathBuf>,
}

impl ClientSource {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            configured: config.clients.clone(),
            file: config.clients_file.clone(),
            exchange_issuers: config.exchange_issuers.clone(),
        }
    }

    /// All clients as they are now.
    pub(crate) fn read(&self) -> Result<Vec<ClientConfig>, Error> {
        let mut clients = self.configured.clone();
        if let Some(path) = &self.file {
            clients.extend(self.more(path)?);
        }
        Ok(clients)
    }

    /// Reads the file again; what cannot be used leaves the clients that there are.
    pub(crate) fn read_again(&self, clients: &Clients) -> Result<(), Error> {
        let now = self.read()?;
        tracing::info!(clients = now.len(), "the clients were read again");
        clients.replace(now)
    }

    fn more(&self, path: &Path) -> Result<Vec<ClientConfig>, Error> {
        let file =
            ClientsFile::read(path).map_err(|error| Error::ClientsFileUnread(Box::new(error)))?;
        let unfit = |reason| Error::ClientsFileUnfit {
            path: path.to_owned(),
            reason,
        };
        file.check(&self.configured, self.exchange_issuers.as_deref())
            .map_err(unfit)?;
        Ok(file.clients)
    }
}
