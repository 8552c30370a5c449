//! The log's own thread: submissions become rounds, rounds become durable, and heads are published.

pub(crate) mod committer;
pub(crate) mod cosigner;
mod draft;
mod drafter;
pub(crate) mod engine;
mod failure;
mod quorum;
mod recheck;
