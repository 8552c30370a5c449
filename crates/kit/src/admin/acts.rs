use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http_body_util::BodyExt as _;

use super::access::{Access, Role};
use super::act::{Act, Conclusion};
use super::administrator::Administrator;
use super::answer::{refusal, request_id};
use super::gate::Keeper;
use crate::problem::{CODE_ADMIN_NO_RECORD, CODE_BODY_READ, CODE_HEADER, Kind, Problem};

impl Access {
    /// Whether calls are recorded: all that do more than look.
    pub(crate) fn is_recorded(&self) -> bool {
        self.role > Role::Viewer
    }
}

/// Records a call before it is made, and then what came of it. It is inside of the budget, so the message is in memory.
pub(crate) async fn record(
    State(keeper): State<Arc<Keeper>>,
    request: Request,
    next: Next,
) -> Response {
    let row = keeper.row(request.uri().path());
    let Some(row) = row.filter(|row| row.is_recorded()) else {
        return next.run(request).await;
    };
    match recorded(&keeper, row, request, next).await {
        Ok(response) => response,
        Err(problem) => refusal(problem),
    }
}

async fn recorded(
    keeper: &Keeper,
    row: Access,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let recording = keeper.recording.as_ref().ok_or_else(no_record)?;
    let (parts, body) = request.into_parts();
    let administrator = parts.extensions.get::<Administrator>().cloned();
    let body = body.collect().await.map_err(unread)?.to_bytes();
    let message = body.get(FRAME_HEAD..).unwrap_or_default();
    let act = Act {
        administrator: administrator.ok_or_else(no_record)?,
        method: row.method.to_owned(),
        arguments: (recording.fields)(row.method, message, row.recorded),
        request_id: request_id(&parts.extensions),
    };
    let number = recording.recorder.begin(act).await?;
    let request = Request::from_parts(parts, axum::body::Body::from(body));
    let response = next.run(request).await;
    recording
        .recorder
        .end(number, conclusion(response.headers()))
        .await;
    Ok(response)
}

/// A call that fails says so in the head of its answer.
fn conclusion(headers: &HeaderMap) -> Conclusion {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    match text("grpc-status") {
        None | Some("0") => Conclusion::Done,
        Some(_) => Conclusion::Failed {
            code: text(CODE_HEADER).map(ToOwned::to_owned),
        },
    }
}

fn no_record() -> Problem {
    let message = "the service keeps no record of what administrators do, so nothing is done";
    Problem::new(Kind::FailedPrecondition, CODE_ADMIN_NO_RECORD, message)
}

fn unread(error: impl std::fmt::Display) -> Problem {
    let message = "the message of the call could not be read; call again";
    Problem::new(Kind::Cancelled, CODE_BODY_READ, message).with_detail(error)
}

/// A flag and a length before the message.
const FRAME_HEAD: usize = 5;
