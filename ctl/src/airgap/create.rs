//! `sigctl airgap create`: an archive, whole before it is signed.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sigstead_airgap::{FORMAT, Flaws, MANIFEST, Manifest, Plan, SIGNATURES, Written};
use sigstead_kit::{Clock as _, SystemClock};
use time::macros::format_description;
use time::{Date, OffsetDateTime, Time};

use super::contents::Contents;
use super::refusal;
use super::verify::{carriers, flaws};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::key::{KeyFields, unusable};
use crate::output::Output;
use crate::token_source::TokenSource;
use crate::trust::Fingerprint;
use crate::{private, sign};

/// What is in the archive, who signs it, and where it goes.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    contents: Contents,

    /// The number of the archive, higher than that of the one before.
    #[arg(long)]
    number: u64,

    /// What it is the archive of.
    #[arg(long, default_value = "sigstead")]
    name: String,

    /// The version of that. Default: the version of this program.
    #[arg(long, value_name = "VERSION")]
    release: Option<String>,

    /// The day on which the next archive is to be there, as in 2027-03-31.
    #[arg(long, value_name = "DAY", value_parser = day)]
    due: Option<OffsetDateTime>,

    /// How many MiB a volume may have, with the list that is on each medium. Default: one volume.
    #[arg(long, value_name = "MIB")]
    volume_mib: Option<u64>,

    /// The key that signs the archive: `file:PATH`, `pkcs11:…` or `vault:…`, as `sigctl key create` makes it.
    #[arg(long, value_name = "URI", help_heading = "Signatures")]
    key: String,

    #[command(flatten)]
    fields: KeyFields,

    /// An instance, running, that signs the archive too.
    #[arg(long, value_name = "INSTANCE", help_heading = "Signatures")]
    sign_with: Option<PathBuf>,

    #[command(flatten)]
    token: TokenSource,

    /// The folder to make. One that the same command began is gone on with.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

/// What was made.
#[derive(Serialize)]
struct Created {
    release: String,
    number: u64,
    files: usize,
    bytes: u64,
    /// What an earlier attempt had written.
    kept: u64,
    volumes: u32,
    images: usize,
    carriers: u32,
    flaws: Flaws,
    key: String,
    is_signed_by_instance: bool,
    sha256: String,
    words: String,
}

/// How an archive comes to be, and what a crash between two steps leaves behind:
///
/// 1. The key is opened, and everything that goes in is looked at. Nothing is written.
/// 2. The files are written, volume by volume. A crash leaves some; the same command keeps those that are right.
/// 3. The list is made and signed. A crash leaves no list, and so no archive.
/// 4. The signatures are written, and the list last.
pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let out = &arguments.out;
    let config = arguments.fields.config(&arguments.key)?;
    let opened = sigstead_signer::open(&config).await;
    let signer = opened.map_err(|error| unusable(&config, &error))?;
    let (sources, images) = arguments.contents.gather()?;
    let volume_bytes = arguments.volume_mib.map(|mib| mib.saturating_mul(1 << 20));
    let plan = Plan::new(sources, volume_bytes);
    let plan = plan.map_err(|error| refusal::unwritten(out, &error))?;
    let written = private::with_callers_umask(|| write(&plan, out))?;
    let manifest = Manifest {
        format: FORMAT,
        name: arguments.name.clone(),
        release: arguments
            .release
            .clone()
            .unwrap_or_else(|| VERSION.to_owned()),
        number: arguments.number,
        created: whole_seconds(SystemClock.now()),
        due: arguments.due,
        flaws: arguments.contents.flaws(),
        volumes: plan.volumes(),
        images,
        files: written.files,
    };
    let encoded = manifest.encode();
    let list = encoded.map_err(|error| refusal::unwritten(out, &error.into()))?;
    let signature = signer.sign(&list).await;
    let signature = signature.map_err(|error| unusable(&config, &error))?;
    let bundle = arguments.bundle(&list).await?;
    private::with_callers_umask(|| finish(out, &list, &signature, bundle.as_deref()))?;
    let fingerprint = Fingerprint::of(&list);
    let created = Created {
        files: manifest.files.len(),
        bytes: written.bytes,
        kept: written.kept,
        volumes: manifest.volumes,
        images: manifest.images.len(),
        carriers: carriers(&manifest),
        flaws: manifest.flaws,
        release: manifest.release,
        number: manifest.number,
        key: signer.public_key().fingerprint(),
        is_signed_by_instance: bundle.is_some(),
        sha256: fingerprint.sha256,
        words: fingerprint.words,
    };
    output.print(&created, Created::text);
    Ok(())
}

impl Arguments {
    /// The signature of the instance, if one signs.
    async fn bundle(&self, list: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let Some(directory) = &self.sign_with else {
            return Ok(None);
        };
        let instance = Instance::open(directory)?;
        let token = self.token.token(Some(&instance)).await?;
        let bundle = sign::document(&instance, token, list).await?;
        Ok(Some(bundle.encode()))
    }
}

fn write(plan: &Plan, out: &Path) -> Result<Written, Failure> {
    let made = std::fs::create_dir_all(out);
    made.map_err(|error| Failure::file("make", out, error))?;
    if out.join(MANIFEST).exists() {
        return Err(refusal::occupied(out, "it has a whole archive"));
    }
    let written = plan.write(out);
    written.map_err(|error| refusal::unwritten(out, &error))
}

fn finish(out: &Path, list: &[u8], signature: &[u8], bundle: Option<&[u8]>) -> Result<(), Failure> {
    let [of_key, of_instance] = SIGNATURES;
    let put = |name: &str, bytes: &[u8]| {
        let path = out.join(name);
        std::fs::write(&path, bytes).map_err(|error| Failure::file("write", &path, error))
    };
    put(of_key, signature)?;
    if let Some(bundle) = bundle {
        put(of_instance, bundle)?;
    }
    let synced = || {
        let synced = sigstead_durable::sync_file_system(out);
        synced.map_err(|error| Failure::file("sync", out, error))
    };
    synced()?;
    put(MANIFEST, list)?;
    // Whoever takes the medium out asks nobody.
    synced()
}

impl Created {
    fn text(&self) -> String {
        let by_instance = match self.is_signed_by_instance {
            true => " and by the instance",
            false => "",
        };
        format!(
            "archive {}, number {}: {} files in {} volumes, {} bytes written, {} there already\n  {} images with {} signatures and \
             attestations; {}\n  signed by the key {}{by_instance}\n  sha256 {}\n  words  {}",
            self.release,
            self.number,
            self.files,
            self.volumes,
            self.bytes,
            self.kept,
            self.images,
            self.carriers,
            flaws(self.flaws),
            self.key,
            self.sha256,
            self.words
        )
    }
}

/// The list has no parts of a second.
fn whole_seconds(time: OffsetDateTime) -> OffsetDateTime {
    time.replace_nanosecond(0).unwrap_or(time)
}

fn day(text: &str) -> Result<OffsetDateTime, String> {
    let date = Date::parse(text, format_description!("[year]-[month]-[day]"));
    let date = date.map_err(|error| format!("write a day as in 2027-03-31: {error}"))?;
    Ok(date.with_time(Time::MIDNIGHT).assume_utc())
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
