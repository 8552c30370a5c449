//! The repository as TUF clients read it, and the page for people beside it.

use std::sync::Arc;

use ::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use sigstead_kit::{BodyStyle, Budget, Path, Problem, Routes};
use sigstead_trust_root::ClientPage;

use crate::client_page;
use crate::error::Error;
use crate::publish::TrustRootRepository;

/// The routes of the repository.
pub(crate) fn routes(repository: Arc<TrustRootRepository>) -> Routes {
    Routes::new(BodyStyle::Gateway)
        .get("/", DOCUMENT, page)
        .get("/client/{file}", DOCUMENT, client_file)
        .get("/{file}", DOCUMENT, metadata)
        .get("/targets/{file}", DOCUMENT, target)
        .with_state(repository)
}

async fn metadata(
    State(repository): State<Arc<TrustRootRepository>>,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    if file == "timestamp.json" {
        repository.publish_if_due().await?;
    }
    // By the name that was asked for: what `root.json` stands for changes, the file that it stands for does not.
    let immutable = file.starts_with(|first: char| first.is_ascii_digit());
    let path = match file.as_str() {
        "root.json" => repository.newest_root_file(),
        _ => file,
    };
    let served = serve(&repository, &path, immutable)?;
    repository.fetched(&path);
    Ok(served)
}

async fn target(
    State(repository): State<Arc<TrustRootRepository>>,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    serve(&repository, &format!("targets/{file}"), true)
}

async fn page(State(repository): State<Arc<TrustRootRepository>>) -> Result<Response, Problem> {
    show(&repository, ClientPage::PAGE)
}

async fn client_file(
    State(repository): State<Arc<TrustRootRepository>>,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    show(&repository, &file)
}

/// A file of the page for clients. The next publication changes it, so it is asked for again each time.
fn show(repository: &TrustRootRepository, name: &str) -> Result<Response, Problem> {
    let bytes = client_page::file(repository, name)?;
    let headers = [
        (CONTENT_TYPE, content_type(name)),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, bytes).into_response())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("sha256") => "text/plain; charset=utf-8",
        Some("gz") => "application/gzip",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

fn serve(
    repository: &TrustRootRepository,
    path: &str,
    immutable: bool,
) -> Result<Response, Problem> {
    let bytes = repository.file(path)?.ok_or_else(|| Error::NotFound {
        path: path.to_owned(),
    })?;
    let caching = if immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    // Nothing that an operator distributes is shown as a page.
    let content_type = if path.ends_with(".json") {
        "application/json"
    } else {
        "application/octet-stream"
    };
    Ok((
        [(CONTENT_TYPE, content_type), (CACHE_CONTROL, caching)],
        bytes,
    )
        .into_response())
}

/// Targets may be files of the operator's own.
const DOCUMENT: Budget = Budget::read().answering(16 * 1024 * 1024);

/// The page has a style of its own and nothing else: no scripts, no forms, nothing from elsewhere. People copy commands and a
/// fingerprint from it, and whoever could write into it would choose both.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";
