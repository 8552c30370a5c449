use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::name::Sha256;

/// What belongs to the images of an OCI image layout.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// The manifests and indexes, each behind those that it names.
    pub manifests: Vec<Stored>,
    /// What they name otherwise: configurations and layers.
    pub blobs: BTreeMap<Sha256, u64>,
    /// What the index of the layout names.
    pub roots: BTreeSet<Sha256>,
    /// The tags that it gives.
    pub tags: BTreeMap<String, Sha256>,
    /// Signatures, attestations and the like that come with images.
    pub carriers: Vec<Carrier>,
}

/// A manifest or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its digest.
    pub digest: Sha256,
    /// The media type under which registries keep it.
    pub media_type: String,
    /// What it says that it is about (OCI image 1.1, `subject`).
    pub subject: Option<Sha256>,
}

/// What is said of an image elsewhere than in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carrier {
    /// A tag of its own, as cosign makes them: `sha256-HEX.sig`, `.att`, `.sbom`.
    Tag {
        /// The tag.
        tag: String,
        /// What it names.
        digest: Sha256,
    },
    /// A manifest with a subject.
    Referrer {
        /// The manifest.
        digest: Sha256,
        /// What it is about.
        subject: Sha256,
    },
}

/// What a manifest or an index names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: Option<String>,
    digest: String,
    size: u64,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

/// Why a layout is not one that is whole.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// It is not the JSON that it should be.
    #[error("{what} cannot be read")]
    Json {
        /// The index of the layout, or a digest.
        what: String,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// A digest is none that can be checked.
    #[error("{0:?} is no digest of SHA-256")]
    Digest(String),
    /// Something is not what its digest says.
    #[error("sha256:{0} has other bytes than its digest says")]
    Changed(Sha256),
    /// Something that is named is not there.
    #[error("sha256:{0} is named, and not there")]
    Missing(Sha256),
    /// It has more than images have.
    #[error("the layout names more than {0} manifests and blobs")]
    TooMany(usize),
    /// Indexes name indexes, without end.
    #[error("the layout has indexes within indexes, more than {0} deep")]
    TooDeep(usize),
    /// A tag is none.
    #[error("{0:?} is no tag")]
    Tag(String),
    /// The index names nothing.
    #[error("the layout has no image")]
    Empty,
    /// A signature came without what it is of.
    #[error("the layout has what is about sha256:{0}, and not that itself")]
    Orphan(Sha256),
}

impl Layout {
    /// Reads a layout, whose blobs `fetch` gives: `None` for one that is not there. Of what is no manifest it is asked for nothing.
    ///
    /// # Errors
    /// If not everything that is named is there and what it should be.
    pub fn read<F>(
        index: &[u8],
        has: impl Fn(&Sha256, u64) -> bool,
        fetch: F,
    ) -> Result<Self, LayoutError>
    where
        F: FnMut(&Sha256) -> Option<Vec<u8>>,
    {
        let index: Document = parse("index.json", index)?;
        let mut reading = Reading {
            layout: Self::default(),
            has,
            fetch,
            seen: BTreeSet::new(),
        };
        for descriptor in &index.manifests {
            let digest = reading.manifest(descriptor, 0)?;
            reading.layout.roots.insert(digest);
        }
        let mut layout = reading.layout;
        if layout.roots.is_empty() {
            return Err(LayoutError::Empty);
        }
        layout.tag(&index.manifests)?;
        layout.find_carriers()?;
        Ok(layout)
    }

    fn tag(&mut self, named: &[Descriptor]) -> Result<(), LayoutError> {
        let images = named
            .iter()
            .filter(|each| each.annotation(KIND).is_none_or(|kind| kind == IMAGE));
        let only = match images.collect::<Vec<_>>().as_slice() {
            [only] => Some(digest(only)?),
            _ => None,
        };
        for descriptor in named {
            let tag = match (descriptor.annotation(KIND), only) {
                (Some(SIGNATURES), Some(image)) => Some(format!("sha256-{image}.sig")),
                (Some(ATTESTATIONS), Some(image)) => Some(format!("sha256-{image}.att")),
                _ => descriptor.annotation(REF_NAME).map(tag_of),
            };
            let Some(tag) = tag else { continue };
            if !is_tag(&tag) {
                return Err(LayoutError::Tag(tag.chars().take(128).collect()));
            }
            self.tags.insert(tag, digest(descriptor)?);
        }
        Ok(())
    }

    fn find_carriers(&mut self) -> Result<(), LayoutError> {
        let digests: BTreeSet<_> = self.manifests.iter().map(|stored| stored.digest).collect();
        let of_subject = self.manifests.iter().filter_map(|stored| {
            let (digest, subject) = (stored.digest, stored.subject?);
            Some((subject, Carrier::Referrer { digest, subject }))
        });
        let of_tag = self.tags.iter().filter_map(|(tag, digest)| {
            let (hash, ending) = tag.strip_prefix("sha256-")?.split_once('.')?;
            let subject = Sha256::parse(hash).filter(|_| CARRIED.contains(&ending))?;
            let (tag, digest) = (tag.clone(), *digest);
            Some((subject, Carrier::Tag { tag, digest }))
        });
        let mut carriers = Vec::new();
        for (subject, carrier) in of_tag.chain(of_subject) {
            if !digests.contains(&subject) {
                return Err(LayoutError::Orphan(subject));
            }
            carriers.push(carrier);
        }
        self.carriers = carriers;
        Ok(())
    }
}

impl Descriptor {
    fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str)
    }
}

/// A layout that is being read.
struct Reading<H, F> {
    layout: Layout,
    has: H,
    fetch: F,
    seen: BTreeSet<Sha256>,
}

impl<H: Fn(&Sha256, u64) -> bool, F: FnMut(&Sha256) -> Option<Vec<u8>>> Reading<H, F> {
    fn manifest(&mut self, named: &Descriptor, depth: usize) -> Result<Sha256, LayoutError> {
        let digest = digest(named)?;
        if depth > DEEPEST {
            return Err(LayoutError::TooDeep(DEEPEST));
        }
        if !self.seen.insert(digest) {
            return Ok(digest);
        }
        self.count()?;
        let bytes = (self.fetch)(&digest).ok_or(LayoutError::Missing(digest))?;
        if Sha256::of(&bytes) != digest || bytes.len() as u64 != named.size {
            return Err(LayoutError::Changed(digest));
        }
        let document: Document = parse(&format!("sha256:{digest}"), &bytes)?;
        for below in &document.manifests {
            self.manifest(below, depth + 1)?;
        }
        let blobs = document.config.iter().chain(&document.layers);
        for blob in blobs.chain(&document.blobs) {
            self.blob(blob)?;
        }
        let subject = document.subject.as_ref().map(self::digest).transpose()?;
        let media_type = document.media_type.or_else(|| named.media_type.clone());
        self.layout.manifests.push(Stored {
            digest,
            media_type: media_type.unwrap_or_else(|| MANIFEST_TYPE.to_owned()),
            subject,
        });
        Ok(digest)
    }

    fn blob(&mut self, named: &Descriptor) -> Result<(), LayoutError> {
        let digest = digest(named)?;
        if self.layout.blobs.insert(digest, named.size).is_some() {
            return Ok(());
        }
        self.count()?;
        match (self.has)(&digest, named.size) {
            true => Ok(()),
            false => Err(LayoutError::Missing(digest)),
        }
    }

    fn count(&self) -> Result<(), LayoutError> {
        let count = self.seen.len() + self.layout.blobs.len();
        (count <= MOST)
            .then_some(())
            .ok_or(LayoutError::TooMany(MOST))
    }
}

/// An index or a manifest, as far as it counts here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    blobs: Vec<Descriptor>,
    #[serde(default)]
    subject: Option<Descriptor>,
}

fn parse(what: &str, bytes: &[u8]) -> Result<Document, LayoutError> {
    serde_json::from_slice(bytes).map_err(|source| LayoutError::Json {
        what: what.to_owned(),
        source,
    })
}

fn digest(named: &Descriptor) -> Result<Sha256, LayoutError> {
    let hash = named.digest.strip_prefix("sha256:").and_then(Sha256::parse);
    hash.ok_or_else(|| LayoutError::Digest(named.digest.chars().take(100).collect()))
}

/// Of a whole reference, as some programs write it, the tag.
fn tag_of(reference: &str) -> String {
    let behind = reference.rsplit_once(':').map(|(_, tag)| tag);
    let tag = behind.filter(|tag| !tag.contains('/'));
    tag.unwrap_or(reference).to_owned()
}

/// As the OCI distribution specification has them.
fn is_tag(text: &str) -> bool {
    let is_in = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_');
    begins && text.len() <= 128 && text.bytes().all(is_in)
}

/// Documents without a media type are manifests of OCI image 1.0.
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// By which `cosign save` tells apart what it saved.
const KIND: &str = "kind";
const IMAGE: &str = "dev.cosignproject.cosign/image";
const SIGNATURES: &str = "dev.cosignproject.cosign/sigs";
const ATTESTATIONS: &str = "dev.cosignproject.cosign/atts";
/// What tags end with that are about another.
const CARRIED: [&str; 3] = ["sig", "att", "sbom"];
const MOST: usize = 20_000;
const DEEPEST: usize = 5;
