use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use sigstead_config::oidc::{ClientConfig, Grant};
use sigstead_rules::{RuleConfig, Rules};
use time::OffsetDateTime;
use url::Url;

use crate::error::Error;
use crate::password;

/// The applications and workloads that may ask for tokens, by client id. A reload replaces all of them at once.
pub(crate) struct Clients(RwLock<ById>);

type ById = BTreeMap<String, Arc<Client>>;

impl Clients {
    pub(crate) fn new(configs: Vec<ClientConfig>) -> Result<Self, Error> {
        Ok(Self(RwLock::new(by_id(configs)?)))
    }

    /// Has other clients in place of those that there are.
    pub(crate) fn replace(&self, configs: Vec<ClientConfig>) -> Result<(), Error> {
        let clients = by_id(configs)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = clients;
        Ok(())
    }

    /// Whether a client asks for itself under that subject.
    pub(crate) fn have_workload(&self, subject: &str) -> bool {
        let clients = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut workloads = clients.values().filter_map(|client| client.workload());
        workloads.any(|workload| workload.subject == subject)
    }

    pub(crate) fn find(&self, id: &str) -> Result<Arc<Client>, Error> {
        let clients = self.0.read().unwrap_or_else(PoisonError::into_inner);
        clients.get(id).cloned().ok_or(Error::ClientUnknown)
    }
}

fn by_id(configs: Vec<ClientConfig>) -> Result<ById, Error> {
    let clients = configs.into_iter().map(|config| {
        let client = Client::new(config)?;
        Ok((client.config.id.clone(), Arc::new(client)))
    });
    clients.collect()
}

/// A configured client (RFC 6749 §2).
#[derive(Debug)]
pub(crate) struct Client {
    config: ClientConfig,
    redirects: Vec<RedirectRule>,
    sign_out_redirects: Vec<RedirectRule>,
    exchange: Rules,
}

impl Client {
    fn new(config: ClientConfig) -> Result<Self, Error> {
        let refuse = |reason| Error::ClientConfig {
            id: config.id.clone(),
            reason,
        };
        let rules = config.exchange.iter().map(|rule| RuleConfig {
            name: rule.name.clone(),
            rule: rule.rule.clone(),
        });
        let rules: Vec<_> = rules.collect();
        // Shared: without a rule that holds, nobody may.
        let exchange = Rules::compile(&rules, &[], true).map_err(|source| Error::ClientRule {
            id: config.id.clone(),
            source: Box::new(source),
        })?;
        let for_itself = [Grant::ClientCredentials, Grant::TokenExchange];
        if for_itself.iter().any(|grant| config.grants.contains(grant)) {
            let subject = config
                .workload
                .as_ref()
                .and_then(|w| Url::parse(&w.subject).ok());
            // The certificate authority tells workloads from people by this form.
            if subject.is_none() {
                return Err(refuse("the subject of a workload must be a uri"));
            }
        }
        if !config.secret_hashes().all(password::is_affordable) {
            return Err(refuse(
                "its secret_hash is not argon2id in the phc string format with at most 128 MiB and 16 passes",
            ));
        }
        let rules = |uris: &[String]| {
            let rules = uris.iter().map(|uri| RedirectRule::new(uri));
            rules.collect::<Option<_>>().ok_or_else(|| {
                refuse("a redirect uri must be absolute, without a fragment, and not a script")
            })
        };
        Ok(Self {
            redirects: rules(&config.redirect_uris)?,
            sign_out_redirects: rules(&config.post_logout_redirect_uris)?,
            exchange,
            config,
        })
    }

    pub(crate) fn id(&self) -> &str {
        &self.config.id
    }

    pub(crate) fn name(&self) -> &str {
        self.config.name()
    }

    pub(crate) fn audience(&self) -> &str {
        self.config.audience()
    }

    /// Whether it can prove who it is.
    pub(crate) const fn has_secret(&self) -> bool {
        self.config.secret_hash.is_some()
    }

    /// The hashes of the secrets that are taken now: that of the one, and while it is replaced that of the one before.
    pub(crate) fn secret_hashes(&self, now: OffsetDateTime) -> Vec<String> {
        let former = self.config.former_secret.as_ref();
        let former = former.filter(|former| now < former.until);
        let hashes = self.config.secret_hash.iter();
        hashes
            .chain(former.map(|former| &former.secret_hash))
            .cloned()
            .collect()
    }

    pub(crate) const fn gives_groups(&self) -> bool {
        self.config.groups
    }

    pub(crate) fn workload(&self) -> Option<&sigstead_config::oidc::WorkloadConfig> {
        self.config.workload.as_ref()
    }

    /// Who may act for the workload.
    pub(crate) const fn exchange_rules(&self) -> &Rules {
        &self.exchange
    }

    pub(crate) fn may(&self, grant: Grant) -> Result<(), Error> {
        let allowed = self.config.grants.contains(&grant);
        if allowed {
            Ok(())
        } else {
            Err(Error::GrantForbidden)
        }
    }

    pub(crate) fn redirect(&self, presented: &str) -> Result<RedirectUri, Error> {
        permitted(&self.redirects, presented)
    }

    /// Where a person may be sent who was signed out.
    pub(crate) fn sign_out_redirect(&self, presented: &str) -> Result<RedirectUri, Error> {
        permitted(&self.sign_out_redirects, presented)
    }
}

fn permitted(rules: &[RedirectRule], presented: &str) -> Result<RedirectUri, Error> {
    let allowed = rules.iter().any(|rule| rule.permits(presented));
    if !allowed {
        return Err(Error::RedirectUnregistered);
    }
    RedirectUri::new(presented).ok_or(Error::RedirectUnregistered)
}

/// Where a code may go, from the configuration.
#[derive(Debug)]
enum RedirectRule {
    Exact(String),
    /// RFC 8252 §7.3: native applications listen on whatever port is free.
    AnyPort {
        host: &'static str,
        path: String,
    },
    AnyPortAndPath {
        host: &'static str,
    },
}

impl RedirectRule {
    fn new(configured: &str) -> Option<Self> {
        RedirectUri::new(configured)?;
        let loopback = LOOPBACK.iter().find_map(|host| {
            let rest = configured.strip_prefix("http://")?.strip_prefix(host)?;
            match rest {
                "" => Some(Self::AnyPortAndPath { host }),
                path if path.starts_with('/') => Some(Self::AnyPort {
                    host,
                    path: path.to_owned(),
                }),
                _ => None,
            }
        });
        Some(loopback.unwrap_or_else(|| Self::Exact(configured.to_owned())))
    }

    fn permits(&self, presented: &str) -> bool {
        match self {
            Self::Exact(uri) => uri == presented,
            Self::AnyPort { host, path } => {
                loopback_path(presented, host).is_some_and(|found| found == path)
            }
            Self::AnyPortAndPath { host } => loopback_path(presented, host).is_some(),
        }
    }
}

/// What follows host and port, if the text is exactly `http://HOST[:PORT][/…]`. Compared as
/// text, because parsers take more than one spelling for a host, and the browser's may be another.
fn loopback_path<'a>(presented: &'a str, host: &str) -> Option<&'a str> {
    let rest = presented.strip_prefix("http://")?.strip_prefix(host)?;
    let rest = match rest.strip_prefix(':') {
        Some(after) => {
            let end = after
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(after.len());
            let (port, rest) = after.split_at(end);
            port.parse::<u16>().ok().filter(|port| *port != 0)?;
            rest
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
}

/// A URI that one of the client's rules permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RedirectUri {
    Http(Url, String),
    /// The page shows the code, and the person carries it over.
    OutOfBand,
}

impl RedirectUri {
    fn new(text: &str) -> Option<Self> {
        if text == OUT_OF_BAND {
            return Some(Self::OutOfBand);
        }
        let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let url = Url::parse(text)
            .ok()
            .filter(|url| plain && url.fragment().is_none())?;
        let user = !url.username().is_empty() || url.password().is_some();
        let runs = ["javascript", "data", "blob", "vbscript", "file"].contains(&url.scheme());
        (!user && !runs).then(|| Self::Http(url, text.to_owned()))
    }

    /// The text that the client sent, which it has to send again to the token endpoint.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Http(_, text) => text,
            Self::OutOfBand => OUT_OF_BAND,
        }
    }

    /// The URI with the answer in its query (RFC 6749 §4.1.2).
    pub(crate) fn with(&self, answer: &[(&str, &str)]) -> Option<String> {
        let Self::Http(url, _) = self else {
            return None;
        };
        let mut url = url.clone();
        if answer.is_empty() {
            return Some(url.into());
        }
        url.query_pairs_mut().extend_pairs(answer);
        Some(url.into())
    }

    /// What a person may know the place by.
    pub(crate) fn place(&self) -> Place {
        let Self::Http(url, _) = self else {
            return Place::ShownCode;
        };
        let host = url.host_str().unwrap_or_default();
        match url.port() {
            _ if host.is_empty() => Place::Application(url.scheme().to_owned()),
            Some(port) if LOOPBACK.contains(&host) => Place::ThisComputer(format!("{host}:{port}")),
            None if LOOPBACK.contains(&host) => Place::ThisComputer(host.to_owned()),
            Some(port) => Place::Site(format!("{host}:{port}")),
            None => Place::Site(host.to_owned()),
        }
    }

    /// The source expression that lets a form be answered with a redirect there (CSP 3, form-action).
    pub(crate) fn form_action_source(&self) -> Option<String> {
        let Self::Http(url, _) = self else {
            return None;
        };
        let origin = url.origin();
        let nameable = origin.is_tuple() && !url.host_str().unwrap_or_default().starts_with('[');
        Some(if nameable {
            origin.ascii_serialization()
        } else {
            format!("{}:", url.scheme())
        })
    }
}

/// Where an application waits for the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    ThisComputer(String),
    Site(String),
    Application(String),
    ShownCode,
}

const LOOPBACK: [&str; 2] = ["localhost", "127.0.0.1"];
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

#[cfg(test)]
mod tests;
