//! An issuer in process, and browsers and clients in front of it.

use std::collections::{BTreeMap, HashMap};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use http_body_util::BodyExt;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;
use sigstead_config::oidc::{ClientConfig, Config, Grant, WorkloadConfig};
use sigstead_kit::{CallerAddress, Clock, Listeners, TestClock};
use sigstead_oidc::{EmailAddress, OidcIssuer, Password};
use sigstead_store::StoreConfig;
use time::OffsetDateTime;
use tower::ServiceExt;

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

pub(crate) struct Browser<'a> {
    world: &'a World,
    cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    pub(crate) fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.clone()
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        let request = self.with_cookies(self.world.request("GET", path));
        let page = self.world.send(request, "").await;
        self.keep(page)
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Page {
        let request = self
            .world
            .request("POST", path)
            .header("content-type", FORM);
        let page = self.world.send(self.with_cookies(request), form).await;
        self.keep(page)
    }

    pub(crate) async fn post_from(&mut self, site: &str, path: &str, form: &str) -> Page {
        let request = self
            .world
            .request("POST", path)
            .header("content-type", FORM);
        let request = self.with_cookies(request).header("sec-fetch-site", site);
        let page = self.world.send(request, form).await;
        self.keep(page)
    }

    /// Loads a page, and sends its form with Alice's credentials.
    pub(crate) async fn submit(&mut self, page: &str, target: &str, action: &str) -> Page {
        let token = self.get(page).await.input("form_token").unwrap();
        let fields = [
            ("form_token", token.as_str()),
            ("action", action),
            ("email", "alice@example.com"),
            ("password", PASSWORD),
        ];
        self.post(target, &form(&fields)).await
    }

    pub(crate) async fn post_sign_in(&mut self, changed: &[(&str, &str)]) -> Page {
        let path = format!("/authorize?{}", query(changed));
        self.submit(&path, &path, "sign-in").await
    }

    /// Signs Alice in; answers where the browser was sent.
    pub(crate) async fn sign_in(&mut self, changed: &[(&str, &str)]) -> String {
        let page = self.post_sign_in(changed).await;
        assert_eq!(page.status, 303, "{}", page.body);
        page.header("location").to_owned()
    }

    pub(crate) async fn attempt(&mut self, email: &str, password: &str) -> Page {
        let path = format!("/authorize?{}", query(&[("prompt", "login")]));
        let token = self.get(&path).await.input("form_token").unwrap();
        let fields = [
            ("form_token", token.as_str()),
            ("action", "sign-in"),
            ("email", email),
            ("password", password),
        ];
        self.post(&path, &form(&fields)).await
    }

    fn with_cookies(&self, request: http::request::Builder) -> http::request::Builder {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        if pairs.is_empty() {
            request
        } else {
            request.header("cookie", pairs.join("; "))
        }
    }

    fn keep(&mut self, page: Page) -> Page {
        for cookie in page.cookies() {
            let (pair, _) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        page
    }
}

pub(crate) struct Page {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    pub(crate) fn cookies(&self) -> Vec<String> {
        let cookies = self.headers.iter().filter(|(key, _)| key == "set-cookie");
        cookies.map(|(_, value)| value.clone()).collect()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The value of an input of the page; empty for one without.
    pub(crate) fn input(&self, name: &str) -> Option<String> {
        let tag = self.body.split('<').find(|tag| {
            tag.starts_with("input")
                && (tag.contains(&format!("name=\"{name}\""))
                    || tag.contains(&format!("id=\"{name}\"")))
        })?;
        let value = tag
            .split_once("value=\"")
            .and_then(|(_, rest)| rest.split_once('"'));
        Some(value.map_or_else(String::new, |(value, _)| value.to_owned()))
    }

    pub(crate) fn assets(&self) -> Vec<String> {
        let links = self
            .body
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split_once('"'));
        links
            .map(|(link, _)| link.to_owned())
            .filter(|link| link.contains("/assets/"))
            .collect()
    }
}

/// The query of an authorization request, with some parameters changed; empty ones are left out.
pub(crate) fn query(changed: &[(&str, &str)]) -> String {
    let fields = [
        ("response_type", "code"),
        ("client_id", "sigstore"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "st"),
        ("access_type", "online"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    form(&replaced(&fields, changed))
}

pub(crate) fn token_form(code: &str, changed: &[(&str, &str)]) -> String {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "sigstore"),
        ("redirect_uri", CALLBACK),
        ("code", code),
        ("code_verifier", VERIFIER),
    ];
    form(&replaced(&fields, changed))
}

pub(crate) fn sign_in_form(token: &str) -> String {
    sign_in_form_of("alice@example.com", PASSWORD, token)
}

fn sign_in_form_of(email: &str, password: &str, token: &str) -> String {
    form(&[
        ("form_token", token),
        ("action", "sign-in"),
        ("email", email),
        ("password", password),
    ])
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

pub(crate) fn parameters(location: &str) -> HashMap<String, String> {
    let url = url::Url::parse(location).unwrap();
    url.query_pairs().into_owned().collect()
}

pub(crate) fn path_of(url: &Value) -> String {
    let url = url::Url::parse(url.as_str().unwrap()).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

pub(crate) async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    futures::future::join_all(futures).await
}

pub(crate) fn sled_below(users: &Path) -> StoreConfig {
    StoreConfig::Sled {
        path: users.with_file_name("store"),
    }
}

fn replaced<'a>(
    fields: &[(&'a str, &'a str)],
    changed: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let kept = fields
        .iter()
        .filter(|(name, _)| !changed.iter().any(|(other, _)| other == name));
    kept.chain(changed.iter().filter(|(_, value)| !value.is_empty()))
        .copied()
        .collect()
}

pub(crate) fn config_in(folder: &Path) -> Config {
    let key = folder.join("oidc.key");
    write_private(&key, key_pem());
    let mut config = Config::new(
        Listeners::for_test(),
        "http://localhost:8085".parse().unwrap(),
        key_config(&key),
        StoreConfig::Memory {},
        folder.join("users"),
    );
    config.clients.extend([
        other_client(),
        device_client(),
        site_client(),
        workload_client(),
    ]);
    config
}

fn write_private(path: &Path, content: &str) {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(path).unwrap();
    file.write_all(content.as_bytes()).unwrap();
}

pub(crate) fn key_config(path: &Path) -> sigstead_signer::KeyConfig {
    sigstead_signer::KeyConfig::file(path, None)
}

fn other_client() -> ClientConfig {
    ClientConfig {
        id: "other".to_owned(),
        ..ClientConfig::sigstore()
    }
}

fn device_client() -> ClientConfig {
    let grants = vec![Grant::DeviceCode];
    ClientConfig {
        id: "device-only".to_owned(),
        grants,
        ..ClientConfig::sigstore()
    }
}

fn site_client() -> ClientConfig {
    ClientConfig {
        id: "site".to_owned(),
        secret_hash: Some(secret_hash()),
        redirect_uris: vec!["https://app.example/cb".to_owned()],
        name: None,
        ..ClientConfig::sigstore()
    }
}

fn workload_client() -> ClientConfig {
    ClientConfig {
        id: "ci".to_owned(),
        secret_hash: Some(secret_hash()),
        redirect_uris: Vec::new(),
        grants: vec![Grant::ClientCredentials],
        audience: Some("sigstore".to_owned()),
        workload: Some(WorkloadConfig {
            subject: "https://example.com/workloads/ci".to_owned(),
            claims: BTreeMap::from([("team".to_owned(), "release".to_owned())]),
        }),
        ..ClientConfig::sigstore()
    }
}

fn secret_hash() -> String {
    use argon2::PasswordHasher;
    static HASH: OnceLock<String> = OnceLock::new();
    let make = || {
        argon2::Argon2::default()
            .hash_password(SECRET.as_bytes())
            .unwrap()
            .to_string()
    };
    HASH.get_or_init(make).clone()
}

fn key_pem() -> &'static str {
    static PEM: OnceLock<String> = OnceLock::new();
    PEM.get_or_init(|| {
        let key =
            sigstead_signer::PrivateKey::generate(sigstead_key::Algorithm::RsaPkcs1v15_2048Sha256)
                .unwrap();
        key.to_pem().unwrap().to_string()
    })
}

const FORM: &str = "application/x-www-form-urlencoded";
