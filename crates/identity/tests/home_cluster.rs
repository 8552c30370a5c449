//! The cluster that the service runs in, as an issuer: a TLS server that answers its pods only.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use sigstead_identity::{
    Error, FetchOptions, HomeCluster, HttpFetch, IssuerConfig, IssuerType, Issuers, IssuersConfig,
};
use sigstead_key::Algorithm;
use sigstead_signer::{PrivateKey, Signer};
use sigstead_x509::{
    CaKind, CaProfile, Certificate, Name, SerialNumber, TlsProfile, TlsRole, Validity,
};
use time::{Duration, OffsetDateTime};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// An API server, and what its pods have.
struct Cluster {
    address: SocketAddr,
    /// The token that it demands, and the tokens that it was shown.
    demanded: Arc<Mutex<String>>,
    shown: Arc<Mutex<Vec<String>>>,
    key: Arc<dyn Signer>,
    pod: tempfile::TempDir,
}

impl Cluster {
    async fn new() -> Self {
        let (authority, listener) = tls_listener().await;
        let address = listener.tcp.local_addr().unwrap();
        let key = sigstead_signer::ephemeral(Algorithm::Ed25519).unwrap();
        let demanded = Arc::new(Mutex::new(String::new()));
        let shown = Arc::new(Mutex::new(Vec::new()));
        let x = URL_SAFE_NO_PAD.encode(key.public_key().raw_ed25519().unwrap());
        let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x}]});
        let (expected, seen) = (demanded.clone(), shown.clone());
        let answer = async move |headers: HeaderMap, uri: Uri| {
            let token = headers.get("authorization");
            let token = token.map_or("", |value| value.to_str().unwrap()).to_owned();
            let is_pod = token == format!("Bearer {}", expected.lock().unwrap());
            seen.lock().unwrap().push(token);
            if !is_pod {
                return (StatusCode::FORBIDDEN, String::new());
            }
            let document = match uri.path() {
                "/.well-known/openid-configuration" => discovery(),
                "/openid/v1/jwks" => keys.clone(),
                _ => return (StatusCode::NOT_FOUND, String::new()),
            };
            (StatusCode::OK, document.to_string())
        };
        let router = Router::new().fallback(get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let pod = tempfile::tempdir().unwrap();
        std::fs::write(pod.path().join("ca.crt"), authority.to_pem()).unwrap();
        let cluster = Self {
            address,
            demanded,
            shown,
            key,
            pod,
        };
        cluster.renew("first");
        cluster
    }

    /// The cluster writes a new token for the pod, and takes the last one no more.
    fn renew(&self, token: &str) {
        std::fs::write(self.pod.path().join("token"), format!("{token}\n")).unwrap();
        token.clone_into(&mut self.demanded.lock().unwrap());
    }

    fn issuers(&self, issuer: &str) -> Issuers {
        let entry = IssuerConfig {
            ca_cert: read(&self.pod.path().join("ca.crt")),
            ..IssuerConfig::new(issuer, "sigstore", IssuerType::Kubernetes)
        };
        let config = IssuersConfig::default().with_issuer(entry);
        let fetch = HttpFetch::new(&FetchOptions::default(), &config).unwrap();
        let home = HomeCluster {
            api_server: format!("https://{}", self.address).parse().unwrap(),
            service_account: self.pod.path().to_owned(),
        };
        Issuers::open(config, Arc::new(fetch), Some(home)).unwrap()
    }

    async fn token(&self, issuer: &str) -> String {
        let claims = json!({
            "iss": issuer, "aud": ["sigstore"], "exp": now().unix_timestamp() + 60,
            "sub": "system:serviceaccount:default:builder",
            "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "builder"}},
        });
        let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let header = part(json!({"alg": "EdDSA", "kid": "k"}));
        let input = format!("{header}.{}", part(claims));
        let signature = self.key.sign(input.as_bytes()).await.unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What kubeadm writes: keys at the address of a node, which nothing here answers at.
fn discovery() -> Value {
    json!({
        "issuer": ISSUER,
        "jwks_uri": "https://192.0.2.1:6443/openid/v1/jwks",
        "id_token_signing_alg_values_supported": ["EdDSA"],
    })
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap()
}

#[tokio::test]
async fn the_home_cluster_is_asked_at_its_address_with_the_pods_token_of_the_day() {
    let cluster = Cluster::new().await;
    let token = cluster.token(ISSUER).await;
    for day in ["first", "second"] {
        cluster.renew(day);
        let issuers = cluster.issuers(ISSUER);
        let principal = issuers.verify(&token, now()).await.unwrap();
        assert_eq!(principal.name(), "system:serviceaccount:default:builder");
    }
    let shown = cluster.shown.lock().unwrap().clone();
    let (first, second) = ("Bearer first", "Bearer second");
    assert_eq!(shown, [first, first, second, second]);
}

#[tokio::test]
async fn a_pod_that_the_cluster_does_not_know_gets_no_keys() {
    let cluster = Cluster::new().await;
    std::fs::write(cluster.pod.path().join("token"), "of another pod").unwrap();
    let token = cluster.token(ISSUER).await;
    let error = cluster
        .issuers(ISSUER)
        .verify(&token, now())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::IssuerUnavailable { .. }), "{error}");
}

/// The server answers nobody else, so an issuer at another URL is asked and gets no credential.
///
/// CVE-2026-49478: another authority showed the token of its pod to every issuer of the type.
#[tokio::test]
async fn the_pods_token_goes_to_no_other_issuer() {
    let cluster = Cluster::new().await;
    let other = format!("https://{}", cluster.address);
    let token = cluster.token(&other).await;
    let error = cluster
        .issuers(&other)
        .verify(&token, now())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::IssuerUnavailable { .. }), "{error}");
    let shown = cluster.shown.lock().unwrap().clone();
    assert!(!shown.is_empty());
    assert!(shown.iter().all(String::is_empty), "{shown:?}");
}

/// Takes connections over TLS.
struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

/// A listener for 127.0.0.1, and the authority that certifies it.
async fn tls_listener() -> (Certificate, TlsListener) {
    let name = |common_name: &str| Name {
        organization: "Test".to_owned(),
        common_name: common_name.to_owned(),
    };
    // Both sides compare with the clock of the machine.
    let validity = Validity {
        not_before: OffsetDateTime::UNIX_EPOCH + Duration::days(365 * 40),
        not_after: OffsetDateTime::UNIX_EPOCH + Duration::days(365 * 79),
    };
    let authority_key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let unsigned = CaProfile {
        subject: name("root"),
        public_key: authority_key.public_key().clone(),
        validity,
        kind: CaKind::Root,
        serial: SerialNumber::from_random([1; 20]),
    }
    .self_signed()
    .unwrap();
    let signature = authority_key.sign(unsigned.bytes_to_sign()).await.unwrap();
    let authority = unsigned.sign_with(signature).unwrap();
    let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let unsigned = TlsProfile {
        subject: name("kube-apiserver"),
        public_key: key.public_key().clone(),
        dns_names: Vec::new(),
        ip_addresses: vec![Ipv4Addr::LOCALHOST.into()],
        uris: Vec::new(),
        role: TlsRole::Server,
        validity,
        serial: SerialNumber::from_random([2; 20]),
    }
    .issued_by(&authority)
    .unwrap();
    let signature = authority_key.sign(unsigned.bytes_to_sign()).await.unwrap();
    let certificate = unsigned.sign_with(signature).unwrap();
    let chain = vec![CertificateDer::from(certificate.to_der().to_vec())];
    let private = PrivateKeyDer::from_pem_slice(key.to_pem().unwrap().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .unwrap();
    let listener = TlsListener {
        tcp: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        acceptor: TlsAcceptor::from(Arc::new(config)),
    };
    (authority, listener)
}
