//! A bucket of an S3-compatible server, in which backups are kept.
//!
//! Requests are signed by `rusty_s3` and sent by the client that everything else is sent by. Each is repeated a few times where
//! that changes nothing, and each has an end: a server that is away, silent or slow is a failure with a code.

mod address;
mod answer;
mod begun;
mod client;
mod credentials;
mod listing;
mod object;
mod options;
mod reader;
mod refusal;
mod upload;

pub(crate) use address::Address;
pub(crate) use client::Bucket;
pub(crate) use options::Options;
pub(crate) use reader::{Failed, Reader};
pub(crate) use upload::{UNFINISHED, Upload};
