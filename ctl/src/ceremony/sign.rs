//! `sigctl ceremony sign`: one holder's signature.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_ceremony::{HolderName, Partial, Proposal, Signatures, ToSign};
use sigstead_kit::{Clock as _, SystemClock};

use super::certificates;
use super::key::HoldersKey;
use super::medium::{Medium, signature_file};
use super::refusal::{refuse_other_words, refused};
use super::rehearsal::rehearse;
use crate::failure::Failure;
use crate::output::Output;
use crate::trust::TufSigner;

/// What is signed, and with what.
#[derive(Args)]
pub(super) struct Arguments {
    /// The medium.
    medium: PathBuf,

    #[command(flatten)]
    key: HoldersKey,

    /// The words that `review` printed and the others heard. What has other words is not signed.
    #[arg(long, value_name = "WORDS")]
    words: String,
}

#[derive(Serialize)]
struct Signed {
    name: HolderName,
    file: String,
    words: String,
}

/// 1. What the medium has is made into the proposal, whose words must be those that were reviewed.
/// 2. The rules are looked at, and throw-away keys sign.
/// 3. The key signs the root, the versions of the targets that are its own to sign, and the statement of what was seen.
/// 4. All of it goes to the medium, where an older signature of the same key over another draft was.
///
/// A crash leaves the medium without the signature or with it.
pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let medium = Medium::at(&arguments.medium);
    if certificates::are_on(&medium)? {
        return certificates::sign::run(medium, &arguments.key, &arguments.words, output).await;
    }
    let proposal = medium.proposal()?;
    refuse_other_words(proposal.digest(), &arguments.words)?;
    rehearse(&proposal).await?;
    let key = arguments.key.open().await?;
    let partial = signed(&proposal, &key).await?;
    let file = signature_file(&partial);
    if is_signed(&medium, &proposal, &file)? {
        medium.refuse_existing(&file)?;
    }
    medium.put(&file, &partial.encode())?;
    let signed = Signed {
        name: partial.statement.name,
        file,
        words: proposal.digest().words(),
    };
    output.print(&signed, |signed| {
        format!(
            "signed as {}; {} was written, and nothing else on the medium changed",
            signed.name, signed.file
        )
    });
    Ok(())
}

async fn signed(proposal: &Proposal, key: &TufSigner) -> Result<Partial, Failure> {
    let to_sign = ToSign::new(proposal, key.key(), SystemClock.now());
    let to_sign = to_sign.map_err(refused)?;
    let root = match &to_sign.root {
        Some(root) => Some(key.sign_bytes("root", root).await?),
        None => None,
    };
    let mut targets = Vec::new();
    for version in &to_sign.targets {
        targets.push(key.sign_bytes("targets", version).await?);
    }
    let signatures = Signatures {
        root,
        targets,
        attested: key.sign_bytes("ceremony", &to_sign.attested).await?,
    };
    Ok(to_sign.signed(&signatures))
}

/// Whether what is there is over this draft. What is not makes room.
fn is_signed(medium: &Medium<'_>, proposal: &Proposal, file: &str) -> Result<bool, Failure> {
    let Some(bytes) = medium.find(file)? else {
        return Ok(false);
    };
    let partial = Partial::parse(&bytes).map_err(refused)?;
    Ok(partial.is_over(proposal))
}
