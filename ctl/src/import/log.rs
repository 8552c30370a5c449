//! Entries of a log, proven one package after another.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sigstead_checkpoint::Origin;
use sigstead_key::PublicKey;
use sigstead_mirror::{Error, Mirror, Refusal, Shown};
use sigstead_note::{KeyName, SignedNote, VerifierKey};
use sigstead_witness::AddCheckpoint;

use super::cosigner::Cosigner;
use crate::copies::unusable;
use crate::export::log::{CHECKPOINT, ENTRIES};
use crate::failure::Failure;
use crate::log::name::host;
use crate::output::Output;
use crate::verify;

/// What was carried here, and whose copy it goes into.
pub(super) struct Import {
    pub(super) batch: PathBuf,
    pub(super) log: Origin,
    /// From where the key of the log is.
    pub(super) trusted_root: PathBuf,
    pub(super) into: PathBuf,
    pub(super) cosigner: Option<Cosigner>,
}

/// What came of it.
#[derive(Serialize)]
struct Imported {
    log: String,
    before: u64,
    size: u64,
    root_hash: String,
    /// By what verifiers know the site that cosigned the copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    cosigner: Option<String>,
}

pub(super) async fn run(import: &Import, output: Output) -> Result<(), Failure> {
    let refused = |error| refuse(import, error);
    let request = read_checkpoint(&import.batch)?;
    let key = find_key(import, &request.note)?;
    let opened = Mirror::open(&import.into, import.log.clone(), key);
    let mut mirror = opened.map_err(refused)?;
    let before = mirror.next_entry();
    if mirror.add_checkpoint(&request).map_err(refused)? == Shown::Ahead {
        for file in entry_files(&import.batch)? {
            let opened = File::open(&file).map_err(|error| Failure::file("read", &file, error))?;
            let added = mirror.add_entries(&mut BufReader::new(opened));
            added.map_err(refused)?;
        }
        let complete = mirror.complete().map_err(refused)?;
        let mut lines = Vec::new();
        if let Some(cosigner) = &import.cosigner {
            lines.push(cosigner.sign(complete.note()).await?);
        }
        complete.publish(lines).map_err(refused)?;
    } else if let Some(cosigner) = &import.cosigner {
        // The copy is older than the wish to have it cosigned.
        let shown = mirror.checkpoint().map_err(refused)?;
        if let Some(shown) = shown.filter(|shown| !cosigner.has_signed(&shown.note)) {
            let line = cosigner.sign(&shown.note).await?;
            mirror.cosign(line).map_err(refused)?;
        }
    }
    let imported = report(import, &mirror, before)?;
    output.print(&imported, Imported::text);
    Ok(())
}

impl Imported {
    fn text(&self) -> String {
        let (log, size) = (&self.log, self.size);
        let mut text = match size - self.before {
            0 => format!("{log}: nothing new, {size} entries"),
            new => format!(
                "{log}: {new} entries added, {size} in all\n  root {}",
                self.root_hash
            ),
        };
        if let Some(cosigner) = &self.cosigner {
            text.push_str(&format!("\n  cosigned by {cosigner}"));
        }
        text
    }
}

fn report(import: &Import, mirror: &Mirror, before: u64) -> Result<Imported, Failure> {
    let checkpoint = mirror.checkpoint();
    let checkpoint = checkpoint.map_err(|error| refuse(import, error))?;
    let head = checkpoint.map(|signed| signed.checkpoint.head);
    Ok(Imported {
        log: import.log.to_string(),
        before,
        size: mirror.next_entry(),
        root_hash: head.map_or_else(String::new, |head| head.root.to_string()),
        cosigner: import.cosigner.as_ref().map(|it| it.key().to_string()),
    })
}

/// The key of the log among those that are trusted: the one that signed the checkpoint, of several under one host.
fn find_key(import: &Import, shown: &SignedNote) -> Result<VerifierKey, Failure> {
    let path = &import.trusted_root;
    let host = host(import.log.as_str());
    let name = KeyName::parse(host).map_err(|error| Failure::file("read", path, error))?;
    let roots = verify::trust::read(path)?;
    let logs = roots.iter().flat_map(|root| &root.tlogs);
    let of_host = logs.filter(|log| url_host(&log.base_url) == host);
    let keys = of_host
        .filter_map(|log| PublicKey::from_spki_der(log.public_key.raw_bytes.as_slice()).ok());
    let keys: Vec<_> = keys
        .map(|key| VerifierKey::new(name.clone(), key))
        .collect();
    let signed = keys.iter().find(|key| shown.verify(key).is_ok());
    signed.or_else(|| keys.first()).cloned().ok_or_else(|| {
        Failure::new(
            "E-AIR-003",
            format!("{} has no log {}", path.display(), import.log),
            "name the log as `sigctl log info` does, and the trusted root of its instance, which a rotation makes anew",
        )
    })
}

fn url_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split([':', '/']).next().unwrap_or(rest)
}

fn read_checkpoint(batch: &Path) -> Result<AddCheckpoint, Failure> {
    let path = batch.join(CHECKPOINT);
    let no_batch = |cause: &dyn std::fmt::Display| {
        Failure::new(
            "E-AIR-007",
            format!("{} is no batch of a log", batch.display()),
            "name the folder that `sigctl export` made, whole",
        )
        .because(cause)
    };
    // Neither a link of the carrier's is followed nor a pipe waited for.
    let found = std::fs::symlink_metadata(&path).map_err(|error| no_batch(&error))?;
    if !found.is_file() || found.len() > MAX_CHECKPOINT_BYTES {
        return Err(no_batch(&format!(
            "{} is no file, or has more than {MAX_CHECKPOINT_BYTES} bytes",
            path.display()
        )));
    }
    let body = std::fs::read_to_string(&path).map_err(|error| no_batch(&error))?;
    AddCheckpoint::parse(&body).map_err(|error| no_batch(&error))
}

/// The files with entries, in the order in which they were written.
fn entry_files(batch: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::file("read", batch, error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(batch).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // What a carrier may have made a link of is not followed.
        let is_file = entry.file_type().map_err(failed)?.is_file();
        if is_file && entry.file_name().to_string_lossy().starts_with(ENTRIES) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// What a person does about what the copy does not take.
fn refuse(import: &Import, error: Error) -> Failure {
    let batch = import.batch.display();
    let Error::Refused(refusal) = error else {
        return unusable(&import.into, sigstead_kit::causes(&error));
    };
    let what = refusal.to_string();
    let (code, remedy) = match &refusal {
        Refusal::Forked {
            stored,
            shown,
            size,
        } => {
            let kept = keep(&import.into, *size, stored.as_deref(), shown);
            return Failure::new("E-AIR-001", what, FORKED).because(kept);
        }
        Refusal::Gap { stored, .. } => {
            let remedy = format!(
                "import the batch before it first, or have one made with `sigctl export --since {stored}`"
            );
            return Failure::new("E-AIR-002", what, remedy);
        }
        Refusal::Foreign(_) => (
            "E-AIR-003",
            "name the log and its key as its operator publishes them: --log, --trusted-root"
                .to_owned(),
        ),
        Refusal::NoCheckpoint(_)
        | Refusal::Backwards { .. }
        | Refusal::Proof { .. }
        | Refusal::Form(_) => (
            "E-AIR-004",
            format!(
                "{batch} was damaged or changed on its way: copy it again, and compare it with what was written"
            ),
        ),
        Refusal::NotPending { .. } | Refusal::Incomplete { .. } => (
            "E-AIR-005",
            format!("a file of {batch} is missing or of another batch: copy the whole folder"),
        ),
    };
    Failure::new(code, what, remedy).because(sigstead_kit::causes(&refusal))
}

/// Keeps the two checkpoints of a log with two histories, and says where.
fn keep(into: &Path, size: u64, stored: Option<&SignedNote>, shown: &SignedNote) -> String {
    let path = into.join(format!("fork-at-{size}.txt"));
    let stored = stored.map_or_else(String::new, SignedNote::encode);
    let text = format!("{stored}\n{}", shown.encode());
    match sigstead_durable::replace(&path, text.as_bytes()) {
        Ok(()) => format!("both checkpoints are in {}", path.display()),
        Err(error) => format!(
            "the checkpoints could not be kept in {}: {error}\n{text}",
            path.display()
        ),
    }
}

const FORKED: &str = "trust nothing newer of this log: show both checkpoints to its operator and to whoever else relies on it";
/// A proof has at most 63 lines, and a note at most a million bytes.
const MAX_CHECKPOINT_BYTES: u64 = 1_100_000;
