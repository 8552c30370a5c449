//! `sigctl ceremony verify`: a stranger checks a ceremony again.

use std::path::PathBuf;

use clap::Args;
use sigstead_ceremony::{Proposal, Transcript};

use super::certificates;
use super::medium::{Medium, ROOT, TRANSCRIPT};
use super::refusal::{differs, refused};
use super::told::changes;
use super::verified::Verified;
use crate::failure::Failure;
use crate::output::Output;
use crate::private;

/// What is checked.
#[derive(Args)]
pub(super) struct Arguments {
    /// The medium, or a transcript alone, as in trust/ceremonies of the instance.
    transcript: PathBuf,

    /// A root that clients have: the one that the ceremony is said to have made. Of a certificate: the chain that it made.
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let is_medium = arguments.transcript.is_dir();
    let path = match is_medium {
        true => arguments.transcript.join(TRANSCRIPT),
        false => arguments.transcript.clone(),
    };
    let json = read(&path)?;
    if certificates::is_transcript(&json) {
        let medium = is_medium.then(|| Medium::at(&arguments.transcript));
        return certificates::verify::run(&json, medium, arguments.root.as_deref(), output);
    }
    let transcript = Transcript::parse(&json).map_err(refused)?;
    let proposal = transcript.verify().map_err(refused)?;
    if is_medium {
        refuse_other_medium(&Medium::at(&arguments.transcript), &proposal)?;
    }
    let root = match (&arguments.root, is_medium) {
        (Some(root), _) => Some(root.clone()),
        (None, true) => Some(arguments.transcript.join(ROOT)),
        (None, false) => None,
    };
    if let Some(root) = root {
        refuse_other_root(&root, &transcript)?;
    }
    let statements = transcript.signatures().iter().map(|it| &it.statement);
    let verified = Verified::new(changes(&proposal), proposal.digest(), statements);
    output.print(&verified, Verified::text);
    Ok(())
}

/// The parts of the medium must be those of the transcript, so that neither was changed since.
fn refuse_other_medium(medium: &Medium<'_>, proposal: &Proposal) -> Result<(), Failure> {
    let on_medium = medium.proposal()?;
    match on_medium.digest() == proposal.digest() {
        true => Ok(()),
        false => Err(differs(
            "the draft on the medium is not the one of the transcript",
        )),
    }
}

fn refuse_other_root(path: &std::path::Path, transcript: &Transcript) -> Result<(), Failure> {
    match read(path)? == transcript.root.encode() {
        true => Ok(()),
        false => Err(differs(&format!(
            "{} is not the root of the transcript",
            path.display()
        ))),
    }
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    private::read(path, LARGEST).map_err(|error| Failure::file("read", path, error))
}

const LARGEST: u64 = 8 << 20;
