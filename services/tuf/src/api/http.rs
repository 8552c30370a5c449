//! The repository as TUF clients read it.

use std::sync::Arc;

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use sigstead_kit::{BodyStyle, Budget, Path, Problem, Routes};

use crate::error::Error;
use crate::publish::TrustRootRepository;

/// The routes of the repository.
pub(crate) fn routes(repository: Arc<TrustRootRepository>) -> Routes {
    Routes::new(BodyStyle::Gateway)
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
