use std::time::Duration;

use crate::error::Error;

/// How an issuer does.
#[derive(Debug, Clone)]
pub struct IssuerState {
    /// The issuer.
    pub location: IssuerLocation,
    /// How its keys are.
    pub keys: KeyState,
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
    /// How many fetches failed since the service began.
    pub failures: u64,
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
