//! What the configurations of an instance's services name: each configuration, the logs, and the certificates of TLS with their keys.
//!
//! What cannot be read is said where it is asked for, and keeps nothing else from being read.

mod configs;
mod log_place;
pub(crate) mod pairs;

pub(crate) use configs::{Configs, Unusable, at};
pub(crate) use log_place::LogPlace;
