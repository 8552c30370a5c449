//! The face: the repository's files over HTTP, the trust root over gRPC.

pub(crate) mod admin;
pub(crate) mod grpc;
pub(crate) mod http;
