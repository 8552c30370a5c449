use std::time::Duration;

use crate::error::Error;
use crate::tally::Counts;

/// How an issuer does.
#[derive(Debug, Clone)]
pub struct IssuerState {
    /// The issuer.
    pub location: IssuerLocation,
    /// How its keys are. None for a pattern, which stands for many issuers.
    pub keys: Option<KeyState>,
    /// How many issuers of a pattern are remembered.
    pub remembered: usize,
    /// What became of its tokens and of the fetches of its keys.
    pub counts: Counts,
}

/// Where an issuer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerLocation {
    /// At this URL.
    Url(String),
    /// At every URL that matches this pattern.
    Wildcard(String),
}

/// How the keys of an issuer are.
#[derive(Debug, Clone)]
pub struct KeyState {
    /// Whether tokens can be verified now.
    pub is_usable: bool,
    /// How old the keys are, if there are any.
    pub age: Option<Duration>,
    /// Whether the operator wrote them, so that they are not fetched.
    pub is_pinned: bool,
    /// Why they cannot be fetched now, if they cannot.
    pub failing: Option<Failing>,
}

/// Fetches that fail one after the other.
#[derive(Debug, Clone)]
pub struct Failing {
    /// How long they have failed.
    pub since: Duration,
    /// Why the last one did.
    pub error: Error,
}
