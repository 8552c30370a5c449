//! What every process needs: configuration files, telemetry, health, TLS, shutdown, [`Clock`] and
//! [`Problem`].
//!
//! The wire shapes are those of HTTP/1.1 and HTTP/2 (RFC 9110, 9112, 9113), gRPC health v1, gRPC
//! server reflection v1 and v1alpha, W3C Trace Context (level 1) and the Prometheus text format 0.0.4.
//!
//! Provided, in the order in which a service meets them: [`main()`] reads the configuration with
//! [`read_config`], starts [`Telemetry`], and runs the [`Service`] that the caller builds from
//! [`Routes`] and gRPC services. A [`Service`] owns its listeners, its background tasks, its
//! readiness checks and its metrics registry.
//!
//! Absent on purpose: global metrics registries, environment overrides of the configuration, and
//! any knowledge of what the services do.

mod address_block;
mod admin;
mod answer;
mod begun_trace;
mod bound;
mod budget;
mod client;
mod clock;
mod config_file;
mod connected;
mod connection;
mod crowd;
mod descriptors;
mod error;
mod expiry;
mod forwarded;
mod grpc;
mod holder;
mod kubernetes;
mod line;
mod listen;
mod measure;
mod nearest;
mod ops;
mod ops_server;
mod path;
mod peer;
mod period;
mod problem;
mod process;
mod query;
mod readiness;
mod reload;
mod room;
mod routes;
mod running;
mod serve;
mod server;
mod service;
mod state;
mod stream;
mod supervisor;
mod telemetry;
mod tls;
pub mod trace;
mod trial;
mod turn;
mod vitals;
mod watched;

pub use address_block::{AddressBlock, ParseAddressBlockError};
pub use admin::{
    Access, Act, Administrator, CertificateError, Conclusion, Fields, Recorder, Revoked,
    RevokedError, Role, UnknownRole,
};
pub use begun_trace::BegunTrace;
pub use budget::{Budget, Elements, Endpoint, Method, Queue};
pub use client::{ClientConfig, PeerTls};
pub use clock::{Clock, SystemClock, TestClock};
pub use config_file::{ConfigError, parse_config, read_config};
pub use connected::{CallerAddress, PeerCertificate};
pub use error::Error;
pub use grpc::GrpcService;
pub use kubernetes::kubernetes_api_server;
pub use listen::{
    AdminListenConfig, CallerHeader, CertifiedListenConfig, ListenConfig, Listeners, TlsConfig,
};
pub use ops_server::OpsServer;
pub use path::Path;
pub use period::{ParsePeriodError, Period};
pub use problem::{BodyStyle, Kind, Problem, causes};
pub use process::{MAX_BLOCKING_THREADS, ServiceConfig, main, main_with_check};
pub use query::Query;
pub use reload::Reload;
pub use routes::Routes;
pub use running::folder_id;
pub use service::{BoundService, LONGEST_STOP, Service};
pub use state::user_state_directory;
pub use stream::streamed;
pub use telemetry::{LogFormat, LogLevel, Telemetry, TelemetryConfig};
pub use trial::key_is_away;
