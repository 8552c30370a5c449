//! The service from outside: what it answers to writers and readers, over HTTP and gRPC, and to what
//! it cannot take.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod check;
mod first_entry;
mod grpc;
mod large;
mod pause;
mod process;
mod read;
mod rekor_v1;
mod routing;
mod shards;
mod succession;
mod weak_keys;
mod world;
mod write;
