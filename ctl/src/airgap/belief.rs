//! By what an archive is believed, before anything of it is used.

use std::path::{Path, PathBuf};

use clap::Args;
use sigstead_airgap::{MANIFEST, Manifest, Medium, SIGNATURES};
use sigstead_verify::{Artifact, Pattern, Policy};

use super::refusal;
use crate::failure::Failure;
use crate::trust::Fingerprint;
use crate::{input, verify};

/// Where the archive is, and who is believed. Of several ways, each has to hold.
#[derive(Args)]
pub(super) struct Believed {
    /// The folder that `sigctl airgap create` made, or several, each with some of the volumes.
    #[arg(required = true, value_name = "ARCHIVE")]
    media: Vec<PathBuf>,

    /// The public key that must have signed the archive, PEM or DER, from elsewhere than the medium.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// The fingerprint of the archive, in words or in hex, as its maker reads it out.
    #[arg(long, value_name = "FINGERPRINT")]
    is: Option<String>,

    /// The trusted root of the instance that must have signed the archive, from elsewhere than the medium.
    #[arg(long, value_name = "FILE", requires_all = ["identity", "issuer"])]
    trusted_root: Option<PathBuf>,

    /// Who signed there.
    #[arg(long, requires = "trusted_root")]
    identity: Option<String>,

    /// The issuer that vouched for the identity.
    #[arg(long, requires = "trusted_root")]
    issuer: Option<String>,
}

/// An archive whose list is believed. Its files are not verified by that.
pub(super) struct Opened {
    pub(super) medium: Medium,
    pub(super) fingerprint: Fingerprint,
    /// What it is believed by.
    pub(super) by: Vec<String>,
}

impl Believed {
    /// The archive in a folder, believed by a key.
    #[cfg(test)]
    pub(super) fn by_key(folder: PathBuf, key: PathBuf) -> Self {
        Self {
            media: vec![folder],
            key: Some(key),
            is: None,
            trusted_root: None,
            identity: None,
            issuer: None,
        }
    }

    /// Reads the list, and nothing else before it is believed.
    pub(super) fn open(&self) -> Result<Opened, Failure> {
        if self.key.is_none() && self.is.is_none() && self.trusted_root.is_none() {
            return Err(Failure::new(
                "E-CTL-012",
                "nothing is named to believe the archive by",
                "name --key, or --trusted-root with --identity and --issuer, or --is with the words that its maker reads out",
            ));
        }
        let (folder, bytes) = self.list()?;
        let by = self.check(&bytes)?;
        let manifest = Manifest::parse(&bytes);
        let manifest =
            manifest.map_err(|error| refusal::no_archive(folder, sigstead_kit::causes(&error)))?;
        Ok(Opened {
            medium: Medium::new(manifest, self.media.clone()),
            fingerprint: Fingerprint::of(&bytes),
            by,
        })
    }

    /// The list that all media have.
    fn list(&self) -> Result<(&Path, Vec<u8>), Failure> {
        let mut found: Option<(&Path, Vec<u8>)> = None;
        for folder in &self.media {
            let bytes = read(folder, MANIFEST)?
                .ok_or_else(|| refusal::no_archive(folder, "it has no manifest.json"))?;
            match &found {
                Some((first, known)) if *known != bytes => {
                    return Err(refusal::mixed(first, folder));
                }
                Some(_) => {}
                None => found = Some((folder, bytes)),
            }
        }
        // The command line asks for at least one.
        found.ok_or_else(|| refusal::no_archive(Path::new(""), "none is named"))
    }

    fn check(&self, bytes: &[u8]) -> Result<Vec<String>, Failure> {
        let mut by = Vec::new();
        let [plain, bundle] = SIGNATURES;
        if let Some(path) = &self.key {
            let key = input::read_public_key(path)?;
            let signature = self.signature(plain)?;
            key.verify(bytes, &signature).map_err(|error| {
                let what = format!("the archive is not signed by the key of {}", path.display());
                refusal::unsigned(what, sigstead_kit::causes(&error))
            })?;
            by.push(format!("the key {}", key.fingerprint()));
        }
        if let Some(told) = &self.is {
            expect_words(told, bytes)?;
            by.push("its words".to_owned());
        }
        if let (Some(root), Some(identity), Some(issuer)) =
            (&self.trusted_root, &self.identity, &self.issuer)
        {
            let who = (Pattern::exactly(identity), Pattern::exactly(issuer));
            let policy = Policy::any_identity(vec![who]);
            let bundle = self.signature(bundle)?;
            let accepted = verify::check(root, &bundle, Artifact::Bytes(bytes), &policy);
            accepted.map_err(|failure| {
                refusal::unsigned(
                    format!("the archive is not signed by {identity}"),
                    failure.coded(),
                )
            })?;
            by.push(format!("the signature of {identity}"));
        }
        Ok(by)
    }

    /// A signature of the list, from the first medium that has it.
    fn signature(&self, name: &str) -> Result<Vec<u8>, Failure> {
        for folder in &self.media {
            if let Some(signature) = read(folder, name)? {
                return Ok(signature);
            }
        }
        let places = self.media.iter().map(|folder| folder.display().to_string());
        Err(refusal::unsigned(
            "the archive has not the signature that is asked for",
            format!(
                "there is no {name} in {}",
                places.collect::<Vec<_>>().join(", ")
            ),
        ))
    }
}

fn expect_words(told: &str, bytes: &[u8]) -> Result<(), Failure> {
    let fingerprint = Fingerprint::of(bytes);
    let is_it = fingerprint.is_told_as(told).map_err(|_| {
        Failure::new(
            "E-CTL-012",
            format!("{told:?} is no fingerprint"),
            "write the twelve words, with hyphens or spaces between them, or the 64 digits of the SHA-256",
        )
    })?;
    let Fingerprint { words, sha256, .. } = fingerprint;
    match is_it {
        true => Ok(()),
        false => Err(refusal::unsigned(
            "the archive has another fingerprint",
            format!("it has {words}, {sha256}"),
        )),
    }
}

fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, Failure> {
    let read = Medium::bytes(folder, name);
    read.map_err(|error| refusal::no_archive(folder, sigstead_kit::causes(&error)))
}
