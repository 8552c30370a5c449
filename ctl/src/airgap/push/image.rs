//! One image of an archive, on its way into a repository.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sigstead_airgap::{Carrier, FileRecord, ImageRecord, Layout, Medium, Sha256, Stored};

use super::super::image::{LONGEST, blob};
use super::super::refusal;
use super::PushedImage;
use super::feed::feed;
use super::registry::Repository;
use crate::failure::Failure;

/// An image, and everything about it that came with it.
pub(super) struct Image {
    pub(super) name: String,
    medium: Arc<Medium>,
    layout: Layout,
    manifests: BTreeMap<Sha256, Vec<u8>>,
}

impl Image {
    /// Reads what the image consists of. All of it is there, or the archive would not have been verified.
    pub(super) fn open(medium: &Arc<Medium>, record: &ImageRecord) -> Result<Self, Failure> {
        let name = record.name.to_string();
        let mut manifests = BTreeMap::new();
        let has = |digest: &Sha256, size| {
            let file = file(medium, &name, &blob(digest));
            file.is_some_and(|file| file.size == size)
        };
        let fetch = |digest: &Sha256| {
            let bytes = read(medium, file(medium, &name, &blob(digest))?).ok()?;
            manifests.insert(*digest, bytes.clone());
            Some(bytes)
        };
        let index = file(medium, &name, "index.json");
        let index = index.map_or_else(|| Ok(Vec::new()), |file| read(medium, file))?;
        let layout = Layout::read(&index, has, fetch);
        let layout = layout.map_err(|error| {
            let what = format!("the image {name} of the archive cannot be used");
            refusal::unfit(what, sigstead_kit::causes(&error))
        })?;
        if layout.carriers.len() != record.carriers as usize || !is_listed(&layout, record) {
            let what = format!("the image {name} of the archive is not what its list says");
            let cause = "its digests, or the number of its signatures, differ";
            return Err(refusal::unfit(what, cause));
        }
        Ok(Self {
            name,
            medium: Arc::clone(medium),
            layout,
            manifests,
        })
    }

    /// Refuses a repository in which a tag of the image names something else.
    pub(super) async fn expect_own_tags(&self, repository: &Repository) -> Result<(), Failure> {
        for (tag, digest) in &self.layout.tags {
            match repository.tag(tag).await? {
                Some(there) if there != digest_of(digest) => {
                    return Err(refusal::other_tag(&repository.tagged(tag), &there));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Pushes everything and reads it again.
    pub(super) async fn push(&self, repository: &Repository) -> Result<PushedImage, Failure> {
        let mut were_there = 0;
        for digest in self.layout.blobs.keys() {
            were_there += usize::from(self.push_blob(repository, digest).await?);
        }
        for stored in &self.layout.manifests {
            were_there += usize::from(self.push_manifest(repository, stored).await?);
        }
        for (digest, subject) in self.referrers() {
            if let Some(stored) = self.stored(digest) {
                let bytes = self.bytes(&stored.digest);
                repository.refer(subject, stored, bytes).await?;
            }
        }
        for (tag, digest) in self.tags_in_order() {
            if let Some(stored) = self.stored(digest) {
                let bytes = self.bytes(digest);
                repository.set_tag(tag, &stored.media_type, bytes).await?;
            }
        }
        self.read_again(repository).await?;
        Ok(PushedImage {
            repository: repository.name(),
            digests: self.layout.roots.iter().map(digest_of).collect(),
            tags: self.layout.tags.keys().cloned().collect(),
            manifests: self.layout.manifests.len(),
            blobs: self.layout.blobs.len(),
            were_there,
            carriers: self.layout.carriers.len(),
        })
    }

    /// Pushes a configuration or a layer, and tells whether it was there.
    async fn push_blob(&self, repository: &Repository, digest: &Sha256) -> Result<bool, Failure> {
        if repository.has_blob(&digest_of(digest)).await? {
            return Ok(true);
        }
        let record = file(&self.medium, &self.name, &blob(digest));
        if let Some(record) = record {
            let bytes = feed(&self.medium, record);
            let digest = digest_of(digest);
            repository.push_blob(bytes, &digest, record.size).await?;
        }
        Ok(false)
    }

    async fn push_manifest(
        &self,
        repository: &Repository,
        stored: &Stored,
    ) -> Result<bool, Failure> {
        let (digest, bytes) = (digest_of(&stored.digest), self.bytes(&stored.digest));
        if repository.manifest(&digest).await?.as_deref() == Some(bytes) {
            return Ok(true);
        }
        let media_type = &stored.media_type;
        repository.push_manifest(&digest, media_type, bytes).await?;
        Ok(false)
    }

    /// Reads everything that should be in the repository now.
    async fn read_again(&self, repository: &Repository) -> Result<(), Failure> {
        let changed = |digest: &str| refusal::changed_there(&repository.name(), digest);
        for stored in &self.layout.manifests {
            let digest = digest_of(&stored.digest);
            let there = repository.manifest(&digest).await?;
            if there.as_deref() != Some(self.bytes(&stored.digest)) {
                return Err(changed(&digest));
            }
        }
        for (digest, size) in &self.layout.blobs {
            repository.read_blob(&digest_of(digest), *size).await?;
        }
        for (tag, digest) in &self.layout.tags {
            if repository.tag(tag).await? != Some(digest_of(digest)) {
                return Err(changed(&format!(":{tag}")));
            }
        }
        for (digest, subject) in self.referrers() {
            let known = repository.referrers(subject).await?;
            if !known.contains(&digest_of(digest)) {
                return Err(changed(&digest_of(digest)));
            }
        }
        Ok(())
    }

    fn referrers(&self) -> impl Iterator<Item = (&Sha256, &Sha256)> {
        self.layout
            .carriers
            .iter()
            .filter_map(|carrier| match carrier {
                Carrier::Referrer { digest, subject } => Some((digest, subject)),
                Carrier::Tag { .. } => None,
            })
    }

    /// The tags of signatures, and then those of what they sign: who finds the image finds its signatures.
    fn tags_in_order(&self) -> impl Iterator<Item = (&str, &Sha256)> {
        let carriers = self.layout.carriers.iter();
        let carriers: BTreeSet<_> = carriers
            .filter_map(|carrier| match carrier {
                Carrier::Tag { tag, .. } => Some(tag.as_str()),
                Carrier::Referrer { .. } => None,
            })
            .collect();
        let tags = self.layout.tags.iter();
        let (mut first, last): (Vec<_>, Vec<_>) = tags
            .map(|(tag, digest)| (tag.as_str(), digest))
            .partition(|(tag, _)| carriers.contains(tag));
        first.extend(last);
        first.into_iter()
    }

    fn stored(&self, digest: &Sha256) -> Option<&Stored> {
        let mut manifests = self.layout.manifests.iter();
        manifests.find(|stored| stored.digest == *digest)
    }

    fn bytes(&self, digest: &Sha256) -> &[u8] {
        self.manifests.get(digest).map_or(&[], Vec::as_slice)
    }
}

fn is_listed(layout: &Layout, record: &ImageRecord) -> bool {
    let listed: BTreeSet<_> = record.digests.iter().copied().collect();
    layout.roots == listed
}

fn file<'a>(medium: &'a Medium, image: &str, path: &str) -> Option<&'a FileRecord> {
    medium.manifest().file(&format!("images/{image}/{path}"))
}

/// The bytes of an index or a manifest.
fn read(medium: &Medium, file: &FileRecord) -> Result<Vec<u8>, Failure> {
    if file.size > LONGEST {
        let what = format!("{} cannot be used", file.name);
        return Err(refusal::unfit(
            what,
            format!("it is longer than {LONGEST} bytes"),
        ));
    }
    let mut bytes = Vec::new();
    let read = medium.copy(file, &mut bytes);
    read.map_err(|error| refusal::unreadable(&error))?;
    Ok(bytes)
}

fn digest_of(hash: &Sha256) -> String {
    format!("sha256:{hash}")
}
