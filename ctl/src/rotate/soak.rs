//! How long clients need to see what is announced.

use sigstead_kit::Period;

use crate::elapsed::period;
use crate::failure::Failure;
use crate::instance::{Instance, Service};

/// How long it takes until every client that keeps the rules has seen a publication.
///
/// A client may go on with what it has until its timestamp metadata ends, and may keep the trusted root for a day more
/// before it looks again.
pub(super) fn of(instance: &Instance) -> Result<Period, Failure> {
    let path = instance.service(Service::Tuf).join("config.yaml");
    let config: sigstead_config::tuf::Config =
        sigstead_kit::read_config(&path).map_err(|error| Failure::file("read", &path, error))?;
    let seconds = [config.timestamp_validity, CACHE, SKEW].map(|each| each.duration().as_secs());
    Ok(Period::from_seconds(seconds.iter().sum()))
}

/// Refuses times that leave clients behind.
pub(super) fn refuse_shorter(delay: Period, soak: Period, drain: Period) -> Result<(), Failure> {
    let short = |what: &str, given: Period, needed: Period| {
        let [given, needed] = [given, needed].map(|each| period(each.duration().as_secs()));
        let what = format!("{what} of {given} is shorter than the {needed} that it takes");
        let remedy = "leave the time out, or write --accept-short-times if no client matters";
        Err(Failure::new("E-CTL-281", what, remedy))
    };
    if delay < soak {
        return short("a delay", delay, soak);
    }
    if drain < DRAIN {
        return short("a drain", drain, DRAIN);
    }
    Ok(())
}

/// Clients of Go keep what they fetched for a day.
const CACHE: Period = Period::from_days(1);
/// By how much clocks may differ.
const SKEW: Period = Period::from_minutes(5);
/// As long as a service that is started again still has the key of before open.
const DRAIN: Period = Period::from_minutes(10);
