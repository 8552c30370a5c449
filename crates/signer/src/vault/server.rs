//! One server, over HTTP. Nothing else of this crate knows HTTP.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sigstead_kit::{ClientConfig, PeerTls, Period};
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

use super::token;
use crate::Error;
use crate::vault_key::VaultKey;

/// Where a key is, and with what it is reached.
pub(super) struct Server {
    http: Client,
    address: Url,
    namespace: Option<String>,
    token_file: PathBuf,
}

/// What a server is asked.
pub(super) struct Call {
    method: Method,
    /// Below `/v1`, as policies have it.
    path: String,
    body: Option<Value>,
    /// What the call is for, as errors name it.
    about: String,
    patience: Duration,
}

/// What a server answered.
struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Call {
    pub(super) fn read(path: String, about: &impl ToString) -> Self {
        Self {
            method: Method::GET,
            path,
            body: None,
            about: about.to_string(),
            patience: PATIENCE,
        }
    }

    pub(super) fn write(path: String, body: Value, about: &impl ToString) -> Self {
        Self {
            method: Method::POST,
            path,
            body: Some(body),
            about: about.to_string(),
            patience: PATIENCE,
        }
    }

    /// For calls with which a server makes a key: one of RSA takes it some seconds.
    pub(super) fn that_makes_a_key(self) -> Self {
        Self {
            patience: PATIENCE_FOR_A_KEY,
            ..self
        }
    }

    /// As a policy names it.
    fn capability(&self) -> &'static str {
        if self.method == Method::GET {
            "read"
        } else {
            "update"
        }
    }
}

impl Server {
    pub(super) async fn new(key: &VaultKey) -> Result<Self, Error> {
        let authorities = key.ca_file.clone();
        let unusable = |error: sigstead_kit::Error| Error::VaultFile {
            path: key.ca_file.clone().unwrap_or_default(),
            why: sigstead_kit::causes(&error),
        };
        let tls = PeerTls::read(authorities, None).await.map_err(unusable)?;
        let options = ClientConfig {
            // Each call has its own, which is shorter.
            timeout: Period::from_minutes(2),
            ..ClientConfig::default()
        };
        Ok(Self {
            http: options.build_for(&tls).map_err(unusable)?,
            address: key.address.clone(),
            namespace: key.namespace.clone(),
            token_file: key.token_file.clone(),
        })
    }

    pub(super) fn token_file(&self) -> &Path {
        &self.token_file
    }

    /// Asks, and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        let body = self.asked(call).await?;
        serde_json::from_slice(&body).map_err(|_| Error::VaultAnswer(call.about.clone()))
    }

    /// The same, if nothing of the answer is used.
    pub(super) async fn tell(&self, call: &Call) -> Result<(), Error> {
        self.asked(call).await.map(drop)
    }

    async fn asked(&self, call: &Call) -> Result<Vec<u8>, Error> {
        let answered = timeout(call.patience, self.answered(call)).await;
        let answer = answered.map_err(|_| Error::VaultSlow(self.address.to_string()))??;
        self.judged(call, answer)
    }

    /// Sends a call with the token of this moment.
    ///
    /// The server answers alike for a token that it does not know and for one that may not. So if it refuses, the file is read
    /// again, because another program may have written a new token at that moment; and then the server is asked about the
    /// token itself, which every token may.
    async fn answered(&self, call: &Call) -> Result<Answer, Error> {
        let token = token::read(&self.token_file).await?;
        let answer = self.send(call, &token).await?;
        if answer.status != StatusCode::FORBIDDEN {
            return Ok(answer);
        }
        let fresh = token::read(&self.token_file).await?;
        if fresh != token {
            let answer = self.send(call, &fresh).await?;
            if answer.status != StatusCode::FORBIDDEN {
                return Ok(answer);
            }
        }
        let itself = Call::read(token::LOOKUP.to_owned(), &token::LOOKUP);
        if self.send(&itself, &fresh).await?.status == StatusCode::FORBIDDEN {
            return Err(Error::VaultTokenRefused(self.token_file.clone()));
        }
        Err(Error::VaultDenied {
            capability: call.capability(),
            path: call.path.clone(),
        })
    }

    async fn send(&self, call: &Call, token: &Zeroizing<String>) -> Result<Answer, Error> {
        let unreached = |error: reqwest::Error| {
            let address = self.address.to_string();
            if error.is_timeout() {
                return Error::VaultSlow(address);
            }
            let source = error.into();
            Error::VaultUnreached { address, source }
        };
        let unusable = |_| Error::VaultFile {
            path: self.token_file.clone(),
            why: "a token is one line of printable characters".to_owned(),
        };
        let mut value = HeaderValue::from_str(token).map_err(unusable)?;
        value.set_sensitive(true);
        let mut request = self.http.request(call.method.clone(), self.url(&call.path));
        request = request.header(TOKEN, value).header(FROM_A_CLIENT, "true");
        if let Some(namespace) = &self.namespace {
            request = request.header(NAMESPACE, namespace);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let mut answer = request.send().await.map_err(unreached)?;
        let (status, mut body) = (answer.status(), Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(unreached)? {
            if chunk.len() > LARGEST - body.len() {
                return Err(Error::VaultAnswer(call.about.clone()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.address.clone();
        let below = format!("{}/v1/{path}", url.path().trim_end_matches('/'));
        url.set_path(&below);
        url
    }

    fn judged(&self, call: &Call, answer: Answer) -> Result<Vec<u8>, Error> {
        let status = answer.status;
        if status.is_success() {
            return Ok(answer.body);
        }
        let (uri, mut why) = (call.about.clone(), answer.complaint());
        if status.is_redirection() {
            "it points to another server; name that one".clone_into(&mut why);
        }
        if status.is_server_error()
            || status.is_redirection()
            || OVERLOADED.contains(&status.as_u16())
        {
            return Err(Error::VaultUnavailable {
                address: self.address.to_string(),
                status: status.as_u16(),
                why,
            });
        }
        if status == StatusCode::NOT_FOUND {
            return Err(Error::VaultKeyAbsent { uri, why });
        }
        Err(Error::VaultRefused {
            uri,
            status: status.as_u16(),
            why,
        })
    }
}

impl Answer {
    /// What the server says, as far as it is text that a line of a log can have.
    fn complaint(&self) -> String {
        let said = serde_json::from_slice::<Complaint>(&self.body).unwrap_or_default();
        let said = said.errors.join("; ");
        let said: String = said
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .take(LONGEST_COMPLAINT)
            .collect();
        if said.is_empty() {
            return "it says no more".to_owned();
        }
        said
    }
}

#[derive(Default, Deserialize)]
struct Complaint {
    errors: Vec<String>,
}

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
/// Agents that are set so refuse requests without it: a browser that was led to them sends none.
const FROM_A_CLIENT: HeaderName = HeaderName::from_static("x-vault-request");

/// A quota, a standby that answers for itself, and a secondary.
const OVERLOADED: [u16; 4] = [412, 429, 472, 473];
/// The longest that a call may take, with all that it needs. A log's thread waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE_FOR_A_KEY: Duration = Duration::from_secs(60);
/// A key of many versions has some hundred kilobytes.
const LARGEST: usize = 1 << 20;
const LONGEST_COMPLAINT: usize = 300;
