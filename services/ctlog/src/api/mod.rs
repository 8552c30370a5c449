//! The faces: HTTP for authorities and monitors, gRPC over the same verbs, and what operators do.

mod addressed;
pub(crate) mod admin;
pub(crate) mod grpc;
pub(crate) mod http;
mod json;
