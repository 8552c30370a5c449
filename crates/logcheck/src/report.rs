use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::defect::Findings;
use crate::head::Head;
use crate::scan::Scanned;
use crate::{Defect, Finding, Log};

/// What was checked and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The face of the log.
    pub face: String,
    /// The first line of its checkpoints.
    pub origin: String,
    /// The published size, if a checkpoint could be read.
    pub size: Option<u64>,
    /// The root of the tree as it was read, in hex, if it could be read whole.
    pub root: Option<String>,
    /// How many entries were read.
    pub entries: u64,
    /// How many lines of the ledger were held against the log.
    pub acks: u64,
    /// How many checkpoints were verified, the published one included.
    pub checkpoints: u64,
    /// What is wrong, of each sort the first.
    pub findings: Vec<Finding>,
    /// How often each sort of defect was found, told or not.
    pub counts: BTreeMap<Defect, u64>,
}

impl Report {
    pub(crate) fn of(log: &Log, acks: u64, checkpoints: u64) -> Self {
        Self {
            face: log.face.to_string(),
            origin: log.origin.clone(),
            size: None,
            root: None,
            entries: 0,
            acks,
            checkpoints,
            findings: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    pub(crate) fn with_tree(self, head: &Head, scanned: &Scanned) -> Self {
        Self {
            size: Some(head.size),
            root: scanned.root.map(hex::encode),
            entries: scanned.entries,
            checkpoints: self.checkpoints + 1,
            ..self
        }
    }

    pub(crate) fn with_findings(self, findings: Findings) -> Self {
        let (findings, counts) = findings.into_parts();
        Self {
            findings,
            counts,
            ..self
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.counts.is_empty()
    }

    /// Whether a defect of a sort was found.
    #[must_use]
    pub fn has(&self, defect: Defect) -> bool {
        self.counts.contains_key(&defect)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_defects(formatter)?;
        let verdict = if self.is_sound() {
            "sound"
        } else {
            "defective"
        };
        let size = self.size.map(|size| size.to_string());
        write!(
            formatter,
            "{verdict}: {} {:?} size {} root {}; checked {} entries, {} acknowledgements, {} checkpoints",
            self.face,
            self.origin,
            size.as_deref().unwrap_or("unknown"),
            self.root.as_deref().unwrap_or("unknown"),
            self.entries,
            self.acks,
            self.checkpoints
        )
    }
}

impl Report {
    fn write_defects(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(formatter, "{}: {}", finding.defect, finding.sentence)?;
        }
        for (defect, count) in &self.counts {
            let told = self
                .findings
                .iter()
                .filter(|finding| finding.defect == *defect);
            let untold = count.saturating_sub(told.count() as u64);
            if untold > 0 {
                writeln!(formatter, "{defect}: and {untold} more")?;
            }
        }
        Ok(())
    }
}
