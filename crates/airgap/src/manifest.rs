use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::error::FormError;
use crate::name::{FileName, Sha256};
use crate::placement;
use crate::record::FileRecord;

/// The list of everything that is in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u64,
    /// What it is the archive of.
    pub name: String,
    /// The version of that.
    pub release: String,
    /// The archives of one name are numbered, so that an older one is known as older.
    pub number: u64,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    /// When the next one is to be there.
    #[serde(with = "time::serde::rfc3339::option")]
    pub due: Option<OffsetDateTime>,
    /// Whether somebody looked for known flaws.
    pub flaws: Flaws,
    /// How many volumes there are, numbered from 1.
    pub volumes: u32,
    /// The images among the files.
    pub images: Vec<ImageRecord>,
    /// All files, in the order of their names.
    pub files: Vec<FileRecord>,
}

/// What is known of the flaws of what is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaws {
    /// Nobody looked.
    Unchecked,
    /// What was found is among the files.
    Listed,
}

/// An image, whose OCI layout is among the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageRecord {
    /// The name that it has in a registry; its files are below `images/NAME/`.
    pub name: FileName,
    /// The digests of what its index names.
    pub digests: Vec<Sha256>,
    /// How many signatures, attestations and the like come with it, in whatever carrier.
    pub carriers: u32,
}

impl Manifest {
    /// Reads a list.
    ///
    /// # Errors
    /// If it is none, or one that could not be laid out.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormError> {
        if bytes.len() > LONGEST {
            return Err(FormError::TooLong(LONGEST));
        }
        let Opening { format } = serde_json::from_slice(bytes)?;
        if format != FORMAT {
            return Err(FormError::Format(format));
        }
        let manifest: Self = serde_json::from_slice(bytes)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The list as bytes.
    ///
    /// # Errors
    /// If it is one that could not be read again.
    pub fn encode(&self) -> Result<Vec<u8>, FormError> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        match Self::parse(&bytes)? == *self {
            true => Ok(bytes),
            // A list is believed by its bytes, so they have to say what was meant.
            false => Err(FormError::Text("the time")),
        }
    }

    /// The record of a file.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&FileRecord> {
        let find = |record: &FileRecord| record.name.as_str().cmp(name);
        let found = self.files.binary_search_by(find).ok()?;
        self.files.get(found)
    }

    /// How long all files are together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let sizes = self.files.iter().map(|file| file.size);
        sizes.fold(0, u64::saturating_add)
    }

    fn check(&self) -> Result<(), FormError> {
        check_text("the name", &self.name)?;
        check_text("the release", &self.release)?;
        for (what, count, most) in [
            ("volumes", self.volumes as usize, MOST_VOLUMES),
            ("images", self.images.len(), MOST_IMAGES),
            ("files", self.files.len(), MOST_FILES),
        ] {
            if count > most {
                return Err(FormError::TooMany { what, most });
            }
        }
        for file in &self.files {
            self.check_pieces(file)?;
        }
        placement::check(&self.files)?;
        self.check_images()
    }

    fn check_pieces(&self, file: &FileRecord) -> Result<(), FormError> {
        if file.pieces.len() > MOST_VOLUMES {
            return Err(FormError::TooMany {
                what: "pieces",
                most: MOST_VOLUMES,
            });
        }
        let mut size: u64 = 0;
        let mut last = 0;
        for piece in &file.pieces {
            let is_next = piece.volume > last && piece.volume <= self.volumes;
            let sum = size
                .checked_add(piece.size)
                .filter(|sum| *sum <= MOST_BYTES);
            let (true, Some(sum)) = (is_next, sum) else {
                return Err(FormError::Pieces(file.name.clone()));
            };
            (size, last) = (sum, piece.volume);
        }
        let is_whole = match file.pieces.as_slice() {
            [] => false,
            [only] => only.sha256 == file.sha256,
            _ => true,
        };
        match is_whole && size == file.size {
            true => Ok(()),
            false => Err(FormError::Pieces(file.name.clone())),
        }
    }

    fn check_images(&self) -> Result<(), FormError> {
        let mut names = BTreeSet::new();
        for image in &self.images {
            if !names.insert(&image.name) {
                return Err(FormError::Collision(image.name.to_string()));
            }
            if self
                .file(&format!("images/{}/index.json", image.name))
                .is_none()
            {
                return Err(FormError::Image(image.name.to_string()));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Opening {
    format: u64,
}

fn check_text(what: &'static str, text: &str) -> Result<(), FormError> {
    let is_line = !text.is_empty() && text.len() <= 100 && !text.chars().any(char::is_control);
    is_line.then_some(()).ok_or(FormError::Text(what))
}

/// The version of the list that this code writes and reads.
pub const FORMAT: u64 = 1;
/// A list of as many files as there may be, with the longest names, is shorter.
pub(crate) const LONGEST: usize = 64 << 20;
pub(crate) const MOST_VOLUMES: usize = 999;
const MOST_IMAGES: usize = 1_000;
const MOST_FILES: usize = 100_000;
/// Of one file.
const MOST_BYTES: u64 = 1 << 50;
