//! What the options of `sigctl verify` ask for.

use std::path::{Path, PathBuf};

use clap::Args;
use sigstead_verify::{BlockList, Claim, Pattern, Policy, Thresholds};

use crate::failure::Failure;
use crate::input;

/// Whose signature is wanted, and what must be true of it.
#[derive(Args)]
pub(super) struct Asked {
    /// An identity that may have signed, compared exactly. Of several, one is enough.
    #[arg(long, conflicts_with = "key", help_heading = "Signer")]
    identity: Vec<String>,

    /// The same as a regular expression, which must match the whole identity.
    #[arg(long, conflicts_with = "key", help_heading = "Signer")]
    identity_regexp: Vec<String>,

    /// An issuer that may have vouched for the identity, compared exactly; each one for every identity. Default: the
    /// instance's own.
    #[arg(long, conflicts_with = "key", help_heading = "Signer")]
    issuer: Vec<String>,

    /// The same as a regular expression, which must match the whole issuer.
    #[arg(long, conflicts_with = "key", help_heading = "Signer")]
    issuer_regexp: Vec<String>,

    /// A file with the public key that must have signed, PEM or DER, in place of an identity.
    #[arg(long, help_heading = "Signer")]
    key: Option<PathBuf>,

    /// The repository of the source, by its URL.
    #[arg(long, conflicts_with = "key", help_heading = "Build")]
    source_repo: Option<String>,

    /// The branch or tag of the source, as in refs/heads/main.
    #[arg(long, conflicts_with = "key", help_heading = "Build")]
    source_ref: Option<String>,

    /// The commit of the source.
    #[arg(long, conflicts_with = "key", help_heading = "Build")]
    source_digest: Option<String>,

    /// The workflow that signed, by its URL; with @ and a ref, that version of it only.
    #[arg(long, conflicts_with = "key", help_heading = "Build")]
    signer_workflow: Option<String>,

    /// The workflow that was started, by its URL; with @ and a ref, that version of it only.
    #[arg(long, conflicts_with = "key", help_heading = "Build")]
    build_config: Option<String>,

    /// Whose machine built, as in github-hosted.
    #[arg(long, conflicts_with = "key", help_heading = "Build")]
    runner_environment: Option<String>,

    /// What started the build, as in push.
    #[arg(long, conflicts_with = "key", help_heading = "Build")]
    trigger: Option<String>,

    /// The type that the attestation must have.
    #[arg(long, value_name = "URI", help_heading = "Build")]
    predicate_type: Option<String>,

    /// Do without a log of signatures; a timestamp is needed then.
    #[arg(long, conflicts_with_all = ["min_log_entries", "min_promises"], help_heading = "Thresholds")]
    no_log: bool,

    /// How many logs must hold the signature.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        help_heading = "Thresholds"
    )]
    min_log_entries: usize,

    /// How many logs must have promised when they took the signature.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "Thresholds"
    )]
    min_promises: usize,

    /// How many timestamp authorities must say when it was made. Default: 0, and 1 with --no-log.
    #[arg(
        long,
        value_name = "N",
        visible_alias = "min-timestamps",
        help_heading = "Thresholds"
    )]
    timestamps: Option<usize>,

    /// How many certificate logs must have promised to log the signing certificate.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        help_heading = "Thresholds"
    )]
    min_scts: usize,

    /// A block list, as `sigctl emergency` writes it: what is in it is refused. It may be given several times.
    #[arg(long, value_name = "FILE", help_heading = "Trust")]
    blocked: Vec<PathBuf>,
}

impl Asked {
    /// The policy. `own_issuer` counts where no issuer is named.
    pub(super) fn read(&self, own_issuer: Option<&str>) -> Result<Policy, Failure> {
        let mut policy = match &self.key {
            Some(path) => Policy::key(input::read_public_key(path)?),
            None => Policy::any_identity(self.identities(own_issuer)?),
        };
        for (claim, wanted) in self.claims() {
            policy = policy.with_claim(claim, Pattern::exactly(wanted));
        }
        if let Some(predicate_type) = &self.predicate_type {
            policy = policy.with_predicate_type(predicate_type);
        }
        for path in &self.blocked {
            policy = policy.with_blocked(block_list(path)?);
        }
        Ok(policy.with_thresholds(self.thresholds()))
    }

    fn identities(&self, own_issuer: Option<&str>) -> Result<Vec<(Pattern, Pattern)>, Failure> {
        let identities = patterns(&self.identity, &self.identity_regexp)?;
        if identities.is_empty() {
            return Err(Failure::new(
                "E-CTL-012",
                "nobody is named whose signature is wanted",
                "name --identity or --identity-regexp, or --key for a signature by a key",
            ));
        }
        let mut issuers = patterns(&self.issuer, &self.issuer_regexp)?;
        if issuers.is_empty() {
            issuers.extend(own_issuer.map(Pattern::exactly));
        }
        if issuers.is_empty() {
            return Err(Failure::new(
                "E-CTL-012",
                "no issuer is named that vouches for the identity",
                "name --issuer or --issuer-regexp, or --instance for the issuer of an instance",
            ));
        }
        let pair = |identity: &Pattern| {
            let identity = identity.clone();
            issuers
                .clone()
                .into_iter()
                .map(move |issuer| (identity.clone(), issuer))
        };
        Ok(identities.iter().flat_map(pair).collect())
    }

    fn claims(&self) -> impl Iterator<Item = (Claim, &str)> {
        [
            (Claim::SourceRepository, &self.source_repo),
            (Claim::SourceRef, &self.source_ref),
            (Claim::SourceDigest, &self.source_digest),
            (Claim::SignerWorkflow, &self.signer_workflow),
            (Claim::BuildConfig, &self.build_config),
            (Claim::RunnerEnvironment, &self.runner_environment),
            (Claim::Trigger, &self.trigger),
        ]
        .into_iter()
        .filter_map(|(claim, wanted)| Some((claim, wanted.as_deref()?)))
    }

    fn thresholds(&self) -> Thresholds {
        Thresholds {
            entries: if self.no_log { 0 } else { self.min_log_entries },
            timestamps: self.timestamps.unwrap_or_else(|| usize::from(self.no_log)),
            promises: self.min_promises,
            scts: self.min_scts,
        }
    }
}

fn patterns(exact: &[String], expressions: &[String]) -> Result<Vec<Pattern>, Failure> {
    let mut patterns: Vec<_> = exact.iter().map(|text| Pattern::exactly(text)).collect();
    for expression in expressions {
        let pattern = Pattern::matching(expression).map_err(|error| {
            Failure::new(
                "E-CTL-012",
                format!("{expression:?} is no regular expression"),
                "write one in the syntax of the Rust crate regex, which is close to RE2",
            )
            .because(error)
        })?;
        patterns.push(pattern);
    }
    Ok(patterns)
}

fn block_list(path: &Path) -> Result<BlockList, Failure> {
    BlockList::parse(&input::read_file(path)?).map_err(|error| {
        Failure::new(
            "E-CTL-436",
            format!("{} is no block list", path.display()),
            "name a file as `sigctl emergency` writes it",
        )
        .because(error)
    })
}
