use std::fmt::Display;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

mod kind;
mod log;
mod style;

pub use kind::Kind;
pub use style::BodyStyle;

/// A failure as it is answered: the only thing that becomes an error response.
///
/// `message` is public: one sentence that says what was wrong and, where the caller can do
/// something, one that says what. `detail` is for the log and never leaves the process.
///
/// A handler inside [`Routes`](crate::Routes) returns it as the `Err` of a `Result`; the routes
/// render it in their [`BodyStyle`]. A gRPC method converts it into a [`tonic::Status`].
#[derive(Debug, Clone)]
pub struct Problem {
    /// The row of the table.
    pub kind: Kind,
    /// The stable code, such as `E-CA-002`.
    pub code: &'static str,
    /// The public sentences, without the code.
    pub message: String,
    detail: Option<String>,
    retry_after: Option<Duration>,
}

impl Problem {
    /// A problem with a public message.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            detail: None,
            retry_after: None,
        }
    }

    /// A fault of the service: the public sentence is fixed, `detail` is logged.
    pub fn internal(code: &'static str, detail: impl Display) -> Self {
        Self::new(Kind::Internal, code, INTERNAL_MESSAGE).with_detail(detail)
    }

    /// Adds what the log should say and the caller should not read.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// Says when to come back. Problems that ask to retry say one second if nothing else is said.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// What the log says beyond the public message.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The message as clients read it, opened by the code.
    #[must_use]
    pub fn public_message(&self) -> String {
        format!("{}: {}", self.code, self.message)
    }

    /// The HTTP response in a given style. Logs the problem: this is where it is answered.
    #[must_use]
    pub fn response(&self, style: BodyStyle) -> Response {
        self.log();
        let mut response = style.render(self);
        self.add_headers(&mut response);
        response
    }

    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        match self.retry_after {
            // Rounded up: a client that comes back early is refused again.
            Some(after) => Some(after.as_secs_f64().ceil() as u64),
            None if self.kind.asks_to_retry() => Some(1),
            None => None,
        }
    }

    pub(crate) fn add_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(CODE_HEADER, HeaderValue::from_static(self.code));
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == Kind::Unauthenticated {
            headers
                .entry(header::WWW_AUTHENTICATE)
                .or_insert(HeaderValue::from_static("Bearer"));
        }
    }

    pub(crate) fn log(&self) {
        log::log(self);
    }
}

/// Carries the problem to the enclosing routes, which render it in their style; outside of them
/// the gateway style remains.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = BodyStyle::Gateway.render(&self);
        self.add_headers(&mut response);
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Problem> for tonic::Status {
    fn from(problem: Problem) -> Self {
        problem.log();
        let mut status = Self::new(problem.kind.grpc_code(), problem.public_message());
        let metadata = status.metadata_mut();
        metadata.insert(
            CODE_HEADER,
            tonic::metadata::MetadataValue::from_static(problem.code),
        );
        if let Some(seconds) = problem.retry_after_seconds() {
            metadata.insert("retry-after", tonic::metadata::MetadataValue::from(seconds));
        }
        status
    }
}

/// An error with its causes, on one line, as logs and operators want it.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

pub(crate) const CODE_HEADER: &str = "sigstead-code";
pub(crate) const INTERNAL_MESSAGE: &str = "the service could not complete the request because of a fault of its own; \
     try again, and show the operator this code and the time";

pub(crate) const CODE_INTERNAL: &str = "E-KIT-001";
pub(crate) const CODE_PATH: &str = "E-KIT-002";
pub(crate) const CODE_METHOD: &str = "E-KIT-003";
pub(crate) const CODE_BODY_SIZE: &str = "E-KIT-004";
pub(crate) const CODE_DEADLINE: &str = "E-KIT-005";
pub(crate) const CODE_BODY_READ: &str = "E-KIT-006";
pub(crate) const CODE_QUERY: &str = "E-KIT-007";
pub(crate) const CODE_BODY_ROOM: &str = "E-KIT-008";
pub(crate) const CODE_BODY_SLOW: &str = "E-KIT-009";
pub(crate) const CODE_HOST: &str = "E-KIT-010";
pub(crate) const CODE_MESSAGE: &str = "E-KIT-011";
pub(crate) const CODE_ANSWER_ROOM: &str = "E-KIT-012";
pub(crate) const CODE_ANSWER_SIZE: &str = "E-KIT-013";
pub(crate) const CODE_GRPC_METHOD: &str = "E-KIT-014";
pub(crate) const CODE_WATCHES: &str = "E-KIT-015";
pub(crate) const CODE_PATH_TEXT: &str = "E-KIT-016";
pub(crate) const CODE_ELEMENTS: &str = "E-KIT-017";
pub(crate) const CODE_LARGE: &str = "E-KIT-018";
pub(crate) const CODE_ADMIN_ROLE: &str = "E-KIT-019";
pub(crate) const CODE_ADMIN_ACCESS: &str = "E-KIT-020";
pub(crate) const CODE_ADMIN_REVOKED: &str = "E-KIT-021";
pub(crate) const CODE_ADMIN_ENDED: &str = "E-KIT-022";
pub(crate) const CODE_ADMIN_REVOKED_LIST: &str = "E-KIT-023";
pub(crate) const CODE_ADMIN_NO_RECORD: &str = "E-KIT-024";

#[cfg(test)]
mod tests;
