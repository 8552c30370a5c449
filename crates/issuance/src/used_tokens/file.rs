//! The file of the tokens that were used: appended to, and written again without those that ended when it is long.

use std::collections::HashSet;
use std::path::PathBuf;

use sigstead_durable as durable;
use sigstead_store::RecordFile;

use super::known::{Known, MOST, Use};
use crate::health::Failure;

pub(super) struct UsesFile {
    /// None for tests, which end with the process.
    path: Option<PathBuf>,
    /// None after a failure; the next use opens it again.
    file: Option<RecordFile>,
    /// How many records the file has.
    records: usize,
    /// Whether it is known what an earlier process left.
    is_read: bool,
}

impl UsesFile {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self {
            path,
            file: None,
            records: 0,
            is_read: false,
        }
    }

    /// Opens the file if it is not open. What an earlier process wrote is known then. What this one did not give back is in
    /// the file then, also if it is another file; what a failed write left in it, nobody was told of, and is not known.
    pub(super) fn open(&mut self, known: &mut Known) -> Result<(), Failure> {
        let Some(path) = self.path.as_ref().filter(|_| self.file.is_none()) else {
            return Ok(());
        };
        let (mut file, records) =
            RecordFile::open(path).map_err(|error| Failure::of_store(&error))?;
        let mut written = HashSet::new();
        let mut left = Vec::new();
        for record in &records {
            let token = parse(record).ok_or_else(|| {
                Failure::Damaged(format!("{} has a record of another length", path.display()))
            })?;
            written.insert(token.digest);
            left.push(token);
        }
        if !self.is_read {
            left.into_iter().for_each(|token| known.insert(token));
            self.is_read = true;
        }
        let missing: Vec<_> = known
            .uses()
            .filter(|token| !written.contains(&token.digest))
            .collect();
        append(&mut file, &missing)?;
        self.records = records.len() + missing.len();
        self.file = Some(file);
        Ok(())
    }

    /// Makes uses durable that are known already.
    pub(super) fn append(
        &mut self,
        uses: &[Use],
        known: &mut Known,
        now: i64,
    ) -> Result<(), Failure> {
        if self.records + uses.len() > MOST * 2 {
            known.forget(now);
            return self.write_again(known);
        }
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let written = append(file, &uses.iter().collect::<Vec<_>>());
        match &written {
            Ok(()) => self.records += uses.len(),
            Err(_) => self.file = None,
        }
        written
    }

    /// Puts a file with what is known in the place of the file. A crash leaves one or the other.
    fn write_again(&mut self, known: &Known) -> Result<(), Failure> {
        let Some(path) = self.path.clone() else {
            return Ok(());
        };
        // If a step fails, the file that is in place is opened again.
        self.file = None;
        let beside = path.with_extension("new");
        durable::remove(&beside).map_err(failed)?;
        let (mut file, _) = RecordFile::open(&beside).map_err(|error| Failure::of_store(&error))?;
        append(&mut file, &known.uses().collect::<Vec<_>>())?;
        durable::rename(&beside, &path).map_err(failed)?;
        // What is appended to a file whose name is not durable is lost with the name.
        durable::sync_directory(durable::parent(&path)).map_err(failed)?;
        self.records = known.len();
        self.file = Some(file);
        Ok(())
    }
}

fn append(file: &mut RecordFile, uses: &[&Use]) -> Result<(), Failure> {
    if uses.is_empty() {
        return Ok(());
    }
    let records: Vec<Vec<u8>> = uses.iter().map(|token| encode(token)).collect();
    let parts: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    file.append_all(&parts)
        .map_err(|error| Failure::of_store(&error))
}

fn encode(token: &Use) -> Vec<u8> {
    [&token.digest[..], &token.until.to_be_bytes(), &token.issuer].concat()
}

fn parse(record: &[u8]) -> Option<Use> {
    let (digest, rest) = record.split_first_chunk()?;
    let (until, issuer) = rest.split_first_chunk()?;
    Some(Use {
        digest: *digest,
        until: i64::from_be_bytes(*until),
        issuer: issuer.try_into().ok()?,
        by: None,
    })
}

fn failed(error: std::io::Error) -> Failure {
    Failure::Other(error.to_string())
}
