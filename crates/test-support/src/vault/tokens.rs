//! Tokens, and what they may.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A token to be made.
#[derive(Debug, Clone)]
pub struct TokenOptions {
    /// How long it lives, and how much each renewal gives; for ever if there is none.
    pub ttl: Option<Duration>,
    /// Whether it may be renewed.
    pub renewable: bool,
    /// The paths that it may use: each is whole, or ends with `*`. Every token may ask about itself and renew itself.
    pub paths: Vec<String>,
    /// The namespace that it is of.
    pub namespace: String,
}

impl Default for TokenOptions {
    /// One that never ends and may do all at the root.
    fn default() -> Self {
        Self {
            ttl: None,
            renewable: false,
            paths: vec!["*".to_owned()],
            namespace: String::new(),
        }
    }
}

pub(super) struct Tokens {
    made: u64,
    tokens: BTreeMap<String, Token>,
}

struct Token {
    options: TokenOptions,
    ends: Option<Instant>,
}

/// Whether a token may use a path.
#[derive(PartialEq, Eq)]
pub(super) enum Leave {
    Given,
    Denied,
    /// It has ended, was revoked, or never was.
    Unknown,
}

impl Tokens {
    pub(super) const fn new() -> Self {
        Self {
            made: 0,
            tokens: BTreeMap::new(),
        }
    }

    pub(super) fn make(&mut self, options: TokenOptions) -> String {
        self.made += 1;
        let name = format!("hvs.emulated-token-{}", self.made);
        let ends = options.ttl.map(|ttl| Instant::now() + ttl);
        self.tokens.insert(name.clone(), Token { options, ends });
        name
    }

    pub(super) fn revoke(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    pub(super) fn leave(&self, token: &str, namespace: &str, path: &str) -> Leave {
        let Some(token) = self.living(token) else {
            return Leave::Unknown;
        };
        let options = &token.options;
        // Its own paths are of the policy `default`.
        let own = ["auth/token/lookup-self", "auth/token/renew-self"];
        let allowed = options
            .paths
            .iter()
            .any(|allowed| match allowed.strip_suffix('*') {
                Some(start) => path.starts_with(start),
                None => path == allowed,
            });
        if options.namespace == namespace && (allowed || own.contains(&path)) {
            Leave::Given
        } else {
            Leave::Denied
        }
    }

    pub(super) fn looked_up(&self, name: &str) -> Option<Value> {
        let token = self.living(name)?;
        let left = token
            .ends
            .map(|ends| ends.saturating_duration_since(Instant::now()));
        let whole = token.options.ttl.map_or(0, |ttl| ttl.as_secs());
        Some(json!({
            "creation_ttl": whole,
            "expire_time": left.map(|_| "2026-11-30T12:00:00.000000000Z"),
            "renewable": token.options.renewable,
            "ttl": left.map_or(0, |left| left.as_secs()),
            "type": "service",
        }))
    }

    /// Gives its lease from now on.
    pub(super) fn renewed(&mut self, name: &str) -> Option<Value> {
        self.living(name)?;
        let token = self.tokens.get_mut(name)?;
        let ttl = token.options.ttl.filter(|_| token.options.renewable)?;
        token.ends = Some(Instant::now() + ttl);
        Some(json!({
            "client_token": name,
            "lease_duration": ttl.as_secs(),
            "renewable": true,
            "token_type": "service",
        }))
    }

    fn living(&self, name: &str) -> Option<&Token> {
        let token = self.tokens.get(name)?;
        let is_over = token.ends.is_some_and(|ends| ends <= Instant::now());
        (!is_over).then_some(token)
    }
}
