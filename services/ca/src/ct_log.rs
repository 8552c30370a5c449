//! The certificate transparency logs, as the authority sees them.

mod breaker;
mod client;
mod http;
mod logs;
mod open;
mod reached;
mod verified_sct;

pub use self::client::{CtLogClient, CtLogError, Window};
pub use self::http::HttpCtLog;
pub(crate) use self::logs::Submission;
pub use self::logs::{CtLog, CtLogs, Ends};
pub(crate) use self::open::LogsInUse;
pub use self::verified_sct::VerifiedSct;
