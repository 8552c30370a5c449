pub(crate) mod grpc;
pub(crate) mod http;
mod json;
