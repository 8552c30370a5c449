//! An issuer in process, and browsers and clients in front of it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use http_body_util::BodyExt;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;
use sigstead_config::oidc::Config;
use sigstead_kit::{CallerAddress, Clock, Listeners, TestClock};
use sigstead_oidc::{EmailAddress, OidcIssuer, Password};
use time::OffsetDateTime;
use tower::ServiceExt;

mod browser;
mod config;
mod page;
mod provider;
mod request;

pub(crate) use browser::Browser;
use config::write_private;
pub(crate) use config::{config_in, hash_of, key_config, sled_below};
pub(crate) use page::Page;
pub(crate) use provider::Provider;
use request::sign_in_form_of;
pub(crate) use request::{
    form, parameters, path_of, query, replaced, sign_in_form, token_form, workload_form,
};

pub(crate) const CALLBACK: &str = "http://localhost:4321/auth/callback";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const SECRET: &str = "the secret of a client";

pub(crate) type InFlight<'a> = Pin<Box<dyn Future<Output = Page> + 'a>>;

pub(crate) struct World {
    pub(crate) issuer: Arc<OidcIssuer>,
    router: Router,
    clock: Arc<TestClock>,
    config: Config,
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config_in(folder.path());
        change(&mut config);
        let start = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let world = Self::open(config, Arc::new(TestClock::at(start)), folder).await;
        let alice = EmailAddress::parse("alice@example.com").unwrap();
        world
            .issuer
            .add_user(alice, Password::new(PASSWORD.to_owned()))
            .await
            .unwrap();
        world
    }

    pub(crate) async fn restart(self) -> Self {
        let Self {
            issuer,
            router,
            clock,
            config,
            folder,
        } = self;
        drop((router, issuer));
        Self::open(config, clock, folder).await
    }

    async fn open(config: Config, clock: Arc<TestClock>, folder: tempfile::TempDir) -> Self {
        let issuer = OidcIssuer::open(config.clone(), clock.clone())
            .await
            .unwrap();
        let service = issuer.clone().into_service(Listeners::for_test());
        let router = service.into_public_router().unwrap();
        Self {
            issuer,
            router,
            clock,
            config,
            folder,
        }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        self.browser_with(BTreeMap::new())
    }

    pub(crate) fn browser_with(&self, cookies: BTreeMap<String, String>) -> Browser<'_> {
        Browser {
            world: self,
            cookies,
        }
    }

    /// Sends wrong passwords from one address, each for an account of its own, until each of them
    /// waits in the queue or was answered. Gives those that wait; they stay there until they are
    /// dropped, because nobody polls them again.
    pub(crate) async fn wrong_passwords_in_flight_from(
        &self,
        address: [u8; 4],
        count: usize,
    ) -> Vec<InFlight<'_>> {
        let mut browser = self.browser();
        let path = format!("/authorize?{}", query(&[]));
        let token = browser.get(&path).await.input("form_token").unwrap();
        let mut waiting = Vec::new();
        for number in 0..count {
            let email = format!("nobody-{}-{number}@example.com", address[3]);
            let form = sign_in_form_of(&email, "wrong password", &token);
            let request = self.request("POST", &path).header("content-type", FORM);
            let request = browser
                .with_cookies(request)
                .extension(CallerAddress(address.into()));
            let mut answer: InFlight<'_> = Box::pin(async move { self.send(request, &form).await });
            if futures::poll!(&mut answer).is_pending() {
                waiting.push(answer);
            }
        }
        waiting
    }

    /// Fills all places of the queue, which takes four addresses.
    pub(crate) async fn full_queue(&self) -> Vec<InFlight<'_>> {
        let mut waiting = Vec::new();
        for address in 1..=4 {
            waiting.extend(
                self.wrong_passwords_in_flight_from([192, 0, 2, address], 16)
                    .await,
            );
        }
        waiting
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(path)
    }

    pub(crate) async fn send(&self, request: http::request::Builder, body: &str) -> Page {
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()));
        Page {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(self.request("GET", path), "").await
    }

    pub(crate) async fn post(&self, path: &str, form: &str) -> Page {
        self.send(
            self.request("POST", path).header("content-type", FORM),
            form,
        )
        .await
    }

    /// As [`World::post`], from an address.
    pub(crate) async fn post_from(
        &self,
        address: [u8; 4],
        browser: &Browser<'_>,
        path: &str,
        form: &str,
    ) -> Page {
        let request = self.request("POST", path).header("content-type", FORM);
        let request = browser.with_cookies(request);
        self.send(request.extension(CallerAddress(address.into())), form)
            .await
    }

    pub(crate) async fn post_as(&self, path: &str, basic: &str, form: &str) -> Page {
        let authorization = format!("Basic {}", STANDARD.encode(basic));
        let request = self.request("POST", path).header("content-type", FORM);
        self.send(request.header("authorization", authorization), form)
            .await
    }

    /// A code of a person who just signed in.
    pub(crate) async fn code(&self) -> String {
        parameters(&self.browser().sign_in(&[]).await)["code"].clone()
    }

    pub(crate) async fn redeem(&self, code: &str, changed: &[(&str, &str)]) -> Page {
        self.post("/token", &token_form(code, changed)).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Page {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", "sigstore"),
            ("refresh_token", token),
        ];
        self.post("/token", &form(&fields)).await
    }

    pub(crate) async fn start_device(&self) -> Value {
        let fields = [
            ("client_id", "sigstore"),
            ("scope", "openid email"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let answer = self.post("/device/code", &form(&fields)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    pub(crate) async fn poll(&self, device: &Value, changed: &[(&str, &str)]) -> Page {
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", "sigstore"),
            ("device_code", device["device_code"].as_str().unwrap()),
            ("scope", "openid email"),
            ("code_verifier", VERIFIER),
        ];
        self.post("/token", &form(&replaced(&fields, changed)))
            .await
    }

    /// The claims, after a check with an independent implementation and the published key.
    pub(crate) async fn verify(&self, token: &Value) -> Value {
        self.verify_with_key(token).await.1
    }

    /// The name of the published key under which a token verifies, and the claims.
    pub(crate) async fn verify_with_key(&self, token: &Value) -> (String, Value) {
        let set = self.get("/keys").await.json();
        let header = jsonwebtoken::decode_header(token.as_str().unwrap()).unwrap();
        let mut keys = set["keys"].as_array().unwrap().iter();
        let named = |key: &&Value| key["kid"].as_str() == header.kid.as_deref();
        let key = keys.find(named).unwrap();
        let text = |name: &str| key[name].as_str().unwrap().to_owned();
        let decoding = DecodingKey::from_rsa_components(&text("n"), &text("e")).unwrap();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&["sigstore"]);
        validation.validate_exp = false;
        let token = token.as_str().unwrap();
        assert!(!token.split('.').nth(1).unwrap().contains(['-', '_']));
        let decoded = decode::<Value>(token, &decoding, &validation).unwrap();
        (text("kid"), decoded.claims)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write_key(&self, name: &str, algorithm: sigstead_key::Algorithm) {
        let key = sigstead_signer::PrivateKey::generate(algorithm).unwrap();
        write_private(&self.folder().join(name), &key.to_pem().unwrap());
    }

    pub(crate) fn make_readable_by_all(&self, name: &str) {
        let mode = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(self.folder().join(name), mode).unwrap();
    }
}

pub(crate) async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    futures::future::join_all(futures).await
}

const FORM: &str = "application/x-www-form-urlencoded";
