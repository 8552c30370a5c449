use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sigstead_kit::ConfigError;

use super::client::{ClientConfig, check_all};

/// The file of clients beside the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientsFile {
    /// The applications and workloads that may ask for tokens, beside those of the configuration.
    pub clients: Vec<ClientConfig>,
}

impl ClientsFile {
    /// Reads a file. One that is not there has no clients.
    ///
    /// # Errors
    /// It cannot be read, or is not such a file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        match sigstead_kit::read_config(path) {
            Err(ConfigError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            read => read,
        }
    }

    /// Checks the clients beside those of a configuration, and its `exchange_issuers`.
    ///
    /// # Errors
    /// One of them cannot be, or two have the same id.
    pub fn check(
        &self,
        configured: &[ClientConfig],
        exchange_issuers: Option<&Path>,
    ) -> Result<(), String> {
        check_all(configured.iter().chain(&self.clients), exchange_issuers)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::oidc::{ExchangeRule, Grant, WorkloadConfig};

    #[test]
    fn a_file_is_written_read_and_may_be_absent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clients.yaml");
        assert_eq!(ClientsFile::read(&path).unwrap(), ClientsFile::default());
        let file = ClientsFile {
            clients: vec![ClientConfig::sigstore()],
        };
        std::fs::write(&path, crate::to_yaml(&file).unwrap()).unwrap();
        assert_eq!(ClientsFile::read(&path).unwrap(), file);
        std::fs::write(&path, "clients: []\nmore: 1\n").unwrap();
        assert!(ClientsFile::read(&path).is_err());
        assert!(ClientsFile::read(folder.path()).is_err());
    }

    #[test]
    fn a_client_of_the_file_is_none_of_the_configuration() {
        let file = ClientsFile {
            clients: vec![ClientConfig::sigstore()],
        };
        assert_eq!(file.check(&[], None), Ok(()));
        let twice = file.check(&[ClientConfig::sigstore()], None);
        assert_eq!(twice, Err("two clients have the id sigstore".to_owned()));
    }

    #[test]
    fn who_exchanges_tokens_says_whose_and_for_what() {
        let rule = ExchangeRule {
            name: "ours".to_owned(),
            rule: "true".to_owned(),
        };
        let workload = WorkloadConfig {
            subject: "https://example.com/w".to_owned(),
            claims: BTreeMap::new(),
        };
        let client = ClientConfig {
            grants: vec![Grant::TokenExchange],
            workload: Some(workload),
            exchange: vec![rule],
            ..ClientConfig::sigstore()
        };
        let checked = |client: ClientConfig, issuers: Option<&str>| {
            let file = ClientsFile {
                clients: vec![client],
            };
            file.check(&[], issuers.map(Path::new)).is_ok()
        };
        let issuers = Some("issuers.yaml");
        assert!(checked(client.clone(), issuers));
        assert!(!checked(client.clone(), None));
        let mut without = client.clone();
        without.exchange.clear();
        assert!(!checked(without, issuers));
        let mut without = client.clone();
        without.workload = None;
        assert!(!checked(without, issuers));
        let grants = vec![Grant::DeviceCode];
        assert!(!checked(ClientConfig { grants, ..client }, issuers));
    }
}
