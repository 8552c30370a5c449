//! What is new in a log, as the requests that a mirror takes.

use std::ops::Range;
use std::path::Path;

use reqwest::Client;
use serde::Serialize;
use sigstead_checkpoint::SignedCheckpoint;
use sigstead_merkle::{ProveError, Subtree, prove_consistency, prove_subtree};
use sigstead_mirror::{EntryPackage, UploadHeader};
use sigstead_witness::AddCheckpoint;

use super::{Written, create};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::log::name::choose;
use crate::log::print::Log;
use crate::output::Output;
use crate::tiles::{Tiles, Unknown};
use crate::{http, log};

/// The file of a batch with the checkpoint; those with entries follow it by their names.
pub(crate) const CHECKPOINT: &str = "add-checkpoint";
/// What the names of files with entries begin with.
pub(crate) const ENTRIES: &str = "add-entries-";

/// What was written.
#[derive(Serialize)]
struct Batch {
    log: String,
    since: u64,
    size: u64,
    root_hash: String,
    files: usize,
    bytes: u64,
}

pub(super) async fn run(
    instance: &Instance,
    asked: Option<&str>,
    since: u64,
    out: &Path,
    output: Output,
) -> Result<(), Failure> {
    let log = find(instance, asked).await?;
    let client = http::client(instance)?;
    let mut source = Source::open(&client, instance, &log).await?;
    let size = source.checkpoint.checkpoint.head.size;
    if since > size {
        return Err(Failure::new(
            "E-AIR-008",
            format!(
                "{} has {size} entries, and the copy is said to have {since}",
                log.origin
            ),
            "take the number that `sigctl import` printed for this log; a log never gets smaller",
        ));
    }
    create(out)?;
    let written = source.write(since, out).await?;
    let batch = Batch {
        log: log.origin,
        since,
        size,
        root_hash: source.checkpoint.checkpoint.head.root.to_string(),
        files: written.files,
        bytes: written.bytes,
    };
    output.print(&batch, |batch| {
        format!(
            "{}: entries {} to {} in {} files, {} bytes\n  root {}",
            batch.log, batch.since, batch.size, batch.files, batch.bytes, batch.root_hash
        )
    });
    Ok(())
}

async fn find(instance: &Instance, asked: Option<&str>) -> Result<Log, Failure> {
    let logs: Vec<_> = log::list(instance).await?.iter().map(Log::from).collect();
    let names: Vec<_> = logs.iter().map(|log| log.origin.clone()).collect();
    let name = choose(&names, asked)?;
    let found = logs.into_iter().find(|log| log.origin == name);
    found.ok_or_else(|| Failure::service("tlog", &name, "the log is not listed any more"))
}

/// A log as it is read for a copy.
struct Source<'a> {
    checkpoint: SignedCheckpoint,
    tiles: Tiles<'a>,
    url: String,
}

impl<'a> Source<'a> {
    async fn open(client: &'a Client, instance: &Instance, log: &Log) -> Result<Self, Failure> {
        let url = instance.manifest.local_url(Service::Tlog);
        let url = format!("{url}/logs/{}", log.log_id);
        let place = format!("{url}/checkpoint");
        let answer = client.get(&place).send().await;
        let note = http::bytes("tlog", &place, answer).await?;
        let parsed = SignedCheckpoint::parse(&String::from_utf8_lossy(&note));
        let checkpoint = parsed.map_err(|error| Failure::service("tlog", &place, error))?;
        let size = checkpoint.checkpoint.head.size;
        Ok(Self {
            tiles: Tiles::new(client, url.clone(), size),
            checkpoint,
            url,
        })
    }

    /// Writes the files of a batch.
    async fn write(&mut self, since: u64, out: &Path) -> Result<Written, Failure> {
        let mut written = Written::default();
        let size = self.checkpoint.checkpoint.head.size;
        let proof = self
            .tiles
            .prove(|read| prove_consistency(read, since, size))
            .await?;
        let request = AddCheckpoint {
            old_size: since,
            hashes: proof.hashes,
            note: self.checkpoint.note.clone(),
        };
        written.file(&out.join(CHECKPOINT), request.encode().as_bytes())?;
        let ranges: Vec<_> = self.header(since).ranges().collect();
        for ranges in ranges.chunks(PACKAGES) {
            let start = ranges.first().map_or(size, |range| range.start);
            let body = self.body(start, ranges).await?;
            // In the order of their names, which is that of their entries.
            written.file(&out.join(format!("{ENTRIES}{start:020}")), &body)?;
        }
        written.sync(out)
    }

    fn header(&self, start: u64) -> UploadHeader {
        UploadHeader {
            origin: self.checkpoint.checkpoint.origin.clone(),
            start,
            end: self.checkpoint.checkpoint.head.size,
            ticket: Vec::new(),
        }
    }

    /// One request: as many packages as a mirror takes at once.
    async fn body(&mut self, start: u64, ranges: &[Range<u64>]) -> Result<Vec<u8>, Failure> {
        let header = self.header(start);
        let url = self.url.clone();
        let strange = |error| Failure::service("tlog", &url, error);
        let mut body = header.encode().map_err(strange)?;
        for range in ranges {
            let package = self.package(range.clone(), header.end).await?;
            body.extend(package.encode().map_err(strange)?);
        }
        self.tiles.forget_leaves();
        Ok(body)
    }

    async fn package(&mut self, range: Range<u64>, size: u64) -> Result<EntryPackage, Failure> {
        let first = range.start - range.start % WIDTH;
        let prove = |read: &_| {
            let subtree = Subtree::new(first, range.end).map_err(ProveError::<Unknown>::from)?;
            prove_subtree(read, subtree, size)
        };
        let proof = self.tiles.prove(prove).await?;
        let place = |entry: u64| usize::try_from(entry - first).unwrap_or(usize::MAX);
        let mut entries = self.tiles.entries(first / WIDTH).await?;
        entries.truncate(place(range.end));
        let entries = entries.split_off(place(range.start).min(entries.len()));
        Ok(EntryPackage {
            range,
            entries,
            hashes: proof.hashes,
        })
    }
}

const WIDTH: u64 = sigstead_tiles::TILE_WIDTH as u64;
// c2sp.org/tlog-mirror §Implementation Considerations: no more packages than this in one request.
const PACKAGES: usize = 32;
