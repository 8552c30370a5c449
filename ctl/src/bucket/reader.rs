//! An object as something that is read from its beginning to its end, on a thread that may block.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

use super::client::Bucket;
use super::object::Found;
use crate::failure::Failure;
use crate::interrupt::Stop;

/// Reads an object in ranges, each of which is asked for again if the connection breaks, and all of which are of one object.
pub(crate) struct Reader {
    bucket: Arc<Bucket>,
    key: String,
    found: Found,
    /// What was fetched, and how much of it was read.
    range: Vec<u8>,
    read: usize,
    /// Where the next range begins.
    next: u64,
    runtime: Handle,
    stop: Stop,
    failed: Failed,
}

/// Why reading ended early. Written by the reader, taken by who read.
#[derive(Clone, Default)]
pub(crate) struct Failed(Arc<Mutex<Option<Failure>>>);

impl Failed {
    /// The failure, if there was one.
    pub(crate) fn take(&self) -> Option<Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, failure: Failure) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }
}

impl Reader {
    /// Looks for the object. It blocks, as reading does.
    pub(crate) fn open(
        bucket: Arc<Bucket>,
        key: &str,
        runtime: Handle,
        stop: &Stop,
    ) -> Result<(Self, Failed), Failure> {
        let found = runtime.block_on(stop.or_work(bucket.find(key)))?;
        let found = found.ok_or_else(|| absent(&bucket, key))?;
        let failed = Failed::default();
        let reader = Self {
            key: key.to_owned(),
            stop: stop.clone(),
            failed: failed.clone(),
            range: Vec::new(),
            read: 0,
            next: 0,
            bucket,
            found,
            runtime,
        };
        Ok((reader, failed))
    }

    fn fetch(&mut self) -> Result<(), Failure> {
        let rest = usize::try_from(self.found.length - self.next).unwrap_or(usize::MAX);
        let length = rest.min(RANGE);
        let range = self.bucket.range(&self.key, &self.found, self.next, length);
        self.range = self.runtime.block_on(self.stop.or_work(range))?;
        self.read = 0;
        self.next += length as u64;
        Ok(())
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.range.len() && self.next < self.found.length {
            self.fetch().map_err(|failure| {
                let cause = io::Error::other(failure.whole());
                self.failed.keep(failure);
                cause
            })?;
        }
        let mut rest = self.range.get(self.read..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.read += count;
        Ok(count)
    }
}

impl Bucket {
    /// How long an object is.
    pub(crate) async fn length(&self, key: &str) -> Result<u64, Failure> {
        let found = self.find(key).await?;
        found
            .map(|found| found.length)
            .ok_or_else(|| absent(self, key))
    }
}

fn absent(bucket: &Bucket, key: &str) -> Failure {
    Failure::new(
        "E-CTL-384",
        format!("there is no {}", bucket.address(key)),
        "sigctl backup list shows which backups are there",
    )
}

const RANGE: usize = 8 << 20;
