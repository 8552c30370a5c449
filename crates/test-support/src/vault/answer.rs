//! Answers and refusals in the form of the server.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What a call comes to.
pub(super) enum Answer {
    /// `data` of a good answer.
    Data(Value),
    /// `auth` of a good answer.
    Auth(Value),
    /// All is well, and there is nothing to say.
    Done,
    Refused(u16, Vec<String>),
}

impl Answer {
    pub(super) fn refused(status: u16, why: &str) -> Self {
        Self::Refused(status, vec![why.to_owned()])
    }

    /// What is not there has no words.
    pub(super) const fn absent() -> Self {
        Self::Refused(404, Vec::new())
    }

    pub(super) fn no_handler(path: &str) -> Self {
        let why = format!("no handler for route \"{path}\". route entry not found.");
        Self::Refused(404, vec![why])
    }

    /// A policy that does not allow it, and a token that is none, are told apart by a few words.
    pub(super) fn denied(is_known: bool) -> Self {
        Self::refused(
            403,
            if is_known {
                "1 error occurred:\n\t* permission denied\n\n"
            } else {
                "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"
            },
        )
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (data, auth) = match self {
            Self::Data(data) => (data, Value::Null),
            Self::Auth(auth) => (Value::Null, auth),
            Self::Done => return StatusCode::NO_CONTENT.into_response(),
            Self::Refused(status, errors) => {
                let status = StatusCode::from_u16(status).unwrap();
                return (status, Json(json!({"errors": errors}))).into_response();
            }
        };
        let body = json!({
            "request_id": "8bd2f7a8-5d0c-7a25-3b6f-2d1c9c0a4c11",
            "lease_id": "",
            "renewable": false,
            "lease_duration": 0,
            "data": data,
            "wrap_info": null,
            "warnings": null,
            "auth": auth,
        });
        Json(body).into_response()
    }
}
