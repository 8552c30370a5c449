use std::fmt;
use std::io::BufRead;

use crate::defect::Findings;
use crate::head::Head;
use crate::inputs::Inputs;
use crate::report::Report;
use crate::scan::{Scan, Scanned};
use crate::{Defect, Error, Log, Source, extra, note};

/// Of each sort of defect so many are told one by one; the rest is counted.
const TOLD: u64 = 20;

/// What is to be checked, and against what.
pub struct Request<'a> {
    /// The log that the source is said to be.
    pub log: Log,
    /// A checkpoint that was trusted before.
    pub previous: Option<String>,
    /// Lines of [`crate::Ack`].
    pub ledger: Option<Box<dyn BufRead + Send + 'a>>,
    /// Lines of [`crate::Observation`], the oldest first.
    pub observed: Option<Box<dyn BufRead + Send + 'a>>,
}

impl Request<'_> {
    /// The log alone.
    #[must_use]
    pub const fn new(log: Log) -> Self {
        Self {
            log,
            previous: None,
            ledger: None,
            observed: None,
        }
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

/// Reads a log whole and says everything that is wrong with it.
///
/// The ledger and the observations are read before the log, so that a log which grows meanwhile is not accused.
///
/// # Errors
/// The log or an input cannot be read: nothing is known about its soundness.
pub async fn check(source: &dyn Source, request: Request<'_>) -> Result<Report, Error> {
    let mut findings = Findings::new(TOLD);
    let log = request.log;
    let mut inputs = Inputs::new(&log, &mut findings);
    if let Some(previous) = &request.previous {
        inputs.previous(previous);
    }
    if let Some(observed) = request.observed {
        inputs.observed(observed)?;
    }
    if let Some(ledger) = request.ledger {
        inputs.ledger(ledger)?;
    }
    let (acks, checkpoints) = (inputs.acked.len() as u64, inputs.checkpoints);
    let (last_time, known) = (inputs.last_time, (inputs.claims, inputs.acked));
    let report = Report::of(&log, acks, checkpoints);
    let Some(head) = published(source, &log, &mut findings).await? else {
        return Ok(report.with_findings(findings));
    };
    let scanned = Scan::new(source, &log, head.size, known, &mut findings)
        .run()
        .await?;
    hold(&head, &scanned, last_time, &mut findings);
    extra::check(source, &log, head.size, &mut findings).await?;
    Ok(report.with_tree(&head, &scanned).with_findings(findings))
}

/// The published checkpoint. One that is not the log's still says a tree that can be read.
async fn published(
    source: &dyn Source,
    log: &Log,
    findings: &mut Findings,
) -> Result<Option<Head>, Error> {
    let Some(bytes) = source.get("checkpoint").await? else {
        findings.add(Defect::MissingCheckpoint, "the log publishes no checkpoint");
        return Ok(None);
    };
    let note = match note::parse(&bytes) {
        Ok(note) => note,
        Err(reason) => {
            findings.add(
                Defect::MalformedNote,
                format!("the published checkpoint: {reason}"),
            );
            return Ok(None);
        }
    };
    Ok(Some(log.verify(&note).unwrap_or_else(
        |(defect, reason)| {
            findings.add(defect, format!("the published checkpoint: {reason}"));
            Head {
                size: note.size,
                root: note.root,
                time: None,
            }
        },
    )))
}

/// Holds the published checkpoint against the tree that was read and the checkpoints that were seen before.
fn hold(head: &Head, scanned: &Scanned, last_time: Option<u64>, findings: &mut Findings) {
    if let Some(root) = scanned.root.filter(|root| *root != head.root) {
        let (read, said) = (hex::encode(root), hex::encode(head.root));
        let sentence =
            format!("the tree has the root {read}, the published checkpoint says {said}");
        findings.add(Defect::RootMismatch, sentence);
    }
    let Some(time) = head.time else {
        return;
    };
    if time < scanned.youngest {
        let youngest = scanned.youngest;
        let sentence =
            format!("the published checkpoint is of {time}, but covers a leaf of {youngest}");
        findings.add(Defect::CheckpointOlderThanLeaf, sentence);
    }
    if let Some(last) = last_time.filter(|last| time < *last) {
        let sentence = format!("the published checkpoint is of {time} after {last}");
        findings.add(Defect::TimeGoingBack, sentence);
    }
}
