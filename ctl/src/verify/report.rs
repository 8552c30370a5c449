//! What was verified, for people and as JSON.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use sigstead_verify::{Accepted, Signer, Step, TimeSource, VerifiedEntry, VerifiedTime};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::inputs::Input;
use crate::failure::Failure;
use crate::output::Output;

/// All files of one call.
#[derive(Serialize)]
pub(super) struct Reports {
    pub(super) verified: Vec<Report>,
    /// What it was decided by.
    pub(super) inputs: Vec<Input>,
}

/// One file.
#[derive(Serialize)]
pub(super) struct Report {
    file: String,
    digests: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    times: Vec<TimeReport>,
    log_entries: Vec<EntryReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<StepReport>>,
}

#[derive(Serialize)]
struct CertificateReport {
    identity: String,
    issuer: String,
    authority: String,
    serial: String,
    not_before: String,
    not_after: String,
    claims: BTreeMap<&'static str, String>,
    certificate_logs: Vec<TimeReport>,
}

#[derive(Serialize)]
struct TimeReport {
    time: String,
    source: &'static str,
    url: String,
}

#[derive(Serialize)]
struct EntryReport {
    log: String,
    log_id: String,
    kind: String,
    version: String,
    index: Option<u64>,
    tree_index: Option<u64>,
    tree_size: Option<u64>,
}

#[derive(Serialize)]
struct StepReport {
    code: &'static str,
    expected: String,
    found: String,
}

impl Report {
    pub(super) fn new(file: &Path, accepted: &Accepted, steps: Option<Vec<Step>>) -> Self {
        let digests = accepted.artifact.iter();
        let statement = accepted
            .attestation
            .as_ref()
            .map(|attestation| &attestation.payload);
        Self {
            file: file.display().to_string(),
            digests: digests
                .map(|(hash, digest)| (hash.name(), hex::encode(digest)))
                .collect(),
            certificate: CertificateReport::new(&accepted.signer),
            key: match &accepted.signer {
                Signer::Key(key) => Some(key.fingerprint()),
                Signer::Identity(_) => None,
            },
            times: accepted.times.iter().map(TimeReport::new).collect(),
            log_entries: accepted.entries.iter().map(EntryReport::new).collect(),
            statement: statement.and_then(|payload| serde_json::from_slice(payload).ok()),
            steps: steps.map(|steps| steps.into_iter().map(StepReport::new).collect()),
        }
    }

    fn text(&self) -> String {
        let signer = match (&self.certificate, &self.key) {
            (Some(signer), _) => format!("{} (vouched for by {})", signer.identity, signer.issuer),
            (None, key) => format!("the key {}", key.as_deref().unwrap_or_default()),
        };
        let mut text = format!("verified: {}, signed by {signer}", self.file);
        if let Some(first) = self.times.iter().map(|each| each.time.as_str()).min() {
            text.push_str(&format!(" at {first}"));
        }
        for entry in &self.log_entries {
            let index = entry
                .index
                .map_or_else(String::new, |index| format!(" {index}"));
            text.push_str(&format!(", entry{index} of {}", entry.log));
        }
        if let Some(predicate) = self.predicate_type() {
            text.push_str(&format!(", attested: {predicate}"));
        }
        text
    }

    fn predicate_type(&self) -> Option<&str> {
        self.statement.as_ref()?.get("predicateType")?.as_str()
    }
}

impl Reports {
    /// A line for each file, and for each input that was carried here, with its age at `now`.
    pub(super) fn text(&self, now: OffsetDateTime) -> String {
        let carried = self.inputs.iter().filter(|input| input.is_carried());
        let inputs = carried.map(|input| input.text(now));
        let lines = self.verified.iter().map(Report::text).chain(inputs);
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Prints the predicate of each file as JSON, whatever the form of results.
    pub(super) fn print_predicates(&self, output: Output) -> Result<(), Failure> {
        for report in &self.verified {
            let predicate = report
                .statement
                .as_ref()
                .and_then(|each| each.get("predicate"));
            let predicate = predicate.ok_or_else(|| {
                Failure::new(
                    "E-CTL-012",
                    format!("what was signed of {} is no attestation", report.file),
                    "leave out --print-predicate, or get the attestation of the file",
                )
            })?;
            output.print_json(predicate);
        }
        Ok(())
    }
}

impl CertificateReport {
    fn new(signer: &Signer) -> Option<Self> {
        let Signer::Identity(signer) = signer else {
            return None;
        };
        let claims = signer.claims.claims();
        Some(Self {
            identity: signer.identity.clone(),
            issuer: signer.issuer.clone(),
            authority: signer.authority_url.clone(),
            serial: hex::encode(signer.certificate.serial()),
            not_before: written(signer.certificate.not_before()),
            not_after: written(signer.certificate.not_after()),
            claims: claims
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
            certificate_logs: signer.scts.iter().map(TimeReport::new).collect(),
        })
    }
}

impl TimeReport {
    fn new(verified: &VerifiedTime) -> Self {
        Self {
            time: written(verified.time),
            source: match verified.source {
                TimeSource::TimestampAuthority => "timestamp_authority",
                TimeSource::Log => "log",
                TimeSource::CertificateLog => "certificate_log",
            },
            url: verified.url.clone(),
        }
    }
}

impl EntryReport {
    fn new(entry: &VerifiedEntry) -> Self {
        Self {
            log: entry.log_url.clone(),
            log_id: hex::encode(&entry.log_id),
            kind: entry.kind.clone(),
            version: entry.version.clone(),
            index: entry.index(),
            tree_index: entry.tree_index,
            tree_size: entry.tree_size,
        }
    }
}

impl StepReport {
    fn new(step: Step) -> Self {
        Self {
            code: step.check.code(),
            expected: step.difference.expected,
            found: step.difference.found,
        }
    }
}

/// A check that passed, as a line.
pub(super) fn step_text(step: &Step) -> String {
    let (code, difference) = (step.check.code(), &step.difference);
    format!(
        "passed {code}: expected {}, found {}",
        difference.expected, difference.found
    )
}

/// The check that failed, as a line.
pub(super) fn failed_text(failure: &sigstead_verify::Failure) -> String {
    let told = failure.difference().map_or_else(
        || failure.check().problem().to_owned(),
        |difference| {
            format!(
                "expected {}, found {}",
                difference.expected, difference.found
            )
        },
    );
    format!("failed {}: {told}", failure.code())
}

fn written(time: OffsetDateTime) -> String {
    // Years beyond 9999 have no such form, and no certificate or timestamp has them.
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}
