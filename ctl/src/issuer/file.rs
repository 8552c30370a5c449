//! The file of issuers of an instance.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use sigstead_identity::{
    CiIssuerMetadata, FetchOptions, HttpFetch, IssuerConfig, Issuers, IssuersConfig, PinnedKeys,
    Preset,
};

use super::{json, text};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::replace::replace;

/// The file as it stands, and what it says.
pub(super) struct IssuersFile {
    pub(super) path: PathBuf,
    text: String,
    pub(super) config: IssuersConfig,
    /// Its folder, locked, so that of two changes at once the second sees the first.
    _turn: File,
}

impl IssuersFile {
    /// Reads the file that the `ca` service of an instance reads.
    pub(super) fn of(instance: &Instance) -> Result<Self, Failure> {
        let folder = instance.service(Service::Ca);
        let config = folder.join("config.yaml");
        let ca: sigstead_config::ca::Config = sigstead_kit::read_config(&config)
            .map_err(|error| Failure::file("read", &config, error))?;
        Self::read(&folder.join(ca.issuers))
    }

    /// Reads a file of issuers.
    fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::file("read", path, error);
        // The file that a link leads to is the one to change.
        let path = path.canonicalize().map_err(failed)?;
        let turn = File::open(path.parent().unwrap_or(&path)).map_err(failed)?;
        turn.lock().map_err(failed)?;
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        let config = parse(&path, &text)?;
        Ok(Self {
            path,
            text,
            config,
            _turn: turn,
        })
    }

    /// Reads the files of keys that the entries name, so that what is in them counts.
    pub(super) fn take_in_keys(&mut self) -> Result<(), Failure> {
        let folder = self.path.parent().unwrap_or_else(|| Path::new(""));
        for issuer in self.config.issuers.values_mut() {
            if let Some(keys) = issuer.jwks_file.take() {
                let place = folder.join(keys);
                let keys = std::fs::read_to_string(&place)
                    .map_err(|error| Failure::file("read", &place, error))?;
                issuer.jwks = Some(PinnedKeys::from_text(keys));
            }
        }
        Ok(())
    }

    /// The entry of that URL or pattern.
    pub(super) fn entry(&self, issuer: &str) -> Result<&IssuerConfig, Failure> {
        let config = &self.config;
        let entry = config.issuers.get(issuer);
        let entry = entry.or_else(|| config.meta_issuers.get(issuer));
        entry.ok_or_else(|| self.absent(issuer))
    }

    /// The description of a provider, if it is not in the file.
    pub(super) fn lacking(
        &self,
        provider: Option<(String, CiIssuerMetadata)>,
    ) -> Option<(String, CiIssuerMetadata)> {
        let known = &self.config.ci_issuer_metadata;
        provider.filter(|(name, _)| !known.contains_key(name))
    }

    /// Adds an issuer, and the description of its provider if the file lacks it.
    pub(super) fn add(
        &mut self,
        issuer: &str,
        entry: IssuerConfig,
        provider: Option<(String, CiIssuerMetadata)>,
    ) -> Result<(), Failure> {
        if self.config.issuers.contains_key(issuer) || self.config.meta_issuers.contains_key(issuer)
        {
            return Err(Failure::new(
                "E-CTL-091",
                format!("{issuer} is in {} already", self.path.display()),
                "change its entry there, or remove it first: sigctl issuer remove",
            ));
        }
        let mut meant = self.config.clone();
        let mut changed = self.text.clone();
        if let Some((name, metadata)) = provider {
            changed = self.with_entry(&changed, &[PROVIDERS], &name, &metadata)?;
            meant.ci_issuer_metadata.insert(name, metadata);
        }
        let section = section_of(issuer);
        changed = self.with_entry(&changed, &[section], issuer, &entry)?;
        let issuers = match section {
            PATTERNS => &mut meant.meta_issuers,
            _ => &mut meant.issuers,
        };
        issuers.insert(issuer.to_owned(), entry);
        self.change(changed, &meant)
    }

    /// Removes an issuer, and what a preset wrote of its provider if no other issuer has that. Gives the name of the
    /// provider whose description went.
    pub(super) fn remove(&mut self, issuer: &str) -> Result<Option<String>, Failure> {
        let section = self.section(issuer)?;
        let mut meant = self.config.clone();
        let gone = [
            meant.issuers.remove(issuer),
            meant.meta_issuers.remove(issuer),
        ];
        let mut changed = self.without(&self.text, &[section, issuer])?;
        let provider = gone.into_iter().flatten().map(|entry| entry.ci_provider);
        let provider = provider.into_iter().find(|name| is_left_over(&meant, name));
        if let Some(name) = &provider {
            meant.ci_issuer_metadata.remove(name);
            changed = self.without(&changed, &[PROVIDERS, name])?;
        }
        for (section, is_empty) in [
            (PATTERNS, meant.meta_issuers.is_empty()),
            (PROVIDERS, meant.ci_issuer_metadata.is_empty()),
        ] {
            if is_empty {
                changed = self.without_empty(changed, section);
            }
        }
        self.change(changed, &meant)?;
        Ok(provider)
    }

    /// Pins the keys of an issuer, in place of those that were pinned.
    pub(super) fn pin(&mut self, issuer: &str, keys: &str) -> Result<(), Failure> {
        let section = self.section(issuer)?;
        let mut meant = self.config.clone();
        if let Some(entry) = meant.issuers.get_mut(issuer) {
            entry.jwks = Some(PinnedKeys::from_text(keys.to_owned()));
        }
        let before = self.without(&self.text, &[section, issuer, KEYS]);
        let before = before.unwrap_or_else(|_| self.text.clone());
        let changed = self.with_entry(&before, &[section, issuer], KEYS, &keys)?;
        self.change(changed, &meant)
    }

    fn section(&self, issuer: &str) -> Result<&'static str, Failure> {
        if self.config.issuers.contains_key(issuer) {
            return Ok(ISSUERS);
        }
        if self.config.meta_issuers.contains_key(issuer) {
            return Ok(PATTERNS);
        }
        Err(self.absent(issuer))
    }

    fn with_entry(
        &self,
        text: &str,
        path: &[&str],
        key: &str,
        value: &impl Serialize,
    ) -> Result<String, Failure> {
        let changed = match json::is_json(text) {
            true => json::with_entry(text, path, key, value),
            false => text::with_entry(text, path, &yaml(key, value)?),
        };
        changed.ok_or_else(|| self.by_hand())
    }

    fn without(&self, text: &str, path: &[&str]) -> Result<String, Failure> {
        let changed = match json::is_json(text) {
            true => json::without(text, path),
            false => text::without(text, path),
        };
        changed.ok_or_else(|| self.by_hand())
    }

    /// The text without a section that has nothing in it, not even a comment.
    fn without_empty(&self, text: String, section: &str) -> String {
        if json::is_json(&text) {
            return json::without(&text, &[section]).unwrap_or(text);
        }
        text.replace(&format!("\n{section}: {{}}\n"), "\n")
    }

    /// Writes the file in one step. Whose it is and who may read it stays: the service may be another user.
    pub(super) fn write(&self) -> Result<(), Failure> {
        replace(&self.path, self.text.as_bytes())
            .map_err(|error| Failure::file("write", &self.path, error))
    }

    /// Takes a changed text if it says just what it is meant to say, and the service can use it.
    fn change(&mut self, text: String, meant: &IssuersConfig) -> Result<(), Failure> {
        let said = IssuersConfig::parse(&text).map_err(|error| self.unfit(&error))?;
        if said.issuers != meant.issuers
            || said.meta_issuers != meant.meta_issuers
            || said.ci_issuer_metadata != meant.ci_issuer_metadata
        {
            return Err(self.by_hand());
        }
        let usable = HttpFetch::new(&FetchOptions::default(), &said)
            .and_then(|fetch| Issuers::new(said.clone(), Arc::new(fetch)));
        usable.map_err(|error| self.unfit(&error))?;
        self.text = text;
        self.config = said;
        Ok(())
    }

    /// The file is good, and what is asked for is not.
    fn unfit(&self, error: &sigstead_identity::Error) -> Failure {
        let path = self.path.display();
        Failure::new(
            "E-CTL-093",
            format!(
                "with this change the file of issuers {path} could not be used; it stays as it is"
            ),
            "correct what the cause names in what you asked for",
        )
        .because(sigstead_kit::causes(error))
    }

    fn by_hand(&self) -> Failure {
        Failure::new(
            "E-CTL-092",
            format!(
                "{} is written in a way that sigctl cannot change without harm",
                self.path.display()
            ),
            "change it with an editor, then check it: sigctl issuer list",
        )
    }

    fn absent(&self, issuer: &str) -> Failure {
        Failure::new(
            "E-CTL-090",
            format!("{issuer} is not in {}", self.path.display()),
            "look which issuers are: sigctl issuer list",
        )
    }
}

fn section_of(issuer: &str) -> &'static str {
    match issuer.contains('*') {
        true => PATTERNS,
        false => ISSUERS,
    }
}

/// Whether a provider is described that no issuer has, in the words of a preset. What an operator described stays.
fn is_left_over(config: &IssuersConfig, provider: &str) -> bool {
    let word = provider.split(':').next().unwrap_or_default();
    let mut issuers = config.issuers.values().chain(config.meta_issuers.values());
    config.ci_issuer_metadata.contains_key(provider)
        && Preset::parse(word).is_some()
        && !issuers.any(|entry| entry.ci_provider == provider)
}

pub(crate) fn parse(path: &Path, text: &str) -> Result<IssuersConfig, Failure> {
    IssuersConfig::parse(text).map_err(|error| unusable(path, &error))
}

pub(super) fn unusable(path: &Path, error: &sigstead_identity::Error) -> Failure {
    Failure::new(
        "E-CTL-093",
        format!("the file of issuers {} cannot be used", path.display()),
        "correct in it what the cause names; `sigctl issuer list` checks it",
    )
    .because(sigstead_kit::causes(error))
}

/// An entry in block style.
pub(super) fn yaml(key: &str, value: &impl Serialize) -> Result<String, Failure> {
    serde_yaml::to_string(&BTreeMap::from([(key, value)])).map_err(|error| {
        Failure::new(
            "E-CTL-092",
            format!("the entry of {key} cannot be written"),
            "report this: it is a fault of sigctl",
        )
        .because(error)
    })
}

const ISSUERS: &str = "oidc-issuers";
const PATTERNS: &str = "meta-issuers";
const KEYS: &str = "jwks";
const PROVIDERS: &str = "ci-issuer-metadata";
