//! How long clients need to see what is announced.

use sigstead_kit::Period;

use crate::elapsed::period;
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// How long it takes until every client that keeps the rules has seen a publication of the trust root.
///
/// A client may go on with what it has until its timestamp metadata ends, and may keep the trusted root for a day more
/// before it looks again.
pub(super) fn of_publication(instance: &Instance) -> Result<Period, Failure> {
    let path = instance.service(Service::Tuf).join("config.yaml");
    let config: sigstead_config::tuf::Config =
        sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))?;
    let seconds = [config.timestamp_validity, CACHE, SKEW].map(|each| each.duration().as_secs());
    Ok(Period::from_seconds(seconds.iter().sum()))
}

/// Refuses a time that leaves clients behind.
pub(super) fn refuse_shorter(what: &str, given: Period, needed: Period) -> Result<(), Failure> {
    if given >= needed {
        return Ok(());
    }
    let [given, needed] = [given, needed].map(|each| period(each.duration().as_secs()));
    let what = format!("{what} of {given} is shorter than the {needed} that it takes");
    let remedy = "leave the time out, or write --accept-short-times if no client matters";
    Err(Failure::new("E-CTL-281", what, remedy))
}

/// Clients of Go keep what they fetched for a day.
pub(crate) const CACHE: Period = Period::from_days(1);
/// How long an old key counts on, if nothing needs more.
pub(super) const DRAIN: Period = Period::from_minutes(60);
/// By how much clocks may differ.
pub(crate) const SKEW: Period = Period::from_minutes(5);
