//! `sigctl issuer add`: believes another issuer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_identity::{
    AlsoConfig, CiIssuerMetadata, IssuerConfig, IssuerType, Parameter, Preset, PresetIssuer,
};
use sigstead_rules::RuleConfig;
use sigstead_trust_root::Place;

use super::browser::{self, BrowserPlace};
use super::file::{IssuersFile, yaml};
use crate::failure::Failure;
use crate::input;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::output::Output;
use crate::recorded::Recorded;
use crate::reload;
use crate::trust::{self, Change};

/// Which issuer, and who of it may sign.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The kind of issuer in one word: github, github-enterprise, gitlab, forgejo, jenkins, tekton, buildkite, circleci,
    /// kubernetes, spiffe, keycloak, entra or google. Without it say `--issuer` and `--type`.
    #[arg(value_name = "PRESET")]
    words: Vec<String>,

    /// The host name of the issuer's server.
    #[arg(long)]
    host: Option<String>,

    /// The realm of a Keycloak.
    #[arg(long)]
    realm: Option<String>,

    /// The identifier of an Entra tenant.
    #[arg(long)]
    tenant: Option<String>,

    /// The SPIFFE trust domain.
    #[arg(long)]
    trust_domain: Option<String>,

    /// The identifier of a `CircleCI` organization.
    #[arg(long)]
    organization: Option<String>,

    /// The URL of the issuer, as in the claim `iss` of its tokens.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,

    /// The audience that its tokens must have. Default: `sigstore`.
    #[arg(long)]
    audience: Option<String>,

    /// What its subjects are, without a preset: email, uri, username, spiffe, kubernetes or another type of Fulcio.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// The domain of the subjects of type uri and username.
    #[arg(long)]
    subject_domain: Option<String>,

    /// A file with the PEM certificates of the only authorities that may certify the issuer's server.
    #[arg(long, value_name = "FILE")]
    ca_cert: Option<PathBuf>,

    /// A rule that lets identities sign, as NAME=EXPRESSION; may be repeated.
    #[arg(long, value_name = "NAME=RULE")]
    allow: Vec<String>,

    /// A rule that lets identities not sign, as NAME=EXPRESSION; may be repeated.
    #[arg(long, value_name = "NAME=RULE")]
    deny: Vec<String>,

    /// Everybody with a token may sign, also where strangers have tokens of this issuer too.
    #[arg(long, conflicts_with = "allow")]
    everybody: bool,

    /// People log in there whose client opens a browser: the issuer comes into the signing config, and it is published.
    #[arg(long, value_name = "PLACE")]
    browser: Option<BrowserPlace>,

    /// Another audience that its tokens may have, for a second application at the same provider; may be repeated.
    #[arg(long, value_name = "AUDIENCE")]
    also_audience: Vec<String>,

    /// Print the entry and change nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Added {
    issuer: String,
    file: String,
    entry: IssuerConfig,
    /// What is written of its provider, if the file lacks it.
    provider: Option<Provider>,
    is_written: bool,
    /// Whether nobody may sign until a rule allows.
    is_closed: bool,
    is_asked: bool,
    /// The issuers of the signing config, if it was changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    browser: Vec<String>,
}

#[derive(Serialize)]
struct Provider {
    name: String,
    description: CiIssuerMetadata,
}

pub(super) async fn run(mut arguments: Arguments, output: Output) -> Result<(), Failure> {
    let words = arguments
        .instance
        .words(std::mem::take(&mut arguments.words));
    let instance = arguments.instance.open()?;
    let mut file = IssuersFile::of(&instance)?;
    let PresetIssuer { issuer, provider } = arguments.made(&words)?;
    let entry = arguments.completed(issuer)?;
    let name = entry.issuer_url.clone();
    let place = arguments.browser.and_then(BrowserPlace::offered);
    let provider = file.lacking(provider);
    file.add(&name, entry.clone(), provider.clone())?;
    if place.is_some() {
        browser::check(&name, &file.config)?;
    }
    let mut added = Added {
        is_closed: file.config.closed().contains(&name.as_str()),
        issuer: name,
        file: file.path.display().to_string(),
        entry,
        provider: provider.map(|(name, description)| Provider { name, description }),
        is_written: !arguments.dry_run,
        is_asked: false,
        browser: Vec::new(),
    };
    if !arguments.dry_run {
        let mut asked = vec![("issuer", added.issuer.clone())];
        asked.extend(
            arguments
                .browser
                .map(|place| ("browser", place.to_string())),
        );
        let recorded = Recorded::begin(&instance, "sigctl issuer add", &asked).await?;
        let written = write(&mut added, &file, &instance, place).await;
        recorded.end(written).await?;
    }
    let shown = shown(&added)?;
    output.print(&added, |added| text(added, &shown));
    Ok(())
}

/// Writes the file, and then publishes where browsers go: nobody is sent to an issuer that is not believed.
async fn write(
    added: &mut Added,
    file: &IssuersFile,
    instance: &Instance,
    place: Option<Place>,
) -> Result<(), Failure> {
    // What is missing for a publication is told before the file changes.
    let change = match place {
        Some(place) => Some((place, Change::begin(instance).await?)),
        None => None,
    };
    file.write()?;
    added.is_asked = !reload::ask(instance, &[Service::Ca]).await?.is_empty();
    if let Some((place, mut change)) = change {
        change.offer_issuer(&added.issuer, place)?;
        change.publish().await?;
        added.browser = trust::offered_issuers(instance)?;
    }
    Ok(())
}

impl Arguments {
    /// What the preset makes, or the type says.
    fn made(&self, words: &[String]) -> Result<PresetIssuer, Failure> {
        match (words, &self.kind) {
            ([word], None) => {
                let preset = Preset::parse(word)
                    .ok_or_else(|| misused(format!("there is no preset {word}")))?;
                let made = preset.issuer(&self.values());
                made.map_err(|fault| misused(fault.to_string()))
            }
            ([], Some(kind)) => self.typed(kind),
            _ => Err(misused(
                "say what kind of issuer it is, by one preset or by --type".to_owned(),
            )),
        }
    }

    fn typed(&self, kind: &str) -> Result<PresetIssuer, Failure> {
        let kind: IssuerType = serde_json::from_value(kind.into())
            .map_err(|_| misused(format!("there is no type {kind}")))?;
        let Some(url) = &self.issuer else {
            return Err(misused("--type needs --issuer with the url".to_owned()));
        };
        self.check_typed(kind)?;
        let audience = self.audience.as_deref().unwrap_or("sigstore");
        let mut issuer = IssuerConfig::new(url, audience, kind);
        let trust_domain = self.trust_domain.clone();
        issuer.spiffe_trust_domain = trust_domain.unwrap_or_default();
        Ok(PresetIssuer {
            issuer,
            provider: None,
        })
    }

    /// What would be of no use is refused, so that nobody believes that it counts.
    fn check_typed(&self, kind: IssuerType) -> Result<(), Failure> {
        let of_presets = [
            ("--host", &self.host),
            ("--realm", &self.realm),
            ("--tenant", &self.tenant),
            ("--organization", &self.organization),
        ];
        let mut of_presets = of_presets.into_iter();
        if let Some((option, _)) = of_presets.find(|(_, value)| value.is_some()) {
            return Err(misused(format!(
                "{option} is for presets, and --type says all without one"
            )));
        }
        if self.trust_domain.is_some() && kind != IssuerType::Spiffe {
            return Err(misused("--trust-domain is for --type spiffe".to_owned()));
        }
        Ok(())
    }

    /// The values that were told, for a preset.
    fn values(&self) -> Vec<(Parameter, &str)> {
        let told = [
            (Parameter::Host, &self.host),
            (Parameter::Realm, &self.realm),
            (Parameter::Tenant, &self.tenant),
            (Parameter::TrustDomain, &self.trust_domain),
            (Parameter::Organization, &self.organization),
            (Parameter::Issuer, &self.issuer),
            (Parameter::Audience, &self.audience),
        ];
        let told = told.into_iter();
        told.filter_map(|(parameter, value)| Some((parameter, value.as_deref()?)))
            .collect()
    }

    fn completed(&self, mut entry: IssuerConfig) -> Result<IssuerConfig, Failure> {
        entry.allow.extend(rules(&self.allow)?);
        entry.deny.extend(rules(&self.deny)?);
        if self.everybody {
            entry.shared = Some(false);
        }
        if let Some(domain) = &self.subject_domain {
            if !matches!(entry.kind, IssuerType::Uri | IssuerType::Username) {
                let kind = entry.kind.as_str();
                return Err(misused(format!(
                    "--subject-domain is for issuers of type uri and username, and this one is of type {kind}"
                )));
            }
            entry.subject_domain.clone_from(domain);
        }
        let other = |audience: &String| AlsoConfig {
            kind: entry.kind,
            client_id: audience.clone(),
            subject_domain: entry.subject_domain.clone(),
        };
        entry
            .also
            .extend(self.also_audience.iter().map(other).collect::<Vec<_>>());
        if let Some(path) = &self.ca_cert {
            entry.ca_cert = String::from_utf8_lossy(&input::read(path)?).into_owned();
        }
        Ok(entry)
    }
}

fn rules(texts: &[String]) -> Result<Vec<RuleConfig>, Failure> {
    let rule = |text: &String| {
        let (name, rule) = text
            .split_once('=')
            .ok_or_else(|| misused(format!("{text} is no rule; write NAME=EXPRESSION")))?;
        Ok(RuleConfig {
            name: name.trim().to_owned(),
            rule: rule.trim().to_owned(),
        })
    };
    texts.iter().map(rule).collect()
}

fn misused(what: String) -> Failure {
    Failure::new("E-CTL-012", what, "sigctl help issuer add")
}

/// What is written, in the form of the file's documentation.
fn shown(added: &Added) -> Result<String, Failure> {
    let entry = yaml(&added.issuer, &added.entry)?;
    let Some(Provider { name, description }) = &added.provider else {
        return Ok(entry);
    };
    let provider = BTreeMap::from([(name, description)]);
    Ok(format!("{}{entry}", yaml("ci-issuer-metadata", &provider)?))
}

fn text(added: &Added, entry: &str) -> String {
    if !added.is_written {
        return entry.to_owned();
    }
    let then = match (added.is_asked, added.is_closed) {
        (_, true) => "nobody of it may sign until a rule allows: add one to its entry",
        (true, false) => "the ca was asked to read it",
        (false, false) => "the ca reads it when it starts",
    };
    let mut text = format!("added {} to {}; {then}", added.issuer, added.file);
    if !added.browser.is_empty() {
        text.push_str(&format!(
            "\npeople log in at {}",
            added.browser.join(", then ")
        ));
    }
    text
}
