use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sigstead_kit::{Act, Administrator};
use time::OffsetDateTime;

use crate::error::Error;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// How many records are before it.
    pub sequence: u64,
    /// The SHA-256 of the record before it, hexadecimal; zeros for the first one.
    pub previous: String,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What a record tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// An act is about to have its effect.
    Begun {
        /// Who does it.
        who: Who,
        /// The path of the method, or the words of a command.
        method: String,
        /// What is asked; nothing secret.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        arguments: BTreeMap<String, String>,
        /// The number of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// What came of an act.
    Ended {
        /// The sequence of the record of its beginning.
        act: u64,
        /// What came of it.
        outcome: Outcome,
        /// The code of what went wrong.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// An act was refused, because the role of who asked for it was too little.
    Refused {
        /// Who asked.
        who: Who,
        /// The path of the method.
        method: String,
        /// The code of the refusal.
        code: String,
    },
}

/// What came of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was answered with a failure; parts of it may have been done.
    Failed,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The name in the certificate.
    pub name: String,
    /// The serial number of the certificate, hexadecimal.
    pub serial: String,
    /// What the certificate lets them do.
    pub role: String,
}

impl From<&Administrator> for Who {
    fn from(administrator: &Administrator) -> Self {
        Self {
            name: administrator.name.clone(),
            serial: administrator.serial.clone(),
            role: administrator.role.to_string(),
        }
    }
}

impl Event {
    /// The beginning of an act over the admin interface.
    #[must_use]
    pub fn begun(act: Act) -> Self {
        Self::Begun {
            who: Who::from(&act.administrator),
            method: act.method,
            arguments: act.arguments.into_iter().collect(),
            request_id: act.request_id,
        }
    }
}

impl Record {
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(Error::Encode)
    }
}

/// How the record after it names these bytes.
pub(crate) fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
