//! The faces of the authority: decode, issue, encode.

pub(crate) mod admin;
pub(crate) mod grpc;
pub(crate) mod http;
mod origin;
mod request;
mod response;
mod token_test;
mod v1;
