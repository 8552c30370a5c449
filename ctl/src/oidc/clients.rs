//! The clients of an instance's issuer: those of its configuration, and the file that `sigctl oidc client` writes.

use std::path::PathBuf;

use sigstead_config::oidc::{ClientConfig, ClientsFile, Config, FormerSecret};
use time::OffsetDateTime;
use url::Url;

use crate::failure::Failure;
use crate::hold::Hold;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::reload;
use crate::replace::replace;

/// What there is.
pub(super) struct Clients {
    pub(super) path: PathBuf,
    pub(super) configured: Vec<ClientConfig>,
    pub(super) file: ClientsFile,
    exchange_issuers: Option<PathBuf>,
    /// Held for a change, so that of two at once the second sees the first.
    _hold: Option<Hold>,
}

impl Clients {
    /// To be changed.
    pub(super) async fn take(instance: &Instance) -> Result<Self, Failure> {
        let folder = instance.service(Service::Oidc);
        let hold = Hold::take(&folder, "a change of the clients").await?;
        Self::read(instance, Some(hold))
    }

    /// To be looked at. The file is replaced in one step, so that it is whole also while another changes it.
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        Self::read(instance, None)
    }

    fn read(instance: &Instance, hold: Option<Hold>) -> Result<Self, Failure> {
        let folder = instance.service(Service::Oidc);
        let config = folder.join("config.yaml");
        let config: Config = sigstead_kit::read_config(&config)
            .map_err(|error| Failure::file("read", &config, error))?;
        let path = config.clients_file.ok_or_else(|| nowhere(instance))?;
        let path = folder.join(path);
        let file = ClientsFile::read(&path).map_err(|error| Failure::file("read", &path, error))?;
        Ok(Self {
            path,
            configured: config.clients,
            file,
            exchange_issuers: config.exchange_issuers,
            _hold: hold,
        })
    }

    pub(super) fn add(&mut self, client: ClientConfig) -> Result<(), Failure> {
        let id = client.id.clone();
        let mut all = self.configured.iter().chain(&self.file.clients);
        if all.any(|known| known.id == id) {
            return Err(Failure::new(
                "E-CTL-097",
                format!("the issuer has a client {id} already"),
                "choose another id, or remove that client first: sigctl oidc client remove",
            ));
        }
        check_uris(&client)?;
        self.file.clients.push(client);
        let issuers = self.exchange_issuers.as_deref();
        let checked = self.file.check(&self.configured, issuers);
        checked.map_err(|why| {
            Failure::new(
                "E-CTL-012",
                why,
                "correct what you asked for; nothing was written",
            )
        })
    }

    pub(super) fn remove(&mut self, id: &str) -> Result<ClientConfig, Failure> {
        let position = self.file.clients.iter().position(|client| client.id == id);
        if let Some(position) = position {
            return Ok(self.file.clients.remove(position));
        }
        Err(self.not_in_the_file(id))
    }

    fn not_in_the_file(&self, id: &str) -> Failure {
        let is_configured = self.configured.iter().any(|client| client.id == id);
        let (what, remedy) = match is_configured {
            true => (
                format!("{id} is a client of oidc/config.yaml, which sigctl does not change"),
                "change it there with an editor, then: sigctl restart oidc",
            ),
            false => (
                format!("the issuer has no client {id}"),
                "look which there are: sigctl oidc client list",
            ),
        };
        Failure::new("E-CTL-098", what, remedy)
    }

    /// Gives a client another secret; that of before is taken until then, if it is to be. One before that ends.
    pub(super) fn replace_secret(
        &mut self,
        id: &str,
        secret_hash: String,
        until: Option<OffsetDateTime>,
    ) -> Result<(), Failure> {
        let client = self.file.clients.iter_mut().find(|client| client.id == id);
        let Some(client) = client else {
            return Err(self.not_in_the_file(id));
        };
        let Some(former) = client.secret_hash.replace(secret_hash) else {
            return Err(Failure::new(
                "E-CTL-012",
                format!("the client {id} has no secret, and proves by none who it is"),
                "look which clients there are: sigctl oidc client list",
            ));
        };
        client.former_secret = until.map(|until| FormerSecret {
            secret_hash: former,
            until,
        });
        Ok(())
    }

    /// Writes the file in one step.
    pub(super) fn write(&self) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::file("write", &self.path, error);
        let text = sigstead_config::to_yaml(&self.file).map_err(|error| failed(&error))?;
        let text = format!("{HEAD}{text}");
        replace(&self.path, text.as_bytes()).map_err(|error| failed(&error))
    }
}

/// What the issuer would refuse when it reads the file.
fn check_uris(client: &ClientConfig) -> Result<(), Failure> {
    let unfit = |what: String| {
        let remedy = "write an absolute URI such as https://app.example.com/callback";
        Err(Failure::new("E-CTL-012", what, remedy))
    };
    let subject = client.workload.as_ref().map(|workload| &workload.subject);
    if let Some(subject) = subject.filter(|subject| Url::parse(subject).is_err()) {
        return unfit(format!("the subject {subject} of a workload is no URL"));
    }
    let redirects = client.redirect_uris.iter();
    let mut redirects = redirects.chain(&client.post_logout_redirect_uris);
    match redirects.find(|uri| !is_redirect(uri)) {
        Some(uri) => unfit(format!("{uri} is no redirect URI")),
        None => Ok(()),
    }
}

fn is_redirect(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else {
        return false;
    };
    let is_plain = uri
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_script = ["javascript", "data", "blob", "vbscript", "file"].contains(&url.scheme());
    let has_user = !url.username().is_empty() || url.password().is_some();
    is_plain && !is_script && !has_user && url.fragment().is_none()
}

fn nowhere(instance: &Instance) -> Failure {
    let config = instance.service(Service::Oidc).join("config.yaml");
    Failure::new(
        "E-CTL-096",
        format!("{} names no clients_file", config.display()),
        "write `clients_file: clients.yaml` into it, then: sigctl restart oidc",
    )
}

/// Has the running issuer read the file again; says whether there is one.
pub(super) async fn ask(instance: &Instance) -> Result<bool, Failure> {
    let asked = reload::ask(instance, &[Service::Oidc]).await?;
    Ok(!asked.is_empty())
}

/// When it is read.
pub(super) const fn then(is_asked: bool) -> &'static str {
    match is_asked {
        true => "the issuer was asked to read it",
        false => "the issuer reads it when it starts",
    }
}

/// The client that a command names, behind the instance or in its place.
pub(super) fn named(instance: &mut Where, words: Vec<String>) -> Result<String, Failure> {
    match instance.words(words).as_slice() {
        [id] => Ok(id.clone()),
        _ => Err(misused("name one client by its identifier".to_owned())),
    }
}

pub(super) fn misused(what: String) -> Failure {
    Failure::new("E-CTL-012", what, "sigctl help oidc client")
}

const HEAD: &str = "# Written by `sigctl oidc client`; comments are not kept.\n";
