//! The faces: HTTP for every client, gRPC over the same verb, and the operator's.

pub(crate) mod admin;
pub(crate) mod grpc;
pub(crate) mod http;
mod json;
