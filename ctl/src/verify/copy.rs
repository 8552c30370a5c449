//! What a site has seen itself of the logs: copies that `sigctl import` made.

use std::path::{Path, PathBuf};

use clap::Args;
use sigstead_key::PublicKey;
use sigstead_kit::causes;
use sigstead_mirror::{Held, Reader};
use sigstead_note::{KeyName, VerifierKey};
use sigstead_trust_root::{TransparencyLogInstance, TrustedRoot};
use sigstead_verify::{Bundle, LogEntry};
use sigstead_witness::CosignerKey;

use super::inputs::Input;
use crate::copies::unusable;
use crate::failure::Failure;
use crate::input;
use crate::log::name::host;

/// Which copies have to have the log entries of a bundle.
#[derive(Args)]
pub(super) struct Copies {
    /// A copy of a log, as `sigctl import` makes it, that must have the log entry. Of several, each is of another log.
    #[arg(long, value_name = "FOLDER", help_heading = "Copies")]
    copy: Vec<PathBuf>,

    /// A file with the key of a site that must have cosigned each copy, as `sigctl import --cosigner` prints it. Of several, one is
    /// enough.
    #[arg(long, value_name = "FILE", requires = "copy", help_heading = "Copies")]
    cosigner: Vec<PathBuf>,
}

/// A copy whose checkpoint was read.
struct Copy<'a> {
    folder: &'a Path,
    reader: Reader,
}

impl Copies {
    /// Checks that the copies have the entries of a bundle that was accepted.
    pub(super) fn check(&self, bundle: &Bundle, roots: &[TrustedRoot]) -> Result<(), Failure> {
        if self.copy.is_empty() {
            return Ok(());
        }
        let copies = self.open()?;
        self.expect_cosigned(&copies)?;
        let mut entries = bundle.entries.iter();
        entries.try_for_each(|entry| holds(&copies, entry, roots))
    }

    /// Which copies were asked.
    pub(super) fn inputs(&self) -> Result<Vec<Input>, Failure> {
        Ok(self.open()?.iter().map(Copy::input).collect())
    }

    fn open(&self) -> Result<Vec<Copy<'_>>, Failure> {
        self.copy.iter().map(|copy| open(copy)).collect()
    }

    fn expect_cosigned(&self, copies: &[Copy<'_>]) -> Result<(), Failure> {
        if self.cosigner.is_empty() {
            return Ok(());
        }
        let keys: Result<Vec<_>, _> = self.cosigner.iter().map(|file| read_key(file)).collect();
        let keys = keys?;
        let is_cosigned = |copy: &Copy<'_>| {
            let note = &copy.reader.checkpoint().note;
            let mut lines = note.signatures.iter();
            lines.any(|line| keys.iter().any(|key| key.verify(&note.text, line).is_ok()))
        };
        match copies.iter().find(|copy| !is_cosigned(copy)) {
            None => Ok(()),
            Some(copy) => Err(Failure::new(
                "E-VERIFY-042",
                format!(
                    "{} is not cosigned by a site that was named",
                    copy.folder.display()
                ),
                "import the last batch with --cosigner and --cosigner-key, or name the key that the site has",
            )),
        }
    }
}

impl Copy<'_> {
    fn input(&self) -> Input {
        let checkpoint = &self.reader.checkpoint().checkpoint;
        let input = Input::file("the copy of a log", &self.folder.join("checkpoint"));
        input.with_entries(checkpoint.head.size)
    }
}

fn read_key(file: &Path) -> Result<CosignerKey, Failure> {
    let bytes = input::read_file(file)?;
    let key = CosignerKey::parse(String::from_utf8_lossy(&bytes).trim());
    key.map_err(|error| Failure::file("understand", file, causes(&error)))
}

fn holds(copies: &[Copy<'_>], entry: &LogEntry, roots: &[TrustedRoot]) -> Result<(), Failure> {
    let logs = roots.iter().flat_map(|root| &root.tlogs);
    let mut logs = logs.filter(|log| log.log_id.key_id.as_slice() == entry.log_id);
    let log = logs.next();
    let copy = log.and_then(|log| copies.iter().find(|copy| is_of(log, copy)));
    let url = log.map_or("a log", |log| &log.base_url);
    let copy = copy.ok_or_else(|| no_copy(url))?;
    let proof = entry.proof.as_ref().ok_or_else(|| no_copy(url))?;
    let index = proof.inclusion.leaf_index.value();
    let held = copy.reader.holds(index, &entry.body);
    match held.map_err(|error| unusable(copy.folder, causes(&error)))? {
        Held::Yes => Ok(()),
        Held::Behind(size) => Err(behind(copy.folder, index, size)),
        Held::Another => Err(another(copy.folder, index)),
    }
}

fn open(folder: &Path) -> Result<Copy<'_>, Failure> {
    let reader = Reader::open(folder).map_err(|error| unusable(folder, causes(&error)))?;
    let reader = reader.ok_or_else(|| unusable(folder, "there is no checkpoint in it"))?;
    Ok(Copy { folder, reader })
}

/// Whether the key of the log signed the checkpoint of the copy.
fn is_of(log: &TransparencyLogInstance, copy: &Copy<'_>) -> bool {
    let checkpoint = copy.reader.checkpoint();
    let origin = &checkpoint.checkpoint.origin;
    let key = PublicKey::from_spki_der(log.public_key.raw_bytes.as_slice());
    let (Ok(key), Ok(name)) = (key, KeyName::parse(host(origin.as_str()))) else {
        return false;
    };
    let key = VerifierKey::new(name, key);
    checkpoint.verify(origin, &key).is_ok()
}

fn behind(folder: &Path, index: u64, size: u64) -> Failure {
    Failure::new(
        "E-VERIFY-039",
        format!(
            "the entry {index} is newer than the copy in {}, which has {size} entries",
            folder.display()
        ),
        "nothing is wrong with the signature; import the next batch, and verify again",
    )
}

fn another(folder: &Path, index: u64) -> Failure {
    Failure::new(
        "E-VERIFY-040",
        format!(
            "the log has another entry at {index} than the bundle says, by the copy in {}",
            folder.display()
        ),
        "do not use the file: the log signed two histories. Keep the bundle, and show it and the checkpoint of the copy to the operator",
    )
}

fn no_copy(log: &str) -> Failure {
    Failure::new(
        "E-VERIFY-041",
        format!("no copy that was named is of {log}, where the bundle is logged"),
        "name the folder of a copy of that log with --copy; `sigctl import` makes it",
    )
}
