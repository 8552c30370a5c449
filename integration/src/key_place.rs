//! The keys of an instance where no files are: in a token in software, or in an emulation of Vault.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sigstead_test_support::vault::{TokenOptions, Vault};
use tempfile::TempDir;

use crate::client;
use crate::instance::{Instance, run};

/// A place that has the keys of services.
pub trait KeyPlace {
    /// The URI of a key of a name.
    fn uri(&self, key: &str) -> String;

    /// What a configuration says of the place beside it.
    fn fields(&self) -> Vec<(&'static str, String)>;

    /// `sigctl key VERB` for a key of the place.
    fn sigctl(&self, instance: &Instance, verb: &str) -> Command {
        let mut command = instance.sigctl();
        command.args(["key", verb]);
        for (field, value) in self.fields() {
            command.arg(format!("--{}", field.replace('_', "-")));
            command.arg(value);
        }
        command
    }

    /// Puts the keys of all services there, has the services find them, and removes the files.
    ///
    /// # Errors
    /// If a key is not taken.
    fn take_all_keys(&self, instance: &Instance) -> Result<()> {
        for (service, key, role) in KEYS {
            let folder = instance.directory().join(service);
            let file = folder.join(format!("keys/{key}.key"));
            let uri = self.uri(key);
            run(self
                .sigctl(instance, "import")
                .arg(&file)
                .arg(&uri)
                .arg("--from-passphrase-file")
                .arg(instance.directory().join("passphrase")))?;
            let mut probe = self.sigctl(instance, "probe");
            probe.arg(&uri).args(["--role", role]);
            if ["ca", "tsa"].contains(&key) {
                probe.arg("--serves").arg(folder.join("chain.pem"));
            }
            run(&mut probe)?;
            std::fs::remove_file(&file)?;
            configure(&folder.join("config.yaml"), key, &uri, &self.fields())?;
        }
        Ok(())
    }
}

/// Has a service find a key where it is now, and no more in its file.
fn configure(path: &Path, key: &str, uri: &str, fields: &[(&str, String)]) -> Result<()> {
    let config = std::fs::read_to_string(path)?;
    let named = format!("uri: file:keys/{key}.key");
    let (before, rest) = config.split_once(&named).context("the key is not named")?;
    let indent = before.rsplit('\n').next().unwrap_or_default();
    let passphrase = format!("\n{indent}passphrase_file: ../passphrase");
    let rest = rest.strip_prefix(&passphrase).context("no passphrase")?;
    let mut place = format!("uri: {uri}");
    for (field, value) in fields {
        place.push_str(&format!("\n{indent}{field}: {value}"));
    }
    std::fs::write(path, format!("{before}{place}{rest}"))?;
    Ok(())
}

/// A token in software, `SoftHSM2`. What uses it wants [`Token::environment`].
pub struct Token {
    folder: TempDir,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a folder is moved away and back, and nothing of it has to survive a power cut"
)]
impl Token {
    /// `None` where it is not installed.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new() -> Result<Option<Self>> {
        if client::softhsm().is_none() {
            return Ok(None);
        }
        let folder = TempDir::new()?;
        let token = Self { folder };
        std::fs::create_dir(token.path("tokens"))?;
        let tokens = token.path("tokens");
        let config = format!("directories.tokendir = {}\n", tokens.display());
        let (name, file) = token.environment();
        std::fs::write(&file, config)?;
        write_private(&token.path("pin"), &format!("{PIN}\n"))?;
        run(Command::new("softhsm2-util").env(name, file).args([
            "--init-token",
            "--free",
            "--label",
            "site",
            "--so-pin",
            PIN,
            "--pin",
            PIN,
        ]))?;
        Ok(Some(token))
    }

    /// What its library reads.
    #[must_use]
    pub fn environment(&self) -> (&'static str, PathBuf) {
        ("SOFTHSM2_CONF", self.path("softhsm2.conf"))
    }

    /// Pulls it out.
    ///
    /// # Errors
    /// If its folder cannot be moved.
    pub fn go_away(&self) -> Result<()> {
        std::fs::rename(self.path("tokens"), self.path("away"))?;
        Ok(std::fs::create_dir(self.path("tokens"))?)
    }

    /// Gives it back.
    ///
    /// # Errors
    /// If its folder cannot be moved.
    pub fn come_back(&self) -> Result<()> {
        std::fs::remove_dir_all(self.path("tokens"))?;
        Ok(std::fs::rename(self.path("away"), self.path("tokens"))?)
    }

    /// A library that stands before the one of the token, for [`Self::lie`]; `None` where no compiler is installed.
    ///
    /// # Errors
    /// If it is not built.
    pub fn lying_module(&self) -> Result<Option<PathBuf>> {
        let Some(cc) = client::cc() else {
            return Ok(None);
        };
        let module = self.path("lying.so");
        run(Command::new(cc)
            .args(["-shared", "-fPIC", "-o"])
            .arg(&module)
            .arg(format!("-DTHEIRS=\"{}\"", client::SOFTHSM))
            .arg(format!("-DWHEN=\"{}\"", self.path("lie").display()))
            .arg(client::script("lying_token.c"))
            .arg("-ldl"))?;
        Ok(Some(module))
    }

    /// Has that library change every signature.
    ///
    /// # Errors
    /// If its file cannot be written.
    pub fn lie(&self) -> Result<()> {
        Ok(std::fs::write(self.path("lie"), "")?)
    }

    /// Has it change none.
    ///
    /// # Errors
    /// If its file cannot be removed.
    pub fn tell_the_truth(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.path("lie"))?)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl KeyPlace for Token {
    fn uri(&self, key: &str) -> String {
        format!("pkcs11:token=site;object={key}")
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let pin = self.path("pin").display().to_string();
        vec![("module", client::SOFTHSM.to_owned()), ("pin_file", pin)]
    }
}

/// An emulation of Vault, and the file with the token for it.
pub struct KeyServer {
    /// The server.
    pub vault: Vault,
    folder: TempDir,
}

impl KeyServer {
    /// Begins with a token that may do all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn new() -> Result<Self> {
        let (vault, folder) = (Vault::start(), TempDir::new()?);
        let server = Self { vault, folder };
        server.write_token(&server.vault.token(TokenOptions::default()))?;
        Ok(server)
    }

    /// One that signs and makes keys, and lives for seconds only unless it is renewed.
    #[must_use]
    pub fn services_token(&self) -> String {
        self.vault.token(TokenOptions {
            ttl: Some(Duration::from_secs(20)),
            renewable: true,
            paths: vec!["transit/sign/*".to_owned(), "transit/keys/*".to_owned()],
            ..TokenOptions::default()
        })
    }

    /// The file with the token.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    /// The token that is in it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn token(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.file())?)
    }

    /// Writes another token into it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_token(&self, token: &str) -> Result<()> {
        write_private(&self.file(), token)
    }
}

impl KeyPlace for KeyServer {
    fn uri(&self, key: &str) -> String {
        format!("vault:transit/{key}?version=1")
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let token = self.file().display().to_string();
        vec![("address", self.vault.address()), ("token_file", token)]
    }
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text)?;
    Ok(std::fs::set_permissions(
        path,
        Permissions::from_mode(0o600),
    )?)
}

/// Service, name of the key, role.
pub const KEYS: [(&str, &str, &str); 8] = [
    ("ca", "ca", "ca"),
    ("ctlog", "ctlog", "ctlog"),
    ("oidc", "oidc", "oidc"),
    ("tlog", "rekor-v1", "rekor-v1"),
    ("tlog", "rekor-v2", "rekor-v2"),
    ("tsa", "tsa", "tsa"),
    ("tuf", "snapshot", "tuf"),
    ("tuf", "timestamp", "tuf"),
];
/// The PIN of every [`Token`], which nothing may print.
pub const PIN: &str = "pin-of-the-token-of-the-story";
