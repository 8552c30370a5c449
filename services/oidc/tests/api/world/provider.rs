//! A provider of identities that says what a test wants.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::config::key_pem;

/// The provider, while this value lives.
pub(crate) struct Provider {
    pub(crate) url: String,
    answers: Arc<Mutex<Answers>>,
    server: tokio::task::JoinHandle<()>,
}

/// What it answers.
#[derive(Default)]
struct Answers {
    discovery: Value,
    keys: Value,
    claims: Value,
    challenge: String,
    /// What it was asked with.
    asked: Option<(BTreeMap<String, String>, String)>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let answers = Answers {
            discovery: json!({
                "issuer": url,
                "authorization_endpoint": format!("{url}/authorize?tenant=one"),
                "token_endpoint": format!("{url}/token"),
                "jwks_uri": format!("{url}/keys"),
                "authorization_response_iss_parameter_supported": true,
            }),
            ..Answers::default()
        };
        let answers = Arc::new(Mutex::new(answers));
        let read = |of: fn(&Answers) -> &Value| {
            get(async move |State(answers): State<Arc<Mutex<Answers>>>| {
                Json(of(&answers.lock().unwrap()).clone())
            })
        };
        let routes = Router::new()
            .route(
                "/.well-known/openid-configuration",
                read(|it| &it.discovery),
            )
            .route("/keys", read(|it| &it.keys))
            .route("/token", post(token))
            .with_state(Arc::clone(&answers));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            url,
            answers,
            server,
        }
    }

    /// Has the provider show these keys.
    pub(crate) fn has_keys(&self, keys: Value) {
        self.answers.lock().unwrap().keys = keys;
    }

    /// Has it give a token with these claims to whoever has the verifier of the challenge.
    pub(crate) fn gives(&self, challenge: &str, claims: Value) {
        let mut answers = self.answers.lock().unwrap();
        challenge.clone_into(&mut answers.challenge);
        answers.claims = claims;
    }

    /// The form and the authorization that it was asked for a token with.
    pub(crate) fn asked(&self) -> (BTreeMap<String, String>, String) {
        self.answers.lock().unwrap().asked.clone().unwrap()
    }

    pub(crate) fn end(&self) {
        self.server.abort();
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.end();
    }
}

async fn token(
    State(answers): State<Arc<Mutex<Answers>>>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let mut answers = answers.lock().unwrap();
    let authorization = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap());
    answers.asked = Some((form.clone(), authorization.unwrap_or_default().to_owned()));
    let answered = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if form["code"] != "good" || answered != answers.challenge {
        let error = json!({"error": "invalid_grant"});
        return (StatusCode::BAD_REQUEST, Json(error));
    }
    let key = EncodingKey::from_rsa_pem(key_pem().as_bytes()).unwrap();
    let header = Header {
        kid: answers.keys["keys"][0]["kid"].as_str().map(str::to_owned),
        ..Header::new(Algorithm::RS256)
    };
    let token = jsonwebtoken::encode(&header, &answers.claims, &key).unwrap();
    let answer = json!({"access_token": "x", "token_type": "Bearer", "id_token": token});
    (StatusCode::OK, Json(answer))
}
