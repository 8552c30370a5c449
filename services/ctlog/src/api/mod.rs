//! The faces: HTTP for authorities and monitors, gRPC over the same verbs.

pub(crate) mod grpc;
pub(crate) mod http;
mod json;
