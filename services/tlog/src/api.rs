pub(crate) mod admin;
pub(crate) mod grpc;
pub(crate) mod http;
mod json;
mod rekor_v1;
mod rekor_v1_json;
