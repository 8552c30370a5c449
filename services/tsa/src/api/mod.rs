//! The faces: HTTP for every client, gRPC over the same verb.

pub(crate) mod grpc;
pub(crate) mod http;
mod json;
