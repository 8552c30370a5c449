//! `sigctl airgap push`: the images of an archive, in a registry of the site.

mod asked;
mod feed;
mod image;
mod referrers;
mod registry;

use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use self::image::Image;
use self::registry::{Registry, RegistryOptions};
use super::belief::Believed;
use super::verify::verified;
use crate::failure::Failure;
use crate::output::Output;

/// Which archive, who is believed, and which registry.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    believed: Believed,

    /// The registry, and the path below which the images get their names, as in `registry.inside:5000/sigstead`.
    #[arg(long, value_name = "REGISTRY")]
    to: String,

    #[command(flatten)]
    options: RegistryOptions,

    /// Let tags that are there name what the archive has. Without, a tag that names something else is refused.
    #[arg(long)]
    move_tags: bool,
}

/// What the registry has now.
#[derive(Serialize)]
struct Pushed {
    release: String,
    number: u64,
    images: Vec<PushedImage>,
    words: String,
}

#[derive(Serialize)]
pub(super) struct PushedImage {
    repository: String,
    digests: Vec<String>,
    tags: Vec<String>,
    manifests: usize,
    blobs: usize,
    /// How many of the manifests and blobs were there before.
    were_there: usize,
    /// Signatures, attestations and the like, each found again in the registry.
    carriers: usize,
}

/// How images come into a registry, and what a break between two steps leaves behind:
///
/// 1. The list is believed, and every file of the archive is verified. The registry is not asked for anything.
/// 2. The registry is asked for every tag. One that names something else is refused, unless tags may move. Nothing is written.
/// 3. Configurations and layers are pushed, then manifests, each behind what it names. A break leaves some, which no tag names; the
///    same command goes on behind them.
/// 4. What is about an image can be found from it, by the registry's own list or by the tag that takes its place.
/// 5. The tags are set, those of images last.
/// 6. Everything is read again, and its digests compared.
pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let opened = verified(&arguments.believed)?;
    let registry = Registry::new(&arguments.to, &arguments.options)?;
    let medium = Arc::new(opened.medium);
    let mut images = Vec::new();
    for record in &medium.manifest().images {
        let image = Image::open(&medium, record)?;
        let repository = registry.repository(&image.name).await?;
        if !arguments.move_tags {
            image.expect_own_tags(&repository).await?;
        }
        images.push((image, repository));
    }
    let mut pushed = Vec::new();
    for (image, repository) in &images {
        pushed.push(image.push(repository).await?);
    }
    let manifest = medium.manifest();
    let pushed = Pushed {
        release: manifest.release.clone(),
        number: manifest.number,
        images: pushed,
        words: opened.fingerprint.words,
    };
    output.print(&pushed, Pushed::text);
    Ok(())
}

impl Pushed {
    fn text(&self) -> String {
        let mut text = format!(
            "archive {}, number {}: {} images, each read again\n",
            self.release,
            self.number,
            self.images.len()
        );
        for image in &self.images {
            text.push_str(&image.text());
        }
        text.push_str(&format!("  words {}", self.words));
        text
    }
}

impl PushedImage {
    fn text(&self) -> String {
        let names = self.tags.iter().map(|tag| format!(":{tag}"));
        let digests = self.digests.iter().map(|digest| format!("@{digest}"));
        let names: Vec<_> = names.chain(digests).collect();
        format!(
            "  {}: {} manifests and {} blobs, {} of them there before; {} signatures and attestations\n    {}\n",
            self.repository,
            self.manifests,
            self.blobs,
            self.were_there,
            self.carriers,
            names.join(" ")
        )
    }
}
