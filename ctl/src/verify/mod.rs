//! `sigctl verify`: every check of a bundle, offline.

mod artifact;
mod copy;
mod inputs;
mod later;
mod policy;
mod report;
pub(crate) mod trust;

use std::path::{Path, PathBuf};

use clap::Args;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::TrustedRoot;
use sigstead_verify::{Accepted, Artifact, Bundle, Explanation, Policy, Verifier};

use self::later::may_be_later;
use crate::failure::Failure;
use crate::input;
use crate::output::Output;

/// What is verified, and whose signature is wanted.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The files; `-` for standard input. Where no such file is: a digest, `sha256:`, `sha384:` or `sha512:` and its hex.
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// The bundle. Default: FILE.sigstore.json, or else FILE.sigstore.
    #[arg(long)]
    bundle: Option<PathBuf>,

    #[command(flatten)]
    policy: policy::Asked,

    #[command(flatten)]
    trust: trust::Trust,

    #[command(flatten)]
    copies: copy::Copies,

    /// Show every check in its order, with what it expected and found.
    #[arg(long)]
    explain: bool,

    /// Print the predicate of the verified attestation, and nothing else.
    #[arg(long, conflicts_with = "explain")]
    print_predicate: bool,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let trusted = arguments.trust.read()?;
    let policy = arguments.policy.read(trusted.issuer.as_deref())?;
    let verifier = Verifier::of_instances(trusted.roots.clone());
    let mut reports = Vec::new();
    for file in &arguments.files {
        let (bundle, explanation) = verify(&verifier, &arguments, file, &policy)?;
        if arguments.explain && output == Output::Text {
            print_steps(&explanation, output);
        }
        let accepted = explanation.outcome.map_err(|failure| {
            let named = named_among(&arguments.files, file);
            let later = may_be_later(&failure, &bundle, trusted.knows_until, named);
            later.unwrap_or_else(|| refused(&failure, &arguments.files, file))
        })?;
        arguments.copies.check(&bundle, &trusted.roots)?;
        let steps = arguments.explain.then_some(explanation.steps);
        reports.push(report::Report::new(file, &accepted, steps));
    }
    let mut inputs = trusted.inputs;
    inputs.extend(arguments.copies.inputs()?);
    let reports = report::Reports {
        verified: reports,
        inputs,
    };
    if arguments.print_predicate {
        return reports.print_predicates(output);
    }
    let now = SystemClock.now();
    output.print(&reports, |reports| reports.text(now));
    Ok(())
}

fn verify(
    verifier: &Verifier,
    arguments: &Arguments,
    file: &Path,
    policy: &Policy,
) -> Result<(Bundle, Explanation), Failure> {
    let path = artifact::bundle_of(file, arguments.bundle.as_deref())?;
    let bundle = Bundle::parse(&input::read_file(&path)?)
        .map_err(|failure| refused(&failure, &arguments.files, file))?;
    let hashes = bundle
        .hashes(policy.wanted_key())
        .map_err(|failure| refused(&failure, &arguments.files, file))?;
    let is_needed_whole = bundle.needs_artifact(policy.wanted_key());
    let artifact = artifact::Known::read(file, &hashes, is_needed_whole)?;
    let explanation = verifier.explain(&bundle, artifact.get(), policy);
    Ok((bundle, explanation))
}

/// Runs all checks; a failure carries the code of the check.
pub(crate) fn check(
    trusted_root: &Path,
    bundle: &[u8],
    artifact: Artifact<'_>,
    policy: &Policy,
) -> Result<Accepted, Failure> {
    check_with(trust::read(trusted_root)?, bundle, artifact, policy)
}

/// The same by trusted roots that were read already.
pub(crate) fn check_with(
    trusted_roots: Vec<TrustedRoot>,
    bundle: &[u8],
    artifact: Artifact<'_>,
    policy: &Policy,
) -> Result<Accepted, Failure> {
    let verifier = Verifier::of_instances(trusted_roots);
    let bundle = Bundle::parse(bundle).map_err(|failure| named(&failure, None))?;
    verifier
        .verify(&bundle, artifact, policy)
        .map_err(|failure| named(&failure, None))
}

/// A refusal says which file it is about, where there are several.
fn refused(failure: &sigstead_verify::Failure, files: &[PathBuf], file: &Path) -> Failure {
    named(failure, named_among(files, file))
}

fn named_among<'a>(files: &[PathBuf], file: &'a Path) -> Option<&'a Path> {
    (files.len() > 1).then_some(file)
}

/// What a sentence about a file begins with.
fn beginning(file: Option<&Path>) -> String {
    file.map_or_else(String::new, |file| format!("{}: ", file.display()))
}

fn named(failure: &sigstead_verify::Failure, file: Option<&Path>) -> Failure {
    let mut what = beginning(file);
    what.push_str(failure.check().problem());
    if let Some(difference) = failure.difference() {
        let (expected, found) = (&difference.expected, &difference.found);
        what.push_str(&format!(": expected {expected}, found {found}"));
    }
    let named = Failure::named(failure.code(), what, failure.remedy());
    match std::error::Error::source(failure) {
        Some(cause) => named.because(sigstead_kit::causes(cause)),
        None => named,
    }
}

fn print_steps(explanation: &Explanation, output: Output) {
    for step in &explanation.steps {
        output.print(&(), |()| report::step_text(step));
    }
    if let Err(failure) = &explanation.outcome {
        output.print(&(), |()| report::failed_text(failure));
    }
}

const EXAMPLES: &str = "\
Examples:
  sigctl verify FILE --instance DIR --identity alice@example.com
  sigctl verify FILE --trusted-root root.json --identity alice@example.com --issuer https://issuer.example.com
  sigctl verify FILE --trusted-root root.json --key public.pem
  sigctl verify sha512:HEX --bundle provenance.json --trusted-root root.json \\
      --identity-regexp 'https://github[.]com/example/.*' --issuer https://token.actions.githubusercontent.com \\
      --source-repo https://github.com/example/project --print-predicate";
