use sigstead_checkpoint::Origin;
use sigstead_config::opened_logs::OpenedLogsError;
use sigstead_kit::{Kind, Problem, causes};
use sigstead_sequencer::PauseReasonError;

use crate::cosigning::WitnessError;

/// Why the logs of the process are not opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// A log of that name is open already.
    #[error("the log {0} is open already")]
    LogExists(Origin),
    /// A log is to end, and clients would have none to write to.
    #[error(
        "no other log of the same face takes entries, and {0} would leave its clients without one"
    )]
    NoSuccessor(Origin),
    /// Why a log is to be paused is not said in a line.
    #[error(transparent)]
    PauseReason(#[from] PauseReasonError),
    /// The descriptions of logs that were opened while the service ran cannot be read or added to.
    #[error(transparent)]
    OpenedLogs(#[from] OpenedLogsError),
    /// A Rekor v1 log lacks its tree identifier.
    #[error("a rekor-v1 log has no usable tree_id")]
    NoTreeId,
    /// The key of a Rekor v1 log is one that its clients do not verify.
    #[error("the key of {0} is not ECDSA P-256")]
    KeyUnfit(Origin),
    /// A shard that is not the last one still takes entries.
    #[error("{0} is not the last shard and not frozen; freeze it, or list it last")]
    ShardNotFrozen(Origin),
    /// Several logs could be the one that a new log replaces.
    #[error("{0} all take entries; name as `predecessor` the one to freeze")]
    PredecessorUnclear(String),
    /// The log that a new one is to replace has another face.
    #[error(
        "{0} has another face than the new log; only a log of the same face can be its predecessor"
    )]
    PredecessorForeign(Origin),
    /// The configuration names no log.
    #[error("the configuration names no log")]
    NoLogs,
    /// The origin of a log cannot stand in checkpoints.
    #[error("the origin of a log is not usable")]
    Origin(#[from] sigstead_checkpoint::Error),
    /// Two logs have one key, so that clients could not tell them apart.
    #[error("{one} and {other} have the same key; each log needs its own")]
    KeyShared {
        /// A log.
        one: Origin,
        /// Another log.
        other: Origin,
    },
    /// The key of a log cannot be opened.
    #[error("cannot open the key of {origin}")]
    Key {
        /// The log.
        origin: Origin,
        /// What the signer said.
        #[source]
        source: sigstead_signer::Error,
    },
    /// A log cannot be opened.
    #[error("cannot open the log {origin}")]
    Open {
        /// The log.
        origin: Origin,
        /// What the sequencer said.
        #[source]
        source: sigstead_sequencer::Error,
    },
    /// The witnesses of a log cannot be asked.
    #[error("cannot ask the witnesses of the log {origin}")]
    Witnesses {
        /// The log.
        origin: Origin,
        /// Why.
        #[source]
        source: Box<WitnessError>,
    },
    /// A metric cannot be registered.
    #[error("cannot register a metric")]
    Metrics(#[source] prometheus::Error),
}

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::LogExists(_) => Self::new(
                Kind::AlreadyExists,
                "E-TLOG-050",
                format!("{error}; a new log needs a new origin, or as a shard a new tree_id"),
            ),
            AdminError::OpenedLogs(OpenedLogsError::NoDirectory) => Self::new(
                Kind::FailedPrecondition,
                "E-TLOG-051",
                format!(
                    "{error}; name one and restart, so that the log is there at the next start"
                ),
            ),
            AdminError::NoSuccessor(_) => Self::new(
                Kind::FailedPrecondition,
                "E-TLOG-071",
                format!("{error}; open a successor first, or with it let the log end"),
            ),
            AdminError::PauseReason(_) => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-072",
                format!("{error}; it is shown to everybody who sends an entry"),
            ),
            AdminError::Key { .. } | AdminError::Witnesses { .. } => Self::new(
                Kind::FailedPrecondition,
                "E-TLOG-070",
                format!(
                    "{}; mend the file that config_yaml names, and repeat",
                    causes(&error)
                ),
            ),
            AdminError::OpenedLogs(
                OpenedLogsError::Malformed(_)
                | OpenedLogsError::Nested
                | OpenedLogsError::Contradiction(_),
            ) => Self::new(Kind::InvalidArgument, "E-TLOG-052", error.to_string()),
            AdminError::KeyShared { .. } => {
                Self::new(Kind::InvalidArgument, "E-TLOG-052", error.to_string())
            }
            AdminError::ShardNotFrozen(_) => {
                Self::new(Kind::FailedPrecondition, "E-TLOG-053", error.to_string())
            }
            AdminError::PredecessorUnclear(_) | AdminError::PredecessorForeign(_) => {
                Self::new(Kind::FailedPrecondition, "E-TLOG-056", error.to_string())
            }
            AdminError::OpenedLogs(OpenedLogsError::InTheWay(_)) => {
                Self::new(Kind::FailedPrecondition, "E-TLOG-057", error.to_string())
            }
            AdminError::KeyUnfit(_) => Self::new(
                Kind::InvalidArgument,
                "E-TLOG-054",
                format!("{error}; clients verify signed entry timestamps with no other"),
            ),
            AdminError::NoLogs
            | AdminError::Origin(_)
            | AdminError::NoTreeId
            | AdminError::OpenedLogs(
                OpenedLogsError::Unread(_) | OpenedLogsError::Unusable { .. },
            )
            | AdminError::Open { .. }
            | AdminError::Metrics(_) => Self::internal("E-TLOG-030", causes(&error)),
        }
    }
}
