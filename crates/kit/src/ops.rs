use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use prometheus::{Registry, TextEncoder};
use serde_json::json;

use crate::budget::Budget;
use crate::problem::{BodyStyle, CODE_INTERNAL, Problem};
use crate::readiness::Readiness;
use crate::routes::{Routes, healthz};
use crate::running::Running;
use crate::vitals::Vitals;

#[derive(Clone)]
struct Ops {
    running: Running,
    readiness: Readiness,
    registry: Registry,
    vitals: Vitals,
}

/// The routes of the ops listener.
pub(crate) fn routes(
    running: Running,
    readiness: Readiness,
    registry: Registry,
    vitals: Vitals,
) -> Routes {
    Routes::new(BodyStyle::HttpCode)
        .get("/healthz", Budget::read(), healthz)
        .get("/readyz", Budget::read(), readyz)
        .get("/metrics", Budget::read().answering(8 << 20), metrics)
        .with_state(Ops {
            running,
            readiness,
            registry,
            vitals,
        })
}

/// Answers as long as the process does.
async fn readyz(State(ops): State<Ops>) -> Response {
    let reasons = ops.readiness.reasons().await;
    let status = if reasons.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let answer = json!({
        "ready": reasons.is_empty(),
        "reasons": reasons,
        "warnings": ops.readiness.warnings(),
        "process": ops.running.process(),
    });
    (status, Json(answer)).into_response()
}

async fn metrics(State(ops): State<Ops>) -> Result<Response, Problem> {
    ops.vitals.look(&ops.readiness).await;
    let text = TextEncoder::new()
        .encode_to_string(&ops.registry.gather())
        .map_err(|error| Problem::internal(CODE_INTERNAL, error))?;
    Ok((
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response())
}
