//! What a verifier asks for.

use std::fmt;

use regex::Regex;
use sigstead_key::PublicKey;
use sigstead_x509::{Certificate, FulcioExtensions};

use crate::accepted::VerifiedEntry;
use crate::blocked::BlockList;
use crate::failure::Failure;

/// What must be so for a bundle to be accepted.
///
/// Every policy asks for one log entry and one signed certificate timestamp unless [`Policy::with_thresholds`] says
/// otherwise, and for one verified time of a certificate.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(crate) signer: Wanted,
    pub(crate) claims: Vec<(Claim, Pattern)>,
    pub(crate) predicate_type: Option<String>,
    pub(crate) thresholds: Thresholds,
    blocked: Vec<BlockList>,
}

/// Whose signature is asked for.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// One of these identities, each of its issuer.
    Identities(Vec<(Pattern, Pattern)>),
    /// A key.
    Key(PublicKey),
}

/// How many of each kind are asked for, all of different services of the trusted root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Logs that hold an entry about the signature.
    pub entries: usize,
    /// Timestamp authorities.
    pub timestamps: usize,
    /// Logs that promised when they took the entry (Rekor v1).
    pub promises: usize,
    /// Certificate logs that promised to log the signing certificate.
    pub scts: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            entries: 1,
            timestamps: 0,
            promises: 0,
            scts: 1,
        }
    }
}

impl Policy {
    /// Asks for a signature of an identity, both it and its issuer compared exactly.
    #[must_use]
    pub fn identity(identity: &str, issuer: &str) -> Self {
        Self::any_identity(vec![(Pattern::exactly(identity), Pattern::exactly(issuer))])
    }

    /// Asks for a signature of one of several identities, each with the issuer that must have vouched for it. An empty
    /// list accepts nobody.
    #[must_use]
    pub fn any_identity(identities: Vec<(Pattern, Pattern)>) -> Self {
        Self::new(Wanted::Identities(identities))
    }

    /// Asks for a signature of a key.
    #[must_use]
    pub fn key(key: PublicKey) -> Self {
        Self::new(Wanted::Key(key))
    }

    fn new(signer: Wanted) -> Self {
        Self {
            signer,
            claims: Vec::new(),
            predicate_type: None,
            thresholds: Thresholds::default(),
            blocked: Vec::new(),
        }
    }

    /// Asks for a claim of the certificate, beside what was asked for before.
    #[must_use]
    pub fn with_claim(mut self, claim: Claim, wanted: Pattern) -> Self {
        self.claims.push((claim, wanted));
        self
    }

    /// Asks for an attestation of a predicate type.
    #[must_use]
    pub fn with_predicate_type(mut self, predicate_type: &str) -> Self {
        self.predicate_type = Some(predicate_type.to_owned());
        self
    }

    /// Asks for other numbers of log entries, timestamps, promises and SCTs.
    #[must_use]
    pub const fn with_thresholds(mut self, thresholds: Thresholds) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// Refuses what a list has, beside what was refused before.
    #[must_use]
    pub fn with_blocked(mut self, list: BlockList) -> Self {
        self.blocked.push(list);
        self
    }

    /// Refuses a certificate of `issuer` that a list has.
    pub(crate) fn check_certificate(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<(), Failure> {
        let mut lists = self.blocked.iter();
        match lists.find(|list| list.has_certificate(certificate, issuer)) {
            None => Ok(()),
            Some(list) => Err(list.refusal("the signing certificate")),
        }
    }

    /// Refuses an entry that a list has.
    pub(crate) fn check_entry(&self, entry: &VerifiedEntry) -> Result<(), Failure> {
        let mut lists = self.blocked.iter();
        match lists.find(|list| list.has_entry(entry)) {
            None => Ok(()),
            Some(list) => Err(list.refusal("the log entry")),
        }
    }

    /// The key that is asked for, if it is one.
    #[must_use]
    pub const fn wanted_key(&self) -> Option<&PublicKey> {
        match &self.signer {
            Wanted::Key(key) => Some(key),
            Wanted::Identities(_) => None,
        }
    }
}

/// What a text must be.
#[derive(Debug, Clone)]
pub struct Pattern(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Exact(String),
    Regular { source: String, regex: Regex },
}

impl Pattern {
    /// Exactly this text.
    #[must_use]
    pub fn exactly(text: &str) -> Self {
        Self(Kind::Exact(text.to_owned()))
    }

    /// Text that a regular expression matches from its first to its last character. Matching takes time linear in the
    /// text, whatever the expression.
    ///
    /// # Errors
    /// If it is no regular expression.
    pub fn matching(expression: &str) -> Result<Self, regex::Error> {
        // Alone first: `a)|(b` is one only inside the group, where it would match what is not whole.
        Regex::new(expression)?;
        let regex = Regex::new(&format!(r"\A(?:{expression})\z"))?;
        let source = expression.to_owned();
        Ok(Self(Kind::Regular { source, regex }))
    }

    pub(crate) fn accepts(&self, text: &str) -> bool {
        match &self.0 {
            Kind::Exact(wanted) => wanted == text,
            Kind::Regular { regex, .. } => regex.is_match(text),
        }
    }

    fn has_ref(&self) -> bool {
        match &self.0 {
            Kind::Exact(wanted) => wanted.contains('@'),
            Kind::Regular { source, .. } => source.contains('@'),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Exact(wanted) => write!(f, "{wanted:?}"),
            Kind::Regular { source, .. } => write!(f, "what matches {source:?}"),
        }
    }
}

/// A claim of the identity provider about the build, which the certificate repeats (Fulcio's extensions).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Claim {
    /// The repository of the source, by its URL.
    SourceRepository,
    /// The branch or tag of the source.
    SourceRef,
    /// The commit of the source.
    SourceDigest,
    /// The workflow that signed, by its URL. A pattern that has no `@` is compared without the ref that follows it.
    SignerWorkflow,
    /// The workflow that was started, by its URL; compared as the one that signed.
    BuildConfig,
    /// Whose machine built, `github-hosted` for instance.
    RunnerEnvironment,
    /// What started the build.
    Trigger,
}

impl Claim {
    /// The claim's name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SourceRepository => "source repository",
            Self::SourceRef => "source ref",
            Self::SourceDigest => "source digest",
            Self::SignerWorkflow => "signer workflow",
            Self::BuildConfig => "build config",
            Self::RunnerEnvironment => "runner environment",
            Self::Trigger => "trigger",
        }
    }

    pub(crate) fn of(self, extensions: &FulcioExtensions) -> Option<&str> {
        let value = match self {
            Self::SourceRepository => &extensions.source_repository_uri,
            Self::SourceRef => &extensions.source_repository_ref,
            Self::SourceDigest => &extensions.source_repository_digest,
            Self::SignerWorkflow => &extensions.build_signer_uri,
            Self::BuildConfig => &extensions.build_config_uri,
            Self::RunnerEnvironment => &extensions.runner_environment,
            Self::Trigger => &extensions.build_trigger,
        };
        value.as_deref()
    }

    pub(crate) fn is_accepted(self, found: &str, wanted: &Pattern) -> bool {
        let is_workflow = matches!(self, Self::SignerWorkflow | Self::BuildConfig);
        let found = match found.rsplit_once('@') {
            Some((workflow, _)) if is_workflow && !wanted.has_ref() => workflow,
            _ => found,
        };
        wanted.accepts(found)
    }
}
