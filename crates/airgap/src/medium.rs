use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use crate::chunks::{Chunks, open};
use crate::error::Error;
use crate::manifest::{LONGEST, Manifest};
use crate::name::{BUFFER, Sha256, copy};
use crate::placement::{self, MANIFEST, SIGNATURES, volume_name};
use crate::record::FileRecord;

/// The folders in which the volumes of one archive are, and its list. Nothing is ever written there.
#[derive(Debug)]
pub struct Medium {
    manifest: Manifest,
    folders: Vec<PathBuf>,
    /// Where each volume is, as far as it is.
    volumes: BTreeMap<u32, PathBuf>,
}

/// Something that is not as the list says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The volume that it is in; 0 for what is in none.
    pub volume: u32,
    /// The path on the medium, below the folder of the archive.
    pub path: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a file or volume. The later, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The whole volume is not here.
    VolumeAbsent,
    /// The file is not there.
    Missing,
    /// It has other bytes.
    Damaged,
    /// It is there twice.
    Twice,
    /// It is what the list does not have: another file, a link, a pipe, a folder in the place of a file.
    Foreign,
}

impl Medium {
    /// The list that is in a folder, and a signature that may be beside it, as bytes.
    ///
    /// # Errors
    /// If it is no regular file of a length that a list may have.
    pub fn bytes(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = folder.join(name);
        let failed = |error| Error::file(&path, error);
        let file = match open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        let limit = LONGEST as u64 + 1;
        file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
        match bytes.len() > LONGEST {
            true => Err(failed(io::Error::other("it is longer than a list may be"))),
            false => Ok(Some(bytes)),
        }
    }

    /// The archive whose list was believed, in these folders.
    #[must_use]
    pub fn new(manifest: Manifest, folders: Vec<PathBuf>) -> Self {
        let mut volumes = BTreeMap::new();
        for volume in 1..=manifest.volumes {
            let mut places = folders
                .iter()
                .map(|folder| folder.join(volume_name(volume)));
            let found = places.find(|place| fs::symlink_metadata(place).is_ok());
            volumes.extend(found.map(|place| (volume, place)));
        }
        Self {
            manifest,
            folders,
            volumes,
        }
    }

    /// The list.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Everything that is not as the list says, at most the first thousand. Each file is read once.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn verify(&self) -> Result<Vec<Finding>, Error> {
        let mut findings = Vec::new();
        let expected = self.expected();
        for folder in &self.folders {
            self.look_around(folder, &mut findings)?;
        }
        for volume in 1..=self.manifest.volumes {
            let Some(place) = self.volumes.get(&volume) else {
                findings.push(Finding::of(volume, String::new(), Fault::VolumeAbsent));
                continue;
            };
            let files: Files<'_> = expected.get(&volume).cloned().unwrap_or_default();
            look_into(volume, place, &files, &mut findings)?;
            for (path, (size, sha256)) in files {
                let fault = check(&place.join(&path), size, sha256);
                findings.extend(fault.map(|fault| Finding::of(volume, path, fault)));
                if findings.len() >= MOST_FINDINGS {
                    return Ok(findings);
                }
            }
        }
        Ok(findings)
    }

    /// Copies a file, and says at the end whether it was what the list says: what was written before counts then.
    ///
    /// # Errors
    /// If it was not, or cannot be read or written.
    pub fn copy(&self, record: &FileRecord, to: &mut impl Write) -> Result<(), Error> {
        let mut chunks = Chunks::of(record, &self.volumes);
        while let Some(chunk) = chunks.next(BUFFER)? {
            to.write_all(&chunk)
                .map_err(|error| Error::file(Path::new(record.name.as_str()), error))?;
        }
        Ok(())
    }

    /// The files of each volume: their paths, lengths and hashes.
    fn expected(&self) -> BTreeMap<u32, Files<'_>> {
        let mut expected: BTreeMap<u32, Files<'_>> = BTreeMap::new();
        for file in &self.manifest.files {
            for (index, piece) in file.pieces.iter().enumerate() {
                let files = expected.entry(piece.volume).or_default();
                files.insert(placement::path(file, index), (piece.size, &piece.sha256));
            }
        }
        expected
    }

    /// What is beside the volumes.
    fn look_around(&self, folder: &Path, findings: &mut Vec<Finding>) -> Result<(), Error> {
        for (name, kind) in entries(folder)? {
            let volume = (1..=self.manifest.volumes).find(|volume| volume_name(*volume) == name);
            let is_list = name == MANIFEST || SIGNATURES.contains(&name.as_str());
            let fault = match volume {
                None if is_list && kind.is_file() => continue,
                Some(volume) if kind.is_dir() => {
                    match self.volumes.get(&volume) == Some(&folder.join(&name)) {
                        true => continue,
                        false => Fault::Twice,
                    }
                }
                _ => Fault::Foreign,
            };
            findings.push(Finding::of(volume.unwrap_or(0), name, fault));
            if findings.len() >= MOST_FINDINGS {
                break;
            }
        }
        Ok(())
    }
}

impl Finding {
    const fn of(volume: u32, path: String, fault: Fault) -> Self {
        Self {
            volume,
            path,
            fault,
        }
    }
}

/// What a folder of a volume has that the list does not.
fn look_into(
    volume: u32,
    place: &Path,
    files: &Files<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), Error> {
    let folders: BTreeSet<&str> = files.keys().flat_map(|path| folders(path)).collect();
    let mut waiting = vec![String::new()];
    while let Some(folder) = waiting.pop() {
        for (name, kind) in entries(&place.join(&folder))? {
            let path = match folder.as_str() {
                "" => name,
                folder => format!("{folder}/{name}"),
            };
            if kind.is_dir() && folders.contains(path.as_str()) {
                waiting.push(path);
            } else if !(kind.is_file() && files.contains_key(&path)) {
                findings.push(Finding::of(volume, path, Fault::Foreign));
            }
            if findings.len() >= MOST_FINDINGS {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The folders above a path.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(at, _)| path.get(..at))
}

/// What is in a folder, which is no link itself.
fn entries(folder: &Path) -> Result<Vec<(String, fs::FileType)>, Error> {
    let failed = |error| Error::file(folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push((name, entry.file_type().map_err(failed)?));
        if found.len() > MOST_ENTRIES {
            return Err(failed(io::Error::other("it has too many entries")));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

fn check(path: &Path, size: u64, sha256: &Sha256) -> Option<Fault> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => return None, // It was found as foreign.
        Ok(found) if found.len() != size => return Some(Fault::Damaged),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(Fault::Missing),
        Err(_) => return Some(Fault::Damaged),
    }
    let mut hash = sha2::Sha256::new();
    let read = open(path).and_then(|file| copy(&mut file.take(size.saturating_add(1)), &mut hash));
    let is_it = read.is_ok_and(|length| length == size) && Sha256::finish(hash) == *sha256;
    (!is_it).then_some(Fault::Damaged)
}

type Files<'a> = BTreeMap<String, (u64, &'a Sha256)>;

/// Whoever repairs more than that brings the volume again.
const MOST_FINDINGS: usize = 1_000;
/// A folder with more is no part of an archive.
const MOST_ENTRIES: usize = 200_000;
