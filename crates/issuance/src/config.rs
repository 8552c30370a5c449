use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sigstead_kit::Period;

/// Where issuances are recorded, and what of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecordConfig {
    /// The directory of the record, made when it is not there. Default `record`. Without room in it, no certificate is
    /// issued.
    pub path: PathBuf,
    /// How long an issuance is kept. Default `400d`, at least `1h`. Files are removed whole, a day of issuances at a time,
    /// so that an issuance may stay for a day longer, and for a month longer after the service stood still for more than a
    /// week or its clock jumped as far: a wrong clock must not cost the record. A shorter time makes it harder to find out
    /// what was done with a stolen token.
    pub retention: Period,
    /// Whether e-mail addresses are recorded as `sha256:` and the digest of the address in small letters. Default
    /// `false`. Who guesses an address can check the guess; `sigctl issued list --identity` does.
    pub hash_emails: bool,
    /// The claims of a token that are recorded, if they are text, numbers or truth values. Default: those by which CI
    /// systems name a run.
    pub claims: Vec<String>,
}

impl Default for RecordConfig {
    fn default() -> Self {
        Self {
            path: "record".into(),
            retention: Period::from_days(400),
            hash_emails: false,
            claims: CLAIMS.map(ToOwned::to_owned).to_vec(),
        }
    }
}

/// None of them names a person.
const CLAIMS: [&str; 15] = [
    "repository",
    "repository_id",
    "repository_owner_id",
    "ref",
    "sha",
    "workflow_ref",
    "job_workflow_ref",
    "run_id",
    "run_attempt",
    "project_path",
    "project_id",
    "pipeline_id",
    "job_id",
    "build_number",
    "azp",
];
