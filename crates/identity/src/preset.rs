use std::collections::BTreeMap;
use std::fmt;

use sigstead_rules::RuleConfig;
use url::Url;

use crate::certificate_uri::CertificateUri;
use crate::spiffe_id::is_trust_domain;
use crate::{CiIssuerMetadata, IssuerConfig, IssuerType, IssuersConfig};

mod provider;

/// An issuer that one word describes, with what is particular to an organization left open.
///
/// ```
/// use sigstead_identity::{IssuersConfig, Parameter, Preset};
///
/// let gitlab = Preset::parse("gitlab").unwrap();
/// let made = gitlab.issuer(&[(Parameter::Host, "gitlab.example.com")])?;
/// let config = IssuersConfig::default().with_preset(made);
/// assert!(config.issuers.contains_key("https://gitlab.example.com"));
/// # Ok::<(), sigstead_identity::PresetFault>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// GitHub Actions of github.com.
    Github,
    /// GitHub Actions of a GitHub Enterprise Server, or of GitHub Enterprise Cloud at a host of ghe.com.
    GithubEnterprise,
    /// GitLab CI of gitlab.com or of another GitLab.
    Gitlab,
    /// Forgejo Actions of a Forgejo from version 15 on, such as Codeberg.
    Forgejo,
    /// Builds of a Jenkins with its OpenID Connect Provider plugin.
    Jenkins,
    /// Tekton, whose runs have tokens of their Kubernetes cluster.
    Tekton,
    /// Buildkite.
    Buildkite,
    /// `CircleCI`, for one organization.
    Circleci,
    /// Service accounts of a Kubernetes cluster.
    Kubernetes,
    /// Workloads of a SPIFFE trust domain.
    Spiffe,
    /// People of a realm of a Keycloak.
    Keycloak,
    /// People of a tenant of Microsoft Entra ID.
    Entra,
    /// People and service accounts of Google.
    Google,
}

/// What a preset leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parameter {
    /// Host name of the server, with its port and path if it has some.
    Host,
    /// The realm.
    Realm,
    /// The identifier of the tenant.
    Tenant,
    /// The SPIFFE trust domain.
    TrustDomain,
    /// The URL of the issuer.
    Issuer,
    /// The identifier of the organization.
    Organization,
    /// The audience that tokens must have. Default: `sigstore`.
    Audience,
}

/// The entries of the file of issuers that a preset makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresetIssuer {
    /// The issuer.
    pub issuer: IssuerConfig,
    /// For type `ci-provider`: name and description of the provider.
    pub provider: Option<(String, CiIssuerMetadata)>,
}

/// Why a preset makes no issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PresetFault {
    /// A value is needed.
    #[error("{preset} needs {parameter}: {}", parameter.meaning())]
    Missing {
        /// The preset.
        preset: Preset,
        /// Which value.
        parameter: Parameter,
    },
    /// A value is of no use.
    #[error("{preset} has no {parameter}")]
    Unexpected {
        /// The preset.
        preset: Preset,
        /// Which value.
        parameter: Parameter,
    },
    /// A value cannot be.
    #[error("{found:?} cannot be {parameter}: {}", parameter.meaning())]
    Invalid {
        /// Which value.
        parameter: Parameter,
        /// What it is.
        found: String,
    },
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 13] = [
        Self::Github,
        Self::GithubEnterprise,
        Self::Gitlab,
        Self::Forgejo,
        Self::Jenkins,
        Self::Tekton,
        Self::Buildkite,
        Self::Circleci,
        Self::Kubernetes,
        Self::Spiffe,
        Self::Keycloak,
        Self::Entra,
        Self::Google,
    ];

    /// The preset of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == word)
    }

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::GithubEnterprise => "github-enterprise",
            Self::Gitlab => "gitlab",
            Self::Forgejo => "forgejo",
            Self::Jenkins => "jenkins",
            Self::Tekton => "tekton",
            Self::Buildkite => "buildkite",
            Self::Circleci => "circleci",
            Self::Kubernetes => "kubernetes",
            Self::Spiffe => "spiffe",
            Self::Keycloak => "keycloak",
            Self::Entra => "entra",
            Self::Google => "google",
        }
    }

    /// Whose tokens it is for, in a few words for people.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Github => "GitHub Actions of github.com",
            Self::GithubEnterprise => "GitHub Actions of an enterprise's own host",
            Self::Gitlab => "GitLab CI",
            Self::Forgejo => "Forgejo Actions (Forgejo 15 or later)",
            Self::Jenkins => "Jenkins with the OpenID Connect Provider plugin",
            Self::Tekton => "Tekton, by the service accounts of its runs",
            Self::Buildkite => "Buildkite",
            Self::Circleci => "CircleCI, one organization",
            Self::Kubernetes => "service accounts of a Kubernetes cluster",
            Self::Spiffe => "workloads of a SPIFFE trust domain",
            Self::Keycloak => "people of a Keycloak realm",
            Self::Entra => {
                "people of a Microsoft Entra tenant, by the address that the tenant gives them"
            }
            Self::Google => "people and service accounts of Google",
        }
    }

    /// What must be told.
    #[must_use]
    pub const fn needs(self) -> &'static [Parameter] {
        match self {
            Self::Github | Self::Gitlab | Self::Buildkite | Self::Google => &[],
            Self::GithubEnterprise | Self::Forgejo | Self::Jenkins => &[Parameter::Host],
            Self::Tekton | Self::Kubernetes => &[Parameter::Issuer],
            Self::Circleci => &[Parameter::Organization],
            Self::Spiffe => &[Parameter::Issuer, Parameter::TrustDomain],
            Self::Keycloak => &[Parameter::Host, Parameter::Realm],
            // An application's tokens are for that application only.
            Self::Entra => &[Parameter::Tenant, Parameter::Audience],
        }
    }

    /// What may be told besides.
    #[must_use]
    pub const fn takes(self) -> &'static [Parameter] {
        match self {
            Self::Gitlab => &[Parameter::Host, Parameter::Audience],
            Self::Entra => &[],
            _ => &[Parameter::Audience],
        }
    }

    /// The entries of the file of issuers for these values.
    ///
    /// # Errors
    /// A value is missing, of no use, or cannot be.
    pub fn issuer(self, values: &[(Parameter, &str)]) -> Result<PresetIssuer, PresetFault> {
        let values = self.check(values)?;
        let value = |parameter| values.get(&parameter).copied().unwrap_or_default();
        let host = match value(Parameter::Host) {
            "" => "gitlab.com",
            host => host,
        };
        let url = self.issuer_url(host, &value);
        let audience = match value(Parameter::Audience) {
            "" => "sigstore",
            audience => audience,
        };
        let mut issuer = IssuerConfig::new(url, audience, self.kind());
        self.description().clone_into(&mut issuer.description);
        value(Parameter::TrustDomain).clone_into(&mut issuer.spiffe_trust_domain);
        // Entra says nothing about verification: addresses are what the tenant's administrators enter.
        issuer.skip_email_verification = self == Self::Entra;
        let provider = provider::describe(self, host).map(|metadata| {
            // Another server of the same kind has another url.
            let name = match value(Parameter::Host) {
                "" => self.as_str().to_owned(),
                host => format!("{}:{host}", self.as_str()),
            };
            issuer.ci_provider.clone_from(&name);
            (name, metadata)
        });
        // These write the name of a build themselves, and a server names builds of its own only.
        if matches!(self, Self::Gitlab | Self::Jenkins) {
            issuer.deny.push(RuleConfig {
                name: "build of another server".to_owned(),
                rule: format!("!san.startsWith(\"https://{host}/\")"),
            });
        }
        Ok(PresetIssuer { issuer, provider })
    }

    fn issuer_url<'a>(self, host: &str, value: &dyn Fn(Parameter) -> &'a str) -> String {
        match self {
            Self::Github => "https://token.actions.githubusercontent.com".to_owned(),
            Self::GithubEnterprise if host.ends_with(".ghe.com") => {
                format!("https://token.actions.{host}")
            }
            Self::GithubEnterprise => format!("https://{host}/_services/token"),
            Self::Gitlab => format!("https://{host}"),
            Self::Forgejo => format!("https://{host}/api/actions"),
            Self::Jenkins => format!("https://{host}/oidc"),
            Self::Buildkite => "https://agent.buildkite.com".to_owned(),
            Self::Circleci => format!(
                "https://oidc.circleci.com/org/{}",
                value(Parameter::Organization)
            ),
            Self::Tekton | Self::Kubernetes | Self::Spiffe => value(Parameter::Issuer).to_owned(),
            Self::Keycloak => format!("https://{host}/realms/{}", value(Parameter::Realm)),
            Self::Entra => format!(
                "https://login.microsoftonline.com/{}/v2.0",
                value(Parameter::Tenant)
            ),
            Self::Google => "https://accounts.google.com".to_owned(),
        }
    }

    const fn kind(self) -> IssuerType {
        match self {
            Self::Github
            | Self::GithubEnterprise
            | Self::Gitlab
            | Self::Forgejo
            | Self::Jenkins
            | Self::Buildkite
            | Self::Circleci => IssuerType::CiProvider,
            Self::Tekton | Self::Kubernetes => IssuerType::Kubernetes,
            Self::Spiffe => IssuerType::Spiffe,
            Self::Keycloak | Self::Entra | Self::Google => IssuerType::Email,
        }
    }

    fn check<'a>(
        self,
        values: &[(Parameter, &'a str)],
    ) -> Result<BTreeMap<Parameter, &'a str>, PresetFault> {
        let preset = self;
        for (parameter, found) in values.iter().copied() {
            if !self.needs().contains(&parameter) && !self.takes().contains(&parameter) {
                return Err(PresetFault::Unexpected { preset, parameter });
            }
            if !parameter.is_valid(found) {
                let found = found.to_owned();
                return Err(PresetFault::Invalid { parameter, found });
            }
        }
        let values: BTreeMap<_, _> = values.iter().copied().collect();
        let missing = self.needs().iter().find(|name| !values.contains_key(name));
        match missing.copied() {
            Some(parameter) => Err(PresetFault::Missing { preset, parameter }),
            None => Ok(values),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Parameter {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Realm => "realm",
            Self::Tenant => "tenant",
            Self::TrustDomain => "trust-domain",
            Self::Issuer => "issuer",
            Self::Organization => "organization",
            Self::Audience => "audience",
        }
    }

    /// What is to be told, for people.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Host => "the host name of the server as people type it, such as ci.example.com",
            Self::Realm => "the name of the realm as it stands in its URL",
            Self::Tenant => "the tenant's identifier, a UUID",
            Self::TrustDomain => "the trust domain, such as example.org",
            Self::Issuer => "the URL in the claim iss of its tokens, with https://",
            Self::Organization => "the organization's identifier, a UUID",
            Self::Audience => "the audience in the claim aud of its tokens",
        }
    }

    fn is_valid(self, value: &str) -> bool {
        match self {
            Self::Host => is_plain_url(&format!("https://{value}")),
            Self::Realm => is_plain_url(&format!("https://host/{value}")) && !value.contains('/'),
            Self::Tenant | Self::Organization => is_uuid(value),
            Self::TrustDomain => is_trust_domain(value),
            Self::Issuer => Url::parse(value).is_ok_and(|url| url.scheme() == "https"),
            Self::Audience => !value.trim().is_empty(),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl IssuersConfig {
    /// Adds what a preset made; entries of the same names are replaced.
    #[must_use]
    pub fn with_preset(mut self, preset: PresetIssuer) -> Self {
        self.ci_issuer_metadata.extend(preset.provider);
        self.with_issuer(preset.issuer)
    }
}

/// Whether a URL is written in the one way that everybody writes it, and can go on with a path.
fn is_plain_url(text: &str) -> bool {
    let parsed = Url::parse(text).ok().zip(CertificateUri::parse(text).ok());
    !text.ends_with('/')
        && !text.contains(['?', '#', '@', '%'])
        && parsed.is_some_and(|(url, uri)| {
            uri.to_string() == text && url.as_str().trim_end_matches('/') == text
        })
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}
