use std::path::Path;
use std::sync::Arc;

use sigstead_config::tlog::{WithoutQuorum, WitnessConfig};
use sigstead_note::VerifierKey;
use sigstead_sequencer::Cosigning;
use sigstead_witness::{HttpTransport, Policy, Witnesses};

/// Why the witnesses of a log cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The policy cannot be read.
    #[error("cannot read the witness policy {path}")]
    Unread {
        /// The file.
        path: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The policy does not say what it must.
    #[error("the witness policy {path} cannot be used")]
    Policy {
        /// The file.
        path: String,
        /// What is wrong with it.
        #[source]
        source: sigstead_witness::Error,
    },
    /// The policy names logs, and not this one.
    #[error(
        "the witness policy {path} names other logs; add a line `log` with the verifier key of this one, or none"
    )]
    AnotherLog {
        /// The file.
        path: String,
    },
    /// No HTTP client can be made.
    #[error("no HTTP client can be made for the witnesses")]
    Client(#[source] sigstead_kit::Error),
}

/// The witnesses of the log with this key.
pub(crate) fn open(config: &WitnessConfig, log: &VerifierKey) -> Result<Cosigning, WitnessError> {
    let path = config.policy.display().to_string();
    let policy = read(&config.policy, &path)?;
    if !policy.is_for(log) {
        return Err(WitnessError::AnotherLog { path });
    }
    let client = config.client.build().map_err(WitnessError::Client)?;
    let transport = HttpTransport::new(client).with_headers(sigstead_kit::trace::headers);
    let transport = Arc::new(transport);
    let witnesses = Witnesses::new(policy, transport, config.deadline.duration());
    Ok(Cosigning {
        witnesses: witnesses.map_err(|source| WitnessError::Policy { path, source })?,
        without_quorum: match config.without_quorum {
            WithoutQuorum::Publish => sigstead_sequencer::WithoutQuorum::Publish,
            WithoutQuorum::Wait => sigstead_sequencer::WithoutQuorum::Wait,
        },
    })
}

fn read(file: &Path, path: &str) -> Result<Policy, WitnessError> {
    let path = path.to_owned();
    match std::fs::read_to_string(file) {
        Ok(text) => Policy::parse(&text).map_err(|source| WitnessError::Policy { path, source }),
        Err(source) => Err(WitnessError::Unread { path, source }),
    }
}
