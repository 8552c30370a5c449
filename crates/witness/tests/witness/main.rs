//! The log's side of witnessing, against witnesses that follow the specification to the letter, and against others.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod cosigner_key;
mod http;
mod litewitness;
mod policy;
mod protocol;
mod world;
