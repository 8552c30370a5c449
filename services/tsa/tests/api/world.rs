//! An authority with a key and a chain in a folder of its own, reached in process.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use sigstead_config::tsa::Config;
use sigstead_key::Algorithm;
use sigstead_kit::{Clock, Listeners, TestClock};
use sigstead_signer::{KeyConfig, PrivateKey, Signer};
use sigstead_tsa::TimestampAuthority;
use sigstead_x509::{
    CaKind, CaProfile, Certificate, Name, SerialNumber, TimestampingProfile, UnsignedCertificate,
    Validity,
};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use tower::ServiceExt as _;

/// The service, built on real files.
pub(crate) struct TestTsa {
    pub(crate) folder: TempDir,
    pub(crate) router: Router,
    pub(crate) authority: Arc<TimestampAuthority>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) chain: Vec<Certificate>,
}

impl TestTsa {
    pub(crate) async fn new() -> Self {
        Self::with(Algorithm::EcdsaP256Sha256).await
    }

    pub(crate) async fn with(algorithm: Algorithm) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chain = prepare(folder.path(), algorithm).await;
        Self::start(folder, chain, now()).await
    }

    /// The service over a folder that is prepared, at a time.
    pub(crate) async fn start(
        folder: TempDir,
        chain: Vec<Certificate>,
        now: OffsetDateTime,
    ) -> Self {
        let clock = Arc::new(TestClock::at(now));
        let config = config(folder.path());
        let opened = TimestampAuthority::open(config, Arc::clone(&clock) as Arc<dyn Clock>).await;
        let authority = opened.unwrap();
        let service = sigstead_tsa::service(Arc::clone(&authority), Listeners::for_test());
        Self {
            folder,
            router: service.into_public_router().unwrap(),
            authority,
            clock,
            chain,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn post(&self, content_type: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post("/api/v1/timestamp").header("content-type", content_type);
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Sends a request that must be answered with a time, and gives the response.
    pub(crate) async fn stamp(&self, content_type: &str, body: impl Into<Body>) -> Vec<u8> {
        let answer = self.post(content_type, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        assert_eq!(answer.header("content-type"), "application/timestamp-reply");
        answer.body.to_vec()
    }
}

/// Writes a key and its chain, and gives the chain.
pub(crate) async fn prepare(folder: &Path, algorithm: Algorithm) -> Vec<Certificate> {
    prepare_named(folder, algorithm, "tsa.key", "chain.pem").await
}

/// The same, in files of other names.
pub(crate) async fn prepare_named(
    folder: &Path,
    algorithm: Algorithm,
    key_name: &str,
    chain_name: &str,
) -> Vec<Certificate> {
    let key = PrivateKey::generate(algorithm).unwrap();
    let path = folder.join(key_name);
    fs::write(&path, key.to_pem().unwrap().as_bytes()).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let chain = chain(key.into_signer().as_ref()).await;
    let pem: String = chain.iter().map(Certificate::to_pem).collect();
    fs::write(folder.join(chain_name), pem).unwrap();
    chain
}

pub(crate) fn key_config(folder: &Path, name: &str) -> KeyConfig {
    KeyConfig::file(folder.join(name), None)
}

pub(crate) fn config(folder: &Path) -> Config {
    let key = key_config(folder, "tsa.key");
    let mut config = Config::new(Listeners::for_test(), key, folder.join("chain.pem"));
    config.successors_file = Some(folder.join("successors.yaml"));
    config.accepted_policies = vec!["1.2.3.4".to_owned()];
    config
}

/// Half a second behind a full one, so that what is not cut off shows.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap() + Duration::milliseconds(900)
}

async fn chain(key: &dyn Signer) -> Vec<Certificate> {
    let (root_key, above_key) = (ephemeral(), ephemeral());
    let root = authority("root", root_key.as_ref(), CaKind::Root)
        .self_signed()
        .unwrap();
    let root = sign(root, root_key.as_ref()).await;
    let above = authority("intermediate", above_key.as_ref(), CaKind::TimeStamping);
    let above = sign(above.issued_by(&root).unwrap(), root_key.as_ref()).await;
    let leaf = TimestampingProfile {
        subject: name("tsa"),
        public_key: key.public_key().clone(),
        validity: validity(),
        serial: SerialNumber::from_random([3; 20]),
    };
    let leaf = sign(leaf.issued_by(&above).unwrap(), above_key.as_ref()).await;
    vec![leaf, above, root]
}

fn authority(common_name: &str, key: &dyn Signer, kind: CaKind) -> CaProfile {
    CaProfile {
        subject: name(common_name),
        public_key: key.public_key().clone(),
        validity: validity(),
        kind,
        serial: SerialNumber::from_random([1; 20]),
    }
}

fn name(common_name: &str) -> Name {
    Name {
        organization: "example".into(),
        common_name: common_name.into(),
    }
}

fn validity() -> Validity {
    let day = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    Validity {
        not_before: day - Duration::DAY,
        not_after: day + Duration::days(30),
    }
}

fn ephemeral() -> Arc<dyn Signer> {
    sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap()
}

async fn sign(unsigned: UnsignedCertificate, signer: &dyn Signer) -> Certificate {
    let signature = signer.sign(unsigned.bytes_to_sign()).await.unwrap();
    unsigned.sign_with(signature).unwrap()
}

/// A response, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    async fn read(response: axum::response::Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}
