//! A key in the transit engine of Vault or OpenBao, and the server that has it.

use std::path::{Path, PathBuf};

use url::{Host, Url};

use crate::key_config_error::KeyConfigError;
use crate::vault_uri::VaultUri;
use crate::written::Written;

/// A key that a server holds and does not give out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultKey {
    /// Which key.
    pub uri: VaultUri,
    /// The server.
    pub address: Url,
    /// The namespace that the engine is in; the one at the root if there is none.
    pub namespace: Option<String>,
    /// The file with the token.
    pub token_file: PathBuf,
    /// The file with the only authorities that may certify the server; those of the operating system if there is none.
    pub ca_file: Option<PathBuf>,
}

impl VaultKey {
    pub(crate) fn read(written: Written) -> Result<Self, KeyConfigError> {
        written.has_only(KIND, &["address", "namespace", "token_file", "ca_file"])?;
        let missing = |field, meaning| KeyConfigError::Missing {
            kind: KIND,
            field,
            meaning,
        };
        let uri = VaultUri::parse(&written.uri)?;
        let address = written.address.ok_or_else(|| {
            missing(
                "address",
                "where the server is, as in https://vault.example:8200",
            )
        })?;
        Ok(Self {
            uri,
            address: server(&address).map_err(KeyConfigError::Address)?,
            namespace: written.namespace.map(namespace).transpose()?,
            token_file: written
                .token_file
                .ok_or_else(|| missing("token_file", "a file with the token of the service"))?,
            ca_file: written.ca_file,
        })
    }

    pub(crate) fn write(self, written: &mut Written) {
        written.address = Some(self.address.into());
        written.namespace = self.namespace;
        written.token_file = Some(self.token_file);
        written.ca_file = self.ca_file;
    }

    /// The same key, its files named from outside of `folder`.
    pub(crate) fn in_folder(&self, folder: &Path) -> Self {
        Self {
            token_file: folder.join(&self.token_file),
            ca_file: self.ca_file.as_ref().map(|file| folder.join(file)),
            ..self.clone()
        }
    }
}

/// The token goes there with every call, so nobody on the way may read it.
fn server(text: &str) -> Result<Url, &'static str> {
    let address = Url::parse(text).map_err(|_| "it is no URL, as in https://vault.example:8200")?;
    let is_here = match address.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err("it names no host"),
    };
    match address.scheme() {
        "https" => {}
        "http" if is_here => {}
        _ => return Err("it has to be https; http is for an agent on this machine alone"),
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err("it has a user in it; the token is in token_file");
    }
    if address.query().is_some() || address.fragment().is_some() {
        return Err("it ends with its path");
    }
    Ok(address)
}

/// It goes into a header.
fn namespace(text: String) -> Result<String, KeyConfigError> {
    let is_one = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_one {
        Ok(text)
    } else {
        Err(KeyConfigError::Namespace(text))
    }
}

const KIND: &str = "vault";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_one_word() {
        assert!(namespace("teams/one/".to_owned()).is_ok());
        for text in ["", "a b", "a\r\nx", "\u{e9}"] {
            assert!(namespace(text.to_owned()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_token_is_sent_nowhere_where_it_can_be_read_on_the_way() {
        for text in [
            "https://vault.example:8200",
            "https://10.0.0.1/below",
            "http://127.0.0.1:8100",
            "http://[::1]:8100/",
            "http://localhost:8100",
        ] {
            assert!(server(text).is_ok(), "{text}");
        }
        for (text, says) in [
            ("http://vault.example:8200", "has to be https"),
            ("http://10.0.0.1", "has to be https"),
            ("ftp://127.0.0.1", "has to be https"),
            ("vault.example:8200", "names no host"),
            ("8200", "no URL"),
            ("https://user@vault.example", "a user"),
            ("https://:secret@vault.example", "a user"),
            ("https://vault.example?token=a", "ends with its path"),
            ("https://vault.example#a", "ends with its path"),
        ] {
            let said = server(text).unwrap_err();
            assert!(said.contains(says), "{text}: {said}");
        }
    }
}
