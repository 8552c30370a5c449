//! What a proposal says is tried with throw-away keys, before a key that counts is used.

use std::collections::BTreeMap;

use sigstead_ceremony::{Proposal, lint, rehearsal, signing_keys};
use sigstead_key::Algorithm;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::tuf::{Root, Signed, Targets};

use super::refusal::refused;
use crate::failure::{Exit, Failure};
use crate::trust::TufSigner;

/// Looks at the rules, then lets a throw-away key in each holder's place sign the next root and the targets, and reads these as
/// a client does that has the root before. Gives what is allowed and should be known.
pub(super) async fn rehearse(proposal: &Proposal) -> Result<Vec<String>, Failure> {
    let warnings = lint(proposal, SystemClock.now()).map_err(refused)?;
    let mut throw_away = BTreeMap::new();
    for id in signing_keys(proposal) {
        let key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256);
        let key = key.map_err(|error| failed(&error))?;
        throw_away.insert(id, TufSigner::new(key, "throw-away".as_ref())?);
    }
    let keys = throw_away.iter();
    let keys = keys.map(|(id, signer)| (id.clone(), signer.key().clone()));
    let (before, next) = rehearsal(proposal, &keys.collect());
    let mut root = Signed::unsigned(next);
    for signer in throw_away.values() {
        signer.add_to(&mut root).await?;
    }
    let read = Signed::<Root>::parse(&root.encode());
    let read = read.and_then(|read| read.verify_successor(&before));
    read.map_err(|error| failed(&error))?;
    for version in proposal.draft().targets.iter().flat_map(|it| &it.versions) {
        let mut targets = Signed::unsigned(version.targets.clone());
        for signer in throw_away.values() {
            signer.add_to(&mut targets).await?;
        }
        let read = Signed::<Targets>::parse(&targets.encode());
        let read = read.and_then(|read| read.verify(&root.signed));
        read.map_err(|error| failed(&error))?;
    }
    Ok(warnings)
}

fn failed(cause: &dyn std::error::Error) -> Failure {
    Failure::new(
        "E-CEREMONY-017",
        "the next root does not hold with throw-away keys in place of its own",
        "make another draft with `sigctl ceremony new --again`",
    )
    .because(sigstead_kit::causes(cause))
    .exit(Exit::Refused)
}
