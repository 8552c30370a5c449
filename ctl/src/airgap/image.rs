//! An image that goes into an archive: a layout of OCI, whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sigstead_airgap::{Content, FileName, ImageRecord, Kind, Layout, LayoutError, Sha256, Source};

use super::refusal::unfit;
use super::source::{file_source, name};
use crate::failure::Failure;

/// Adds what belongs to the image, and nothing else of its layout, after a look whether all of it is there.
pub(super) fn gather(
    image: &FileName,
    layout: &Path,
    sources: &mut Vec<Source>,
) -> Result<ImageRecord, Failure> {
    let mut files = match layout.is_dir() {
        true => Files::of_folder(layout),
        false => Files::of_tar(layout)?,
    };
    let refuse = |error: &LayoutError| {
        let what = format!("{} is no image that can be carried", layout.display());
        unfit(what, sigstead_kit::causes(error))
    };
    let index = files.read("index.json")?;
    let has = |digest: &Sha256, size| {
        files
            .source(&blob(digest))
            .is_ok_and(|source| source.size == size)
    };
    let read = Layout::read(&index, has, |digest| files.read(&blob(digest)).ok());
    let read = read.map_err(|error| refuse(&error))?;
    let mut paths = vec!["index.json".to_owned(), "oci-layout".to_owned()];
    paths.extend(read.manifests.iter().map(|stored| blob(&stored.digest)));
    paths.extend(read.blobs.keys().map(blob));
    for path in paths {
        let mut source = files.source(&path)?;
        source.name = name(&format!("images/{image}/{path}"))?;
        sources.push(source);
    }
    files.by_name.clear();
    Ok(ImageRecord {
        name: image.clone(),
        digests: read.roots.into_iter().collect(),
        carriers: u32::try_from(read.carriers.len()).unwrap_or(u32::MAX),
    })
}

/// Where a layout has what has a digest.
pub(super) fn blob(digest: &Sha256) -> String {
    format!("blobs/sha256/{digest}")
}

/// The files of a layout, wherever they are.
struct Files {
    layout: PathBuf,
    /// Of a tar: its regular files. Empty for a folder.
    by_name: BTreeMap<String, Source>,
    is_tar: bool,
}

impl Files {
    fn of_folder(layout: &Path) -> Self {
        Self {
            layout: layout.to_owned(),
            by_name: BTreeMap::new(),
            is_tar: false,
        }
    }

    fn of_tar(layout: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::file("read", layout, error);
        let mut archive = tar::Archive::new(File::open(layout).map_err(failed)?);
        let mut by_name = BTreeMap::new();
        for entry in archive.entries_with_seek().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let path = entry.path().map_err(failed)?;
            let path = path.to_string_lossy();
            let path = path.trim_start_matches("./").to_owned();
            let Ok(name) = FileName::parse(&path) else {
                continue;
            };
            let content = Content::File {
                path: layout.to_owned(),
                offset: entry.raw_file_position(),
            };
            let source = Source {
                name,
                kind: Kind::Image,
                size: entry.size(),
                content,
            };
            by_name.insert(path, source);
        }
        Ok(Self {
            layout: layout.to_owned(),
            by_name,
            is_tar: true,
        })
    }

    fn source(&self, path: &str) -> Result<Source, Failure> {
        if !self.is_tar {
            return file_source(path, Kind::Image, &self.layout.join(path));
        }
        let found = self.by_name.get(path).cloned();
        found.ok_or_else(|| {
            let what = format!("{} is no image that can be carried", self.layout.display());
            unfit(what, format!("it has no {path}"))
        })
    }

    /// The bytes of a file that has to be short.
    fn read(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let source = self.source(path)?;
        let failed = |cause: String| unfit(format!("{path} of an image cannot be read"), cause);
        let mut bytes = Vec::new();
        let from = source.open(0);
        let from = from.map_err(|error| failed(sigstead_kit::causes(&error)))?;
        let read = from.take(LONGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| failed(error.to_string()))?;
        match bytes.len() as u64 <= LONGEST {
            true => Ok(bytes),
            false => Err(failed(format!("it is longer than {LONGEST} bytes"))),
        }
    }
}

/// What registries take as a manifest is shorter.
pub(super) const LONGEST: u64 = 8 << 20;
