//! `sigctl airgap verify`: at each boundary, from a medium that nobody can write to.

use clap::Args;
use serde::Serialize;
use sigstead_airgap::{Flaws, Manifest};
use time::OffsetDateTime;

use super::belief::{Believed, Opened};
use super::refusal;
use crate::failure::Failure;
use crate::output::Output;

/// Which archive, and who is believed.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    believed: Believed,
}

/// What an archive is.
#[derive(Serialize)]
pub(super) struct Verified {
    name: String,
    release: String,
    number: u64,
    #[serde(with = "time::serde::rfc3339")]
    created: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    due: Option<OffsetDateTime>,
    files: usize,
    bytes: u64,
    volumes: u32,
    images: usize,
    /// How many signatures and attestations come with the images.
    carriers: u32,
    flaws: Flaws,
    sha256: String,
    words: String,
    believed_by: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let opened = verified(&arguments.believed)?;
    let verified = Verified::of(&opened);
    output.print(&verified, Verified::text);
    Ok(())
}

/// An archive that is believed, and of which every file is there and right.
pub(super) fn verified(believed: &Believed) -> Result<Opened, Failure> {
    let opened = believed.open()?;
    let findings = opened.medium.verify();
    let findings = findings.map_err(|error| refusal::unreadable(&error))?;
    match refusal::of_findings(&findings) {
        Some(failure) => Err(failure),
        None => Ok(opened),
    }
}

impl Verified {
    fn of(opened: &Opened) -> Self {
        let manifest = opened.medium.manifest();
        Self {
            name: manifest.name.clone(),
            release: manifest.release.clone(),
            number: manifest.number,
            created: manifest.created,
            due: manifest.due,
            files: manifest.files.len(),
            bytes: manifest.bytes(),
            volumes: manifest.volumes,
            images: manifest.images.len(),
            carriers: carriers(manifest),
            flaws: manifest.flaws,
            sha256: opened.fingerprint.sha256.clone(),
            words: opened.fingerprint.words.clone(),
            believed_by: opened.by.clone(),
        }
    }

    fn text(&self) -> String {
        let by = self.believed_by.join(", ");
        format!(
            "{} {}, number {}: {} files in {} volumes, {} bytes, all as listed\n  {} images with {} signatures and attestations; {}\n  \
             believed by {by}\n  words {}",
            self.name,
            self.release,
            self.number,
            self.files,
            self.volumes,
            self.bytes,
            self.images,
            self.carriers,
            flaws(self.flaws),
            self.words
        )
    }
}

/// How many signatures and attestations come with the images.
pub(super) fn carriers(manifest: &Manifest) -> u32 {
    let counts = manifest.images.iter().map(|image| image.carriers);
    counts.fold(0, u32::saturating_add)
}

/// What is known of flaws, in words.
pub(super) const fn flaws(flaws: Flaws) -> &'static str {
    match flaws {
        Flaws::Unchecked => "known flaws: unchecked",
        Flaws::Listed => "known flaws: listed below flaws/",
    }
}
