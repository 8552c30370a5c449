//! `sigctl ceremony make-root`: the key of a new root, on a machine that has no network.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use sigstead_ceremony::certificates::{RootBrought, Term};
use sigstead_key::Algorithm;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_signer::Signer;
use sigstead_x509::{Certificate, Rank, lint_authority_certificate};

use super::super::key::HoldersKey;
use super::super::medium::Medium;
use super::super::refusal::refused;
use super::medium::{BROUGHT, CertificateMedium};
use super::rehearsal::{failed, sign};
use crate::failure::Failure;
use crate::output::Output;

/// Where the key is made.
#[derive(Args)]
pub(in crate::ceremony) struct Arguments {
    /// The medium.
    medium: PathBuf,

    #[command(flatten)]
    key: HoldersKey,
}

#[derive(Serialize)]
struct Made {
    name: String,
    key: String,
    file: &'static str,
}

/// 1. The draft and the clock are looked at, and what would be written over.
/// 2. A throw-away key signs what the root will say, and that is linted.
/// 3. The key is made, on this machine, and signs it for itself.
/// 4. The certificate is linted and goes to the medium.
///
/// A crash behind 3 leaves a key that nobody knows; another one is made under another name.
pub(in crate::ceremony) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let medium = CertificateMedium::of(Medium::at(&arguments.medium));
    let draft = medium.draft()?;
    let now = SystemClock.now().truncate_to_second();
    let term = draft.check_makes_root(now).map_err(refused)?;
    medium.files().refuse_existing(BROUGHT)?;
    arguments.key.refuse_existing().await?;
    let throw_away = sigstead_signer::ephemeral(Algorithm::EcdsaP384Sha384);
    self_signed(term, &throw_away.map_err(|error| failed(&error))?).await?;
    let key = arguments.key.make_root().await?;
    let root = self_signed(term, &key).await?;
    let brought = RootBrought::new(&draft, &root, now);
    medium.files().put(BROUGHT, &brought.encode())?;
    let made = Made {
        name: root.subject_name().common_name,
        key: root.public_key().fingerprint(),
        file: BROUGHT,
    };
    output.print(&made, |made| {
        format!(
            "made the key {} of {}; {} was written, and nothing else on the medium changed\n\
             the key stays on this machine: keep it and its passphrase apart, and make copies of both",
            made.key, made.name, made.file
        )
    });
    Ok(())
}

async fn self_signed(term: &Term, key: &Arc<dyn Signer>) -> Result<Certificate, Failure> {
    let unsigned = RootBrought::to_sign(term, key.public_key()).map_err(refused)?;
    let root = sign(unsigned, key).await?;
    let linted = lint_authority_certificate(root.tbs_der(), &root, Rank::Root);
    linted.map_err(|error| failed(&error))?;
    Ok(root)
}
