//! The extensions under 1.3.6.1.4.1.57264.1: who vouched for the identity, and with which claims.

use const_oid::ObjectIdentifier;
use der::asn1::Utf8StringRef;

use crate::structure::{decode, encode};
use crate::{Error, Extension, oid};

/// What the identity provider said. An empty or absent value has no extension.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FulcioExtensions {
    /// The issuer of the identity token; always there, both in `.1` and in `.8`.
    pub issuer: String,
    /// `.2`: what triggered the GitHub workflow.
    pub github_workflow_trigger: Option<String>,
    /// `.3`: the commit of the GitHub workflow.
    pub github_workflow_sha: Option<String>,
    /// `.4`: the name of the GitHub workflow.
    pub github_workflow_name: Option<String>,
    /// `.5`: the repository of the GitHub workflow.
    pub github_workflow_repository: Option<String>,
    /// `.6`: the ref of the GitHub workflow.
    pub github_workflow_ref: Option<String>,
    /// `.9`: the build instructions that signed.
    pub build_signer_uri: Option<String>,
    /// `.10`: their version.
    pub build_signer_digest: Option<String>,
    /// `.11`: whose machine built.
    pub runner_environment: Option<String>,
    /// `.12`: the source.
    pub source_repository_uri: Option<String>,
    /// `.13`: its commit.
    pub source_repository_digest: Option<String>,
    /// `.14`: its ref.
    pub source_repository_ref: Option<String>,
    /// `.15`: its immutable identifier.
    pub source_repository_identifier: Option<String>,
    /// `.16`: its owner.
    pub source_repository_owner_uri: Option<String>,
    /// `.17`: the owner's immutable identifier.
    pub source_repository_owner_identifier: Option<String>,
    /// `.18`: the top-level build instructions.
    pub build_config_uri: Option<String>,
    /// `.19`: their version.
    pub build_config_digest: Option<String>,
    /// `.20`: what triggered the build.
    pub build_trigger: Option<String>,
    /// `.21`: the run.
    pub run_invocation_uri: Option<String>,
    /// `.22`: whether the source was public when it was signed.
    pub source_repository_visibility_at_signing: Option<String>,
    /// `.23`: what the build deploys to.
    pub deployment_environment: Option<String>,
    /// `.24`: the subject of the identity token; empty where the certificate does not say.
    pub subject: String,
    /// What the operator adds under an arc of its own. A certificate does not say whose arc it is, so that none are read
    /// from one.
    pub own: Vec<OwnExtension>,
}

/// An extension that an operator defined: a text, in an extension that is not critical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnExtension {
    /// Its identifier.
    pub oid: ObjectIdentifier,
    /// The text.
    pub value: String,
}

impl FulcioExtensions {
    /// Everything that is there beside issuer and subject: claims by the names of their fields, and the operator's own by
    /// their identifiers.
    #[must_use]
    pub fn named(&self) -> Vec<(String, &str)> {
        let claims = self.claims().map(|(name, value)| (name.to_owned(), value));
        let own = self.own.iter();
        let own = own.map(|extension| (extension.oid.to_string(), extension.value.as_str()));
        claims.chain(own).collect()
    }

    /// In the order of the arcs: `.1` to `.6` raw, `.8` and up as `UTF8String`. The operator's own come last, as those.
    pub(crate) fn to_extensions(&self) -> Result<Vec<Extension>, Error> {
        if self.issuer.is_empty() {
            return Err(Error::Profile("its identity has no issuer"));
        }
        let mut extensions = Vec::new();
        for arc in 1..=LAST_ARC {
            let Some(value) = self.value(arc).filter(|value| !value.is_empty()) else {
                continue;
            };
            let content = if is_raw(arc) {
                value.as_bytes().to_vec()
            } else {
                utf8_string(value)?
            };
            extensions.push(Extension::new(oid_of(arc)?, content));
        }
        for own in &self.own {
            extensions.push(Extension::new(own.oid, utf8_string(&own.value)?));
        }
        Ok(extensions)
    }

    /// Reads them; the two that name the issuer must agree, since clients read one or the other.
    /// `extension` gives the content of an extension of the certificate.
    pub(crate) fn read<'a>(
        extension: impl Fn(&ObjectIdentifier) -> Option<&'a [u8]>,
    ) -> Result<Self, Error> {
        let mut extensions = Self::default();
        let mut issuers = Vec::new();
        for arc in 1..=LAST_ARC {
            let Some(content) = extension(&oid_of(arc)?) else {
                continue;
            };
            let value = if is_raw(arc) {
                let text = std::str::from_utf8(content);
                text.map_err(|_| Error::Malformed("a claim of the certificate"))?
                    .to_owned()
            } else {
                decode::<Utf8StringRef<'_>>("a claim of the certificate", content)?
                    .as_str()
                    .to_owned()
            };
            match extensions.claim_mut(arc) {
                Some(slot) => *slot = Some(value),
                None if arc == SUBJECT => extensions.subject = value,
                None => issuers.push(value),
            }
        }
        if issuers.windows(2).any(|pair| pair.first() != pair.last()) {
            return Err(Error::IssuerAmbiguous);
        }
        extensions.issuer = issuers
            .pop()
            .ok_or(Error::ExtensionMissing(oid_of(ISSUER_V2)?))?;
        Ok(extensions)
    }

    fn value(&self, arc: u32) -> Option<&str> {
        match arc {
            ISSUER | ISSUER_V2 => Some(&self.issuer),
            SUBJECT => Some(&self.subject),
            _ => self.claim(arc),
        }
    }
}

/// The arcs that hold claims, each with its field: told once, for writing and for reading.
macro_rules! claims {
    ($($arc:literal => $field:ident,)*) => {
        impl FulcioExtensions {
            /// The claims that are there beside issuer and subject, by the names of their fields.
            pub fn claims(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [$((stringify!($field), self.$field.as_deref()),)*]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?)))
            }

            /// The names of the fields that hold claims, in the order of their arcs.
            pub const CLAIMS: &[&str] = &[$(stringify!($field)),*];

            /// Sets the claim of a field that is known by its name only. Says whether there is one.
            pub fn set_claim(&mut self, name: &str, value: String) -> bool {
                match name {
                    $(stringify!($field) => self.$field = Some(value),)*
                    _ => return false,
                }
                true
            }

            fn claim(&self, arc: u32) -> Option<&str> {
                match arc {
                    $($arc => self.$field.as_deref(),)*
                    _ => None,
                }
            }

            const fn claim_mut(&mut self, arc: u32) -> Option<&mut Option<String>> {
                match arc {
                    $($arc => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

claims! {
    2 => github_workflow_trigger,
    3 => github_workflow_sha,
    4 => github_workflow_name,
    5 => github_workflow_repository,
    6 => github_workflow_ref,
    9 => build_signer_uri,
    10 => build_signer_digest,
    11 => runner_environment,
    12 => source_repository_uri,
    13 => source_repository_digest,
    14 => source_repository_ref,
    15 => source_repository_identifier,
    16 => source_repository_owner_uri,
    17 => source_repository_owner_identifier,
    18 => build_config_uri,
    19 => build_config_digest,
    20 => build_trigger,
    21 => run_invocation_uri,
    22 => source_repository_visibility_at_signing,
    23 => deployment_environment,
}

fn utf8_string(value: &str) -> Result<Vec<u8>, Error> {
    let text = Utf8StringRef::new(value).map_err(Error::structure("a claim"))?;
    encode("a claim", &text)
}

/// `.1` to `.6` have no DER around their text, and some clients read only them.
const fn is_raw(arc: u32) -> bool {
    arc < 7
}

fn oid_of(arc: u32) -> Result<ObjectIdentifier, Error> {
    oid::FULCIO
        .push_arc(arc)
        .map_err(|_| Error::Malformed("an arc"))
}

const ISSUER: u32 = 1;
const ISSUER_V2: u32 = 8;
const SUBJECT: u32 = 24;
const LAST_ARC: u32 = 24;
