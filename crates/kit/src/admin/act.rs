use std::sync::Arc;

use futures::future::BoxFuture;

use super::administrator::Administrator;
use crate::problem::Problem;

/// Writes down what administrators do.
///
/// `begin` MUST be durable when it answers `Ok`: the act has its effect after it. None of the three goes back once it was
/// called, whether or not its future is waited for.
pub trait Recorder: Send + Sync {
    /// Records that an act is about to have its effect, and gives the number that its end is told by.
    fn begin(&self, act: Act) -> BoxFuture<'static, Result<u64, Problem>>;

    /// Records what came of an act.
    fn end(&self, act: u64, conclusion: Conclusion) -> BoxFuture<'static, ()>;

    /// Records that an act was refused with `code`.
    fn refused(&self, act: Act, code: &'static str) -> BoxFuture<'static, ()>;
}

/// What an administrator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Who asks.
    pub administrator: Administrator,
    /// The path of the method.
    pub method: String,
    /// The fields of the message that [`Access::recording`](super::Access::recording) names, as text.
    pub arguments: Vec<(String, String)>,
    /// The number of the request.
    pub request_id: Option<String>,
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conclusion {
    /// It was done.
    Done,
    /// It was answered with a failure.
    Failed {
        /// Its code.
        code: Option<String>,
    },
}

/// Reads the named fields of the message of a method: path, message, names.
pub type Fields = fn(&str, &[u8], &[&str]) -> Vec<(String, String)>;

/// How acts are recorded.
#[derive(Clone)]
pub(crate) struct Recording {
    pub(crate) recorder: Arc<dyn Recorder>,
    pub(crate) fields: Fields,
}
