use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use sigstead_kit::{BodyStyle, Problem};

use crate::OidcIssuer;
use crate::error::{Error, Told};
use crate::page::{MessagePage, Support, render};

/// A refusal that is shown on a page, and what the page and its headers say of it.
pub(super) struct Shown {
    /// For people who can answer it by filling the form again.
    pub(super) sentence: String,
    pub(super) status: StatusCode,
    told: Told,
    problem: Problem,
}

impl Shown {
    pub(super) fn new(issuer: &OidcIssuer, error: Error) -> Self {
        let told = error.told();
        issuer.metrics.refusal(error.row().code);
        let problem = Problem::from(error);
        Self {
            sentence: as_sentence(&problem.message),
            status: problem.kind.http_status(),
            told,
            problem,
        }
    }

    /// Adds the code and the time to wait to the page.
    fn mark(self, page: Response) -> Response {
        with_headers_of(&self.problem.response(BodyStyle::Text), page)
    }
}

/// The status of a page that says why a form did nothing, if it did nothing.
pub(super) fn status(failure: Option<&Shown>) -> StatusCode {
    failure.map_or(StatusCode::OK, |failure| failure.status)
}

/// Such a page, with the code and the time to wait.
pub(super) fn marked(page: Response, failure: Option<Shown>) -> Response {
    match failure {
        Some(failure) => failure.mark(page),
        None => page,
    }
}

impl Error {
    pub(super) fn is_for_the_form(&self) -> bool {
        matches!(
            self,
            Self::FormStale
                | Self::PasswordWrong
                | Self::CodeWrong
                | Self::FactorRequired
                | Self::Directory { .. }
                | Self::Provider { .. }
                | Self::AddressTaken
                | Self::IdentityUnfit { .. }
                | Self::PasswordUnfit { .. }
                | Self::Throttled { .. }
                | Self::Busy
        )
    }
}

/// A page of its own for a refusal that no form can answer.
pub(super) fn error_page(issuer: &OidcIssuer, error: Error) -> Response {
    let shown = Shown::new(issuer, error);
    let support = Support {
        code: shown.problem.code.to_owned(),
        detail: shown.problem.message.clone(),
    };
    let page = MessagePage::refusal(&issuer.shell, shown.told, support);
    match render(&page, shown.status, None) {
        Ok(page) => shown.mark(page),
        Err(error) => Problem::from(error).response(BodyStyle::Text),
    }
}

/// Gives browsers a page where the routes refuse in plain text: unknown paths and methods, bodies
/// that are too large, deadlines. Programs get the text.
pub(crate) async fn show_refusals(
    State(issuer): State<Arc<OidcIssuer>>,
    request: Request,
    next: Next,
) -> Response {
    let reads_pages = accepts_html(request.headers());
    let response = next.run(request).await;
    let code = response.headers().get("sigstead-code").cloned();
    let (true, true, Some(code)) = (reads_pages, is_plain_text(&response), code) else {
        return response;
    };
    let support = Support {
        code: String::from_utf8_lossy(code.as_bytes()).into_owned(),
        detail: String::new(),
    };
    let told = Told::of(response.status());
    let page = MessagePage::refusal(&issuer.shell, told, support);
    match render(&page, response.status(), None) {
        Ok(page) => with_headers_of(&response, page),
        Err(_) => response,
    }
}

/// RFC 9110 §12.5.1: whether the request names HTML among what it accepts, as browsers do for pages.
/// Programs that take anything (`*/*`) did not ask for a page.
fn accepts_html(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|range| range.trim().eq_ignore_ascii_case("text/html"))
}

fn is_plain_text(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/plain"))
}

fn with_headers_of(response: &Response, mut page: Response) -> Response {
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

fn as_sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}
