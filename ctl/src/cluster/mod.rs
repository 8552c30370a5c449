//! The release of the chart in which the services of an instance run, where that is not this machine.
//!
//! Keys, plans and trust state are here, with the operator. What a plan changes is brought to the release as the objects that the
//! chart mounts: the Secret of a role, and the ConfigMap of the publication. No object of the chart's own is touched, so that an
//! upgrade of the release changes nothing of a plan. One lease says who may move a plan, whatever machine it is moved from.

mod forward;
mod known;
mod lease;
mod link;
mod pods;
mod publication;
mod secret;
mod submission;

pub(crate) use forward::Forward;
pub(crate) use lease::Lease;
pub(crate) use link::Link;
pub(crate) use pods::each_pod;
pub(crate) use publication::{
    bring as bring_publication, check as check_publication, until_served,
};
pub(crate) use secret::{bring as bring_secret, check as check_secret};
pub(crate) use submission::Submission;
