//! `sigctl oidc client`: the applications and workloads that may ask the embedded issuer for tokens.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use serde::Serialize;
use sigstead_config::oidc::{ClientConfig, ExchangeRule, Grant, WorkloadConfig};

use super::client_secret::{self, RotateSecret, hash, once, secret};
use super::clients::{Clients, ask, misused, named, then};
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;
use crate::recorded::Recorded;

/// What is done with clients.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Add an application in which people sign in, or a workload that has tokens of its own.
    Add(Box<Add>),
    /// List all clients.
    List(Where),
    /// Give a client another secret, which is printed once; the one before is taken for a while too.
    RotateSecret(RotateSecret),
    /// Remove a client: it gets no token any more.
    Remove {
        #[command(flatten)]
        instance: Where,
        /// The client's identifier.
        id: Vec<String>,
    },
}

/// Which client.
#[derive(Args)]
pub(super) struct Add {
    #[command(flatten)]
    instance: Where,

    /// The client's identifier, its `client_id`.
    id: Vec<String>,

    /// Where codes may be sent, for an application; may be repeated. Without a port a loopback URI stands for every port.
    #[arg(long, value_name = "URI", required_unless_present_any = ["workload", "api"])]
    redirect_uri: Vec<String>,

    /// Where people may be sent whom the application signed out; may be repeated.
    #[arg(long, value_name = "URI", requires = "redirect_uri")]
    post_logout_redirect_uri: Vec<String>,

    /// Tokens of people name their groups also when the application does not ask for the scope `groups`.
    #[arg(long, requires = "redirect_uri")]
    groups: bool,

    /// Make a secret, for an application that runs on a server and can keep one; it is printed once.
    #[arg(long, requires = "redirect_uri")]
    secret: bool,

    /// An API, which asks the issuer about the tokens that it is shown and gets none itself. A secret is made, and printed
    /// once.
    #[arg(long, conflicts_with_all = ["workload", "redirect_uri", "device"])]
    api: bool,

    /// People may sign in on another device, for an application.
    #[arg(long, conflicts_with = "workload")]
    device: bool,

    /// What the sign-in page calls the application. Default: its identifier.
    #[arg(long, conflicts_with = "workload")]
    name: Option<String>,

    /// The subject of the tokens of a workload: a URL at the issuer's host. A secret is made, and printed once.
    #[arg(long, value_name = "URL", conflicts_with = "redirect_uri")]
    workload: Option<String>,

    /// Whose tokens of other issuers are exchanged for the workload's, as NAME=RULE, where RULE is an expression as in the file of
    /// issuers; may be repeated. No secret is made. The issuers are in the file that `exchange_issuers` of the issuer names.
    #[arg(long, value_name = "NAME=RULE", requires = "workload")]
    exchange: Vec<String>,

    /// A further claim of the tokens of a workload; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", requires = "workload")]
    claim: Vec<String>,

    /// The audience of its tokens. Default: its identifier for an application; `sigstore`, with which it gets certificates,
    /// for a workload.
    #[arg(long)]
    audience: Option<String>,
}

#[derive(Serialize)]
struct Added {
    #[serde(flatten)]
    client: Shown,
    file: String,
    /// What the client shows to the issuer. It is nowhere else.
    secret: Option<String>,
    /// Whether the running service was asked to read the file again.
    is_asked: bool,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    /// `application`, `workload` or `api`.
    kind: &'static str,
    audience: String,
    redirect_uris: Vec<String>,
    grants: Vec<Grant>,
    /// The `sub` of a workload's tokens.
    subject: Option<String>,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    client: Shown,
    /// Whether it is in `config.yaml`, which only an editor changes.
    is_configured: bool,
}

#[derive(Serialize)]
struct Removed {
    id: String,
    file: String,
    is_asked: bool,
}

pub(super) async fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Add(arguments) => add(*arguments, output).await,
        Command::List(instance) => list(&instance, output),
        Command::RotateSecret(arguments) => client_secret::rotate(arguments, output).await,
        Command::Remove { instance, id } => remove(instance, id, output).await,
    }
}

async fn add(mut arguments: Add, output: Output) -> Result<(), Failure> {
    let id = named(&mut arguments.instance, std::mem::take(&mut arguments.id))?;
    let instance = arguments.instance.open()?;
    let mut clients = Clients::take(&instance).await?;
    let asks_by_secret = arguments.workload.is_some() && arguments.exchange.is_empty();
    let has_secret = arguments.secret || arguments.api || asks_by_secret;
    let secret = has_secret.then(secret).transpose()?;
    let hash = secret.as_deref().map(hash).transpose()?;
    let client = match arguments.workload.clone() {
        None => arguments.application(id, hash),
        Some(subject) => arguments.workload(id, subject, hash)?,
    };
    clients.add(client.clone())?;
    let mut act = vec![("client", client.id.clone())];
    let workload = client.workload.iter();
    act.extend(workload.map(|workload| ("subject", workload.subject.clone())));
    let recorded = Recorded::begin(&instance, "sigctl oidc client add", &act).await?;
    let print = |is_asked| {
        let added = Added {
            client: Shown::from(&client),
            file: clients.path.display().to_string(),
            secret,
            is_asked,
        };
        output.print(&added, Added::lines);
    };
    client_secret::write(&instance, &clients, recorded, print).await
}

fn list(instance: &Where, output: Output) -> Result<(), Failure> {
    let clients = Clients::of(&instance.open()?)?;
    let listed = |client, is_configured| Listed {
        client: Shown::from(client),
        is_configured,
    };
    let configured = clients.configured.iter().map(|client| listed(client, true));
    let added = clients
        .file
        .clients
        .iter()
        .map(|client| listed(client, false));
    let all: Vec<_> = configured.chain(added).collect();
    output.print(&all, |all| {
        let lines = all.iter().map(|each| {
            let client = &each.client;
            let whither = client
                .subject
                .clone()
                .unwrap_or_else(|| client.redirect_uris.join(" "));
            let place = if each.is_configured {
                ", of config.yaml"
            } else {
                ""
            };
            let (id, kind, audience) = (&client.id, client.kind, &client.audience);
            format!("{id}\n  {kind}, audience {audience}{place}\n  {whither}")
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

async fn remove(mut place: Where, words: Vec<String>, output: Output) -> Result<(), Failure> {
    let id = named(&mut place, words)?;
    let instance = place.open()?;
    let mut clients = Clients::take(&instance).await?;
    clients.remove(&id)?;
    let act = [("client", id.clone())];
    let recorded = Recorded::begin(&instance, "sigctl oidc client remove", &act).await?;
    recorded.end(clients.write()).await?;
    let removed = Removed {
        id,
        file: clients.path.display().to_string(),
        is_asked: ask(&instance).await?,
    };
    output.print(&removed, |removed| {
        let then = then(removed.is_asked);
        format!("removed {} from {}; {then}", removed.id, removed.file)
    });
    Ok(())
}

impl Added {
    fn lines(&self) -> String {
        let Shown { kind, id, .. } = &self.client;
        let added = format!(
            "added the {kind} {id} to {}; {}",
            self.file,
            then(self.is_asked)
        );
        let secret = self.secret.as_deref().map(once);
        let lines: Vec<_> = std::iter::once(added).chain(secret).collect();
        lines.join("\n")
    }
}

impl Add {
    /// An application, or an API, which has no grants.
    fn application(&self, id: String, secret_hash: Option<String>) -> ClientConfig {
        let mut grants = match self.api {
            true => Vec::new(),
            false => vec![Grant::AuthorizationCode, Grant::RefreshToken],
        };
        if self.device {
            grants.push(Grant::DeviceCode);
        }
        ClientConfig {
            id,
            name: self.name.clone(),
            secret_hash,
            former_secret: None,
            redirect_uris: self.redirect_uri.clone(),
            post_logout_redirect_uris: self.post_logout_redirect_uri.clone(),
            groups: self.groups,
            grants,
            audience: self.audience.clone(),
            workload: None,
            exchange: Vec::new(),
        }
    }

    fn workload(
        &self,
        id: String,
        subject: String,
        secret_hash: Option<String>,
    ) -> Result<ClientConfig, Failure> {
        let claims = self.claim.iter().map(|text| match text.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(misused(format!("{text} is no claim; write NAME=VALUE"))),
        });
        let claims = claims.collect::<Result<BTreeMap<_, _>, _>>()?;
        let rules = self.exchange.iter().map(|text| match text.split_once('=') {
            Some((name, rule)) => Ok(ExchangeRule {
                name: name.to_owned(),
                rule: rule.to_owned(),
            }),
            None => Err(misused(format!("{text} is no rule; write NAME=RULE"))),
        });
        let exchange = rules.collect::<Result<Vec<_>, _>>()?;
        let grant = match exchange.as_slice() {
            [] => Grant::ClientCredentials,
            _ => Grant::TokenExchange,
        };
        let audience = self.audience.as_deref().unwrap_or("sigstore");
        Ok(ClientConfig {
            id,
            name: None,
            secret_hash,
            former_secret: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            groups: false,
            grants: vec![grant],
            exchange,
            audience: Some(audience.to_owned()),
            workload: Some(WorkloadConfig { subject, claims }),
        })
    }
}

impl From<&ClientConfig> for Shown {
    fn from(client: &ClientConfig) -> Self {
        let workload = client.workload.as_ref();
        Self {
            id: client.id.clone(),
            kind: match (workload, client.grants.as_slice()) {
                (Some(_), _) => "workload",
                (None, []) => "api",
                (None, _) => "application",
            },
            audience: client.audience().to_owned(),
            redirect_uris: client.redirect_uris.clone(),
            grants: client.grants.clone(),
            subject: workload.map(|workload| workload.subject.clone()),
        }
    }
}
