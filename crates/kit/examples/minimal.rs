//! The smallest service: it greets, and it is ready when it is there.
//!
//! `cargo run -p sigstead-kit --example minimal -- --config FILE`, where the file holds
//! `listeners: {public: {address: 127.0.0.1:8080}, ops: {address: 127.0.0.1:8081}}`.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use sigstead_kit::{BodyStyle, Budget, Listeners, Routes, Service, ServiceConfig, TelemetryConfig};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    listeners: Listeners,
    #[serde(default)]
    telemetry: TelemetryConfig,
}

impl ServiceConfig for Config {
    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }
}

async fn build(config: Config) -> Result<Service, sigstead_kit::Error> {
    let routes =
        Routes::new(BodyStyle::Gateway).get("/", Budget::read(), || async { "good day\n" });
    Ok(Service::new("minimal", config.listeners).public(routes))
}

fn main() -> ExitCode {
    sigstead_kit::main("minimal", std::env::args_os().collect(), build)
}
