//! Which call is answered how.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::Value;

use super::answer::Answer;
use super::engine::{Engine, Manner};
use super::tokens::Leave;

type Shared = Arc<Mutex<Engine>>;

pub(super) fn router(engine: Shared) -> Router {
    Router::new().fallback(answered).with_state(engine)
}

async fn answered(
    State(engine): State<Shared>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let manner = lock(&engine).manner;
    match manner {
        Manner::Silent => std::future::pending().await,
        Manner::Page => return Html("<h1>Bad Gateway</h1>").into_response(),
        Manner::Standby => {
            let elsewhere = [(header::LOCATION, "https://other.invalid/v1/")];
            return (StatusCode::TEMPORARY_REDIRECT, elsewhere).into_response();
        }
        _ => {}
    }
    let call = Call {
        is_read: method == Method::GET,
        path: uri.path().trim_start_matches("/v1/").to_owned(),
        token: text(&headers, "x-vault-token"),
        namespace: text(&headers, "x-vault-namespace"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    // A key of RSA takes its time, and its signature nobody waits for here.
    let answer = tokio::task::spawn_blocking(move || call.answer(&mut lock(&engine)));
    answer.await.unwrap().into_response()
}

struct Call {
    is_read: bool,
    path: String,
    token: String,
    namespace: String,
    body: Value,
}

impl Call {
    fn answer(&self, engine: &mut Engine) -> Answer {
        if engine.manner == Manner::Sealed {
            return Answer::refused(503, "Vault is sealed");
        }
        match engine
            .tokens
            .leave(&self.token, &self.namespace, &self.path)
        {
            Leave::Unknown => return Answer::denied(false),
            Leave::Denied => return Answer::denied(true),
            Leave::Given => {}
        }
        let answer = self.taken(engine);
        if !matches!(answer, Answer::Refused(..)) {
            *engine.calls.entry(self.path.clone()).or_default() += 1;
        }
        answer
    }

    fn taken(&self, engine: &mut Engine) -> Answer {
        let segments: Vec<_> = self.path.split('/').collect();
        match (self.is_read, segments.as_slice()) {
            (true, ["auth", "token", "lookup-self"]) => {
                let looked_up = engine.tokens.looked_up(&self.token);
                looked_up.map_or_else(Answer::absent, Answer::Data)
            }
            (false, ["auth", "token", "renew-self"]) => match engine.tokens.renewed(&self.token) {
                Some(lease) => Answer::Auth(lease),
                None => Answer::refused(400, "lease is not renewable"),
            },
            (true, ["transit", "keys", name]) => engine.read(name),
            (false, ["transit", "keys", name]) => {
                let kind = self.body["type"].as_str().unwrap_or("aes256-gcm96");
                engine.make_key(name, kind)
            }
            (false, ["transit", "keys", name, "import"]) => engine.import(name, &self.body),
            (false, ["transit", "sign", name]) => engine.sign(name, &self.body),
            (true, ["transit", "wrapping_key"]) => engine.wrapping_key(),
            _ => Answer::no_handler(&self.path),
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim_matches('/').to_owned()
}

fn lock(engine: &Shared) -> MutexGuard<'_, Engine> {
    engine.lock().unwrap_or_else(PoisonError::into_inner)
}
