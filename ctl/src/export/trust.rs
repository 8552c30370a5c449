//! What clients trust, as a TUF repository of its own.

use std::path::Path;

use serde::Serialize;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::tuf::{Role as _, Root, Signed};
use time::OffsetDateTime;

use super::{Written, create};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::output::Output;
use crate::trust::Fingerprint;
use crate::walk::{File, Repository, Walk, Wrong};
use crate::{http, trust_batch};

/// What was written.
#[derive(Serialize)]
struct Batch {
    root_version: u64,
    root_words: String,
    targets_version: u64,
    /// When clients stop to take it.
    #[serde(with = "time::serde::rfc3339")]
    good_until: OffsetDateTime,
    files: usize,
    bytes: u64,
}

/// Writes every root, the metadata that counts now and the files that it names, after a walk through them: nobody carries
/// what no client takes.
pub(super) async fn run(instance: &Instance, out: &Path, output: Output) -> Result<(), Failure> {
    let client = http::client(instance)?;
    let url = instance.manifest.local_url(Service::Tuf);
    let repository = Repository::Served {
        client: &client,
        url: &url,
    };
    let (root, first) = first_root(repository).await?;
    let now = SystemClock.now();
    let mut walk = Walk::of(repository, now);
    let targets = walk.targets(&root).await?;
    let mut files = vec![first];
    files.append(&mut walk.files);
    let newest = files
        .iter()
        .rfind(|file| File::root_version(&file.name).is_some());
    let root_words = newest.map_or_else(String::new, |file| Fingerprint::of(&file.bytes).words);
    for (name, meta) in &targets.targets {
        let bytes = walk.target(&targets, name).await?;
        let name = format!("targets/{}.{name}", meta.hashes.sha256);
        files.push(File { name, bytes });
    }
    files.push(File {
        name: trust_batch::Batch::FILE.to_owned(),
        bytes: trust_batch::Batch { exported: now }.encode(),
    });
    let written = write(&files, out)?;
    let batch = Batch {
        root_version: walk.version_of(Root::NAME),
        root_words,
        targets_version: targets.version,
        good_until: walk.good_until().unwrap_or(targets.expires),
        files: written.files,
        bytes: written.bytes,
    };
    output.print(&batch, |batch| {
        format!(
            "root {}, targets {}, good until {}, in {} files, {} bytes\n  root {}",
            batch.root_version,
            batch.targets_version,
            batch.good_until.date(),
            batch.files,
            batch.bytes,
            batch.root_words
        )
    });
    Ok(())
}

async fn first_root(repository: Repository<'_>) -> Result<(Root, File), Failure> {
    let name = "1.root.json".to_owned();
    let bytes = repository.look_for(&name).await?;
    let bytes = bytes.ok_or_else(|| repository.refuse(&Wrong::Missing(&name)))?;
    let root: Signed<Root> = Signed::parse(&bytes)
        .map_err(|error| repository.refuse(&Wrong::Changed(&name, Some(error))))?;
    Ok((root.signed, File { name, bytes }))
}

fn write(files: &[File], out: &Path) -> Result<Written, Failure> {
    create(out)?;
    create(&out.join("targets"))?;
    let mut written = Written::default();
    for file in files {
        written.file(&out.join(&file.name), &file.bytes)?;
    }
    written.sync(out)
}
