//! An authority with everything around it in memory: issuer, CT log, clock, keys.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part of the world"
)]

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use prometheus::Registry;
use serde_json::{Value, json};
use sigstead_ca::ct_log::{CtLog, CtLogClient, CtLogError, CtLogs, Ends};
use sigstead_ca::{
    CertificateAuthority, IssuerChain, KeyPolicy, Metrics, Parts, RecordPolicy, TokenUses,
};
use sigstead_ct::{DigitallySigned, SignedCertificateTimestamp, SignedEntry, TimestampedEntry};
use sigstead_identity::{
    AlsoConfig, DocumentRequest, Fetch, FetchError, IssuerConfig, IssuerType, Issuers,
    IssuersConfig,
};
use sigstead_issuance::{MemoryRecord, RecordConfig, UsedTokens};
use sigstead_key::{Algorithm, LogId};
use sigstead_kit::{Clock, Listeners, TestClock};
use sigstead_rules::RuleConfig;
use sigstead_signer::Signer;
use sigstead_x509::{CaKind, CaProfile, Certificate, Name, SerialNumber, Validity};
use time::OffsetDateTime;
use tokio::sync::{Notify, Semaphore};
use tower::ServiceExt;

pub const ISSUER: &str = "https://issuer.example.com";
pub const EMAIL: &str = "alice@example.com";

/// An authority in memory.
pub struct TestCa {
    pub router: Router,
    pub registry: Registry,
    pub clock: Arc<TestClock>,
    pub ct_log: Arc<MemoryCtLog>,
    pub chain: IssuerChain,
    pub issuer: TestIssuer,
    pub record: MemoryRecord,
    pub authority: Arc<CertificateAuthority>,
}

/// How the world differs from one in which everything works.
pub struct Setup {
    pub kind: IssuerType,
    pub subject_domain: &'static str,
    /// Other subjects of the issuer.
    pub also: Vec<AlsoConfig>,
    /// Whether a token is good for one certificate.
    pub single_use: bool,
    /// Which tokens were used; in memory unless given.
    pub token_uses: Option<Arc<dyn TokenUses>>,
    /// What tokens are signed with.
    pub token_algorithm: Algorithm,
    /// The rule that lets identities have a certificate.
    pub rule: Option<&'static str>,
    pub fault: Fault,
    pub issuer_is_up: bool,
    pub signer_fails: bool,
    /// How long the key takes for each of its first three signatures.
    pub signer_takes: Duration,
    pub backdate: time::Duration,
    pub allowed: Vec<Algorithm>,
    /// Without one, certificates are not logged.
    pub has_log: bool,
    /// A second log, which is asked when the first does not promise.
    pub second: Option<(Fault, Ends)>,
    pub ends: Ends,
    pub most_under_way: usize,
    /// A chain of another program, and its key.
    pub chain: Option<(IssuerChain, Arc<dyn Signer>)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            kind: IssuerType::Email,
            subject_domain: "",
            also: Vec::new(),
            single_use: false,
            token_uses: None,
            token_algorithm: Algorithm::Ed25519,
            rule: None,
            fault: Fault::None,
            issuer_is_up: true,
            signer_fails: false,
            signer_takes: Duration::ZERO,
            backdate: time::Duration::ZERO,
            allowed: Algorithm::ALL.to_vec(),
            has_log: true,
            second: None,
            ends: Ends::default(),
            most_under_way: 1024,
            chain: None,
        }
    }
}

fn named_rule(rule: &str) -> RuleConfig {
    RuleConfig {
        name: "the-rule".to_owned(),
        rule: rule.to_owned(),
    }
}

impl TestCa {
    pub async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    pub async fn with(setup: Setup) -> Self {
        let clock = Arc::new(TestClock::at(now()));
        let authorities = Authorities::new(Algorithm::EcdsaP256Sha256).await;
        let own = || {
            let chain = IssuerChain::parse(&authorities.chain_pem()).unwrap();
            (chain, authorities.intermediate_key.clone())
        };
        let (chain, key) = setup.chain.unwrap_or_else(own);
        let issuer = TestIssuer::new(setup.token_algorithm);
        let config = IssuerConfig {
            subject_domain: setup.subject_domain.to_owned(),
            also: setup.also,
            single_use: setup.single_use,
            allow: setup.rule.into_iter().map(named_rule).collect(),
            ..IssuerConfig::new(ISSUER, "sigstore", setup.kind)
        };
        let issuers = IssuersConfig::default().with_issuer(config);
        let fetch = issuer.fetch(setup.issuer_is_up);
        let ct_log = Arc::new(MemoryCtLog::new(setup.fault, clock.clone()));
        let second = setup
            .second
            .map(|(fault, ends)| (Arc::new(MemoryCtLog::new(fault, clock.clone())), ends));
        let of = |log: &Arc<MemoryCtLog>, ends| {
            CtLog::new(log.clone(), log.key.public_key().clone(), ends)
        };
        let mut ct_logs: Vec<_> = setup
            .has_log
            .then(|| of(&ct_log, setup.ends))
            .into_iter()
            .collect();
        ct_logs.extend(second.iter().map(|(log, ends)| of(log, *ends)));
        let ct_logs = CtLogs::new(ct_logs);
        let own = [chain.issuer().public_key(), ct_log.key.public_key()];
        let record = MemoryRecord::new();
        let registry = Registry::new();
        let authority = CertificateAuthority::new(Parts {
            issuers: Issuers::new(issuers, fetch).unwrap(),
            signer: if setup.signer_fails {
                Arc::new(BrokenSigner(key))
            } else if !setup.signer_takes.is_zero() {
                Arc::new(SlowSigner {
                    key,
                    takes: setup.signer_takes,
                    asked: AtomicUsize::new(0),
                })
            } else {
                key
            },
            chain: chain.clone(),
            certificate_lifetime: time::Duration::minutes(10),
            backdate: setup.backdate,
            key_policy: KeyPolicy::new(&setup.allowed, own),
            ct_logs,
            most_under_way: setup.most_under_way,
            record: Arc::new(record.clone()),
            record_policy: RecordPolicy::new(&RecordConfig::default()),
            token_uses: setup
                .token_uses
                .unwrap_or_else(|| Arc::new(UsedTokens::in_memory().unwrap())),
            clock: clock.clone(),
            metrics: Metrics::register(&registry).unwrap(),
        });
        let authority = Arc::new(authority.unwrap());
        let service =
            sigstead_ca::serve(Listeners::for_test(), authority.clone(), registry.clone());
        let router = service.into_public_router().unwrap();
        Self {
            router,
            registry,
            clock,
            ct_log,
            chain,
            issuer,
            record,
            authority,
        }
    }

    /// What a metric shows.
    pub fn metric(&self, name: &str, label: Option<&str>) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name);
        let metrics = family.map(|family| family.get_metric()).unwrap_or_default();
        let fitting = metrics.iter().filter(|metric| {
            let mut labels = metric.get_label().iter();
            label.is_none_or(|wanted| labels.any(|label| label.value() == wanted))
        });
        fitting
            .map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value())
            .sum()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        self.post_bytes(path, token, body.to_string().into()).await
    }

    pub async fn post_bytes(&self, path: &str, token: Option<&str>, body: Bytes) -> Answer {
        let mut request = Request::post(path).header("accept", "application/pem-certificate-chain");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self
            .router
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The chain of a v2 answer.
    pub fn chain(&self) -> Vec<Certificate> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        let json = self.json();
        let pems = json["signedCertificateEmbeddedSct"]["chain"]["certificates"]
            .as_array()
            .unwrap();
        pems.iter()
            .map(|pem| Certificate::from_pem(pem.as_str().unwrap()).unwrap())
            .collect()
    }
}

/// A root and an intermediate below it.
pub struct Authorities {
    pub root: Certificate,
    pub intermediate: Certificate,
    pub intermediate_key: Arc<dyn Signer>,
}

impl Authorities {
    pub async fn new(algorithm: Algorithm) -> Self {
        Self::of_kind(algorithm, CaKind::CodeSigning).await
    }

    pub async fn of_kind(algorithm: Algorithm, kind: CaKind) -> Self {
        let root_key = sigstead_signer::ephemeral(algorithm).unwrap();
        let intermediate_key = sigstead_signer::ephemeral(algorithm).unwrap();
        let unsigned = ca_profile("root", &root_key, CaKind::Root)
            .self_signed()
            .unwrap();
        let signature = root_key.sign(unsigned.bytes_to_sign()).await.unwrap();
        let root = unsigned.sign_with(signature).unwrap();
        let unsigned = ca_profile("intermediate", &intermediate_key, kind)
            .issued_by(&root)
            .unwrap();
        let signature = root_key.sign(unsigned.bytes_to_sign()).await.unwrap();
        let intermediate = unsigned.sign_with(signature).unwrap();
        Self {
            root,
            intermediate,
            intermediate_key,
        }
    }

    pub fn chain_pem(&self) -> String {
        self.intermediate.to_pem() + &self.root.to_pem()
    }
}

fn ca_profile(name: &str, key: &Arc<dyn Signer>, kind: CaKind) -> CaProfile {
    CaProfile {
        subject: Name {
            organization: "Test".to_owned(),
            common_name: name.to_owned(),
        },
        public_key: key.public_key().clone(),
        validity: Validity {
            not_before: now() - time::Duration::days(1),
            not_after: now() + time::Duration::days(365),
        },
        kind,
        serial: SerialNumber::from_random([name.len() as u8; 20]),
    }
}

/// A time with a fraction, so that truncation shows.
pub fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap() + time::Duration::milliseconds(750)
}

/// An issuer of tokens.
pub struct TestIssuer(Arc<dyn Signer>);

impl TestIssuer {
    fn new(algorithm: Algorithm) -> Self {
        Self(sigstead_signer::ephemeral(algorithm).unwrap())
    }

    pub fn claims() -> Value {
        json!({
            "iss": ISSUER, "aud": "sigstore", "sub": "user-1", "iat": now().unix_timestamp(),
            "exp": now().unix_timestamp() + 60, "email": EMAIL, "email_verified": true,
        })
    }

    pub async fn token(&self) -> String {
        self.token_of(&Self::claims()).await
    }

    pub async fn token_with(&self, claim: &str, value: Value) -> String {
        let mut claims = Self::claims();
        claims[claim] = value;
        self.token_of(&claims).await
    }

    pub async fn token_of(&self, claims: &Value) -> String {
        self.token_of_key("k", claims).await
    }

    /// A token that says that key `key_id` signed it.
    pub async fn token_of_key(&self, key_id: &str, claims: &Value) -> String {
        let name = self.algorithm_name();
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": name, "kid": key_id}).to_string());
        let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = self.0.sign(input.as_bytes()).await.unwrap();
        if name == "ES256" {
            signature = fixed_p256(&signature);
        }
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn algorithm_name(&self) -> &'static str {
        match self.0.algorithm() {
            Algorithm::EcdsaP256Sha256 => "ES256",
            _ => "EdDSA",
        }
    }

    fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        if let Some(x) = self.0.public_key().raw_ed25519() {
            return json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": encode(&x)});
        }
        // The point, uncompressed, is the end of the key.
        let (rest, y) = self
            .0
            .public_key()
            .spki_der()
            .split_last_chunk::<32>()
            .unwrap();
        let (_, x) = rest.split_last_chunk::<32>().unwrap();
        json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": encode(x), "y": encode(y)})
    }

    fn fetch(&self, is_up: bool) -> Arc<MemoryFetch> {
        let name = self.algorithm_name();
        let discovery = json!({
            "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys"),
            "id_token_signing_alg_values_supported": [name],
        });
        let keys = json!({"keys": [self.jwk()]});
        let documents = [
            ("/.well-known/openid-configuration", discovery),
            ("/keys", keys),
        ];
        let documents = documents.into_iter().filter(|_| is_up);
        Arc::new(MemoryFetch(
            documents
                .map(|(path, json)| (format!("{ISSUER}{path}"), json))
                .collect(),
        ))
    }
}

/// As JSON Web Signatures have it (RFC 7518 §3.4): both numbers in 32 bytes each.
fn fixed_p256(der: &[u8]) -> Vec<u8> {
    let mut rest = &der[2..];
    let mut fixed = Vec::new();
    for _ in 0..2 {
        let (number, behind) = rest[2..].split_at(usize::from(rest[1]));
        let from = number.len().saturating_sub(32);
        fixed.resize(fixed.len() + 32 - (number.len() - from), 0);
        fixed.extend_from_slice(&number[from..]);
        rest = behind;
    }
    fixed
}

struct MemoryFetch(HashMap<String, Value>);

#[async_trait]
impl Fetch for MemoryFetch {
    async fn fetch(&self, request: DocumentRequest<'_>) -> Result<Vec<u8>, FetchError> {
        let url = request.url;
        let found = self
            .0
            .get(url.as_str())
            .map(|document| document.to_string().into_bytes());
        found.ok_or_else(|| FetchError::Status {
            url: url.to_string(),
            status: 404,
        })
    }
}

/// What is wrong with a CT log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    Unreachable,
    RefusesChain,
    SignsWithAnotherKey,
    SignsAnotherEntry,
    ClockBehind,
    ClockALittleBehind,
    ClockAhead,
    /// Answers nothing, ever.
    Hangs,
    /// Answers after four tenths of a second.
    Slow,
    /// Answers once there is a permit at the gate.
    WaitsForTheGate,
}

/// A CT log in memory, for tests only.
pub struct MemoryCtLog {
    pub key: Arc<dyn Signer>,
    other_key: Arc<dyn Signer>,
    fault: Fault,
    clock: Arc<TestClock>,
    pub submissions: Mutex<Vec<Vec<Vec<u8>>>>,
    pub was_asked: AtomicBool,
    pub asked: Notify,
    pub gate: Semaphore,
}

impl MemoryCtLog {
    fn new(fault: Fault, clock: Arc<TestClock>) -> Self {
        Self {
            key: sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap(),
            other_key: sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap(),
            fault,
            clock,
            submissions: Mutex::default(),
            was_asked: AtomicBool::new(false),
            asked: Notify::new(),
            gate: Semaphore::new(0),
        }
    }

    fn timestamp_millis(&self) -> u64 {
        let now = self.clock.now_millis();
        match self.fault {
            Fault::ClockBehind => now - 32_000,
            Fault::ClockALittleBehind => now - 29_000,
            Fault::ClockAhead => now + 31_000,
            _ => now,
        }
    }
}

#[async_trait]
impl CtLogClient for MemoryCtLog {
    async fn add_pre_chain(
        &self,
        chain: &[&[u8]],
    ) -> Result<SignedCertificateTimestamp, CtLogError> {
        self.was_asked.store(true, Ordering::SeqCst);
        self.asked.notify_waiters();
        match self.fault {
            Fault::Unreachable => return Err(CtLogError::Unreachable("nobody listens".into())),
            Fault::Hangs => std::future::pending().await,
            Fault::Slow => tokio::time::sleep(Duration::from_millis(400)).await,
            Fault::WaitsForTheGate => drop(self.gate.acquire().await.unwrap()),
            Fault::RefusesChain => {
                let message = "unknown root".to_owned();
                return Err(CtLogError::Refused {
                    status: 400,
                    message,
                });
            }
            _ => {}
        }
        let chain: Vec<Vec<u8>> = chain.iter().map(|der| der.to_vec()).collect();
        self.submissions.lock().unwrap().push(chain.clone());
        let key = if self.fault == Fault::SignsWithAnotherKey {
            &self.other_key
        } else {
            &self.key
        };
        Ok(sign_sct(
            &**key,
            self.key.public_key().log_id(),
            &chain,
            self.timestamp_millis(),
            self.fault,
        )
        .await)
    }
}

async fn sign_sct(
    key: &dyn Signer,
    log_id: LogId,
    chain: &[Vec<u8>],
    timestamp_millis: u64,
    fault: Fault,
) -> SignedCertificateTimestamp {
    let precertificate = Certificate::from_der(&chain[0]).unwrap();
    // The chain's second certificate signed the precertificate; the root would be the wrong issuer.
    let issuer = Certificate::from_der(
        &chain[if fault == Fault::SignsAnotherEntry {
            2
        } else {
            1
        }],
    )
    .unwrap();
    let entry = SignedEntry::Precertificate {
        issuer_key_hash: sigstead_ct::IssuerKeyHash::of(&issuer),
        tbs: sigstead_x509::strip_extension(precertificate.tbs_der(), &sigstead_x509::oid::POISON)
            .unwrap(),
    };
    let extensions = Vec::new();
    let stamped = TimestampedEntry {
        timestamp_millis,
        entry,
        extensions: extensions.clone(),
    };
    let signature = key.sign(&stamped.sct_input().unwrap()).await.unwrap();
    let signature = DigitallySigned::new(key.algorithm(), signature).unwrap();
    SignedCertificateTimestamp {
        log_id,
        timestamp_millis,
        extensions,
        signature,
    }
}

/// A key that opened well and does not sign any more.
struct BrokenSigner(Arc<dyn Signer>);

#[async_trait]
impl Signer for BrokenSigner {
    fn public_key(&self) -> &sigstead_key::PublicKey {
        self.0.public_key()
    }

    async fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, sigstead_signer::Error> {
        Err(sigstead_signer::Error::SigningFailed)
    }
}

/// A key that is slow for its first three signatures.
struct SlowSigner {
    key: Arc<dyn Signer>,
    takes: Duration,
    asked: AtomicUsize,
}

#[async_trait]
impl Signer for SlowSigner {
    fn public_key(&self) -> &sigstead_key::PublicKey {
        self.key.public_key()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, sigstead_signer::Error> {
        if self.asked.fetch_add(1, Ordering::SeqCst) < 3 {
            tokio::time::sleep(self.takes).await;
        }
        self.key.sign(message).await
    }
}

/// Somebody who wants a certificate.
pub struct Holder(pub Arc<dyn Signer>);

impl Holder {
    pub fn new(algorithm: Algorithm) -> Self {
        Self(sigstead_signer::ephemeral(algorithm).unwrap())
    }

    pub fn p256() -> Self {
        Self::new(Algorithm::EcdsaP256Sha256)
    }

    pub fn pem(&self) -> String {
        self.0.public_key().to_pem()
    }

    pub async fn proof(&self, name: &str) -> String {
        STANDARD.encode(self.0.sign(name.as_bytes()).await.unwrap())
    }

    /// The v2 body without a token.
    pub async fn request(&self, name: &str) -> Value {
        json!({"publicKeyRequest": {
            "publicKey": {"algorithm": "ECDSA", "content": self.pem()},
            "proofOfPossession": self.proof(name).await,
        }})
    }

    /// A certification request (RFC 2986), PEM, with a subject that must not matter.
    pub async fn csr(&self) -> String {
        csr_pem(&self.csr_der().await)
    }

    pub async fn csr_der(&self) -> Vec<u8> {
        // CN=mallory
        let subject = tlv(
            0x30,
            &tlv(
                0x31,
                &tlv(
                    0x30,
                    &[&[0x06, 3, 0x55, 4, 3][..], &tlv(0x0c, b"mallory")].concat(),
                ),
            ),
        );
        let info = [
            &[0x02, 1, 0][..],
            &subject,
            self.0.public_key().spki_der(),
            &[0xa0, 0],
        ]
        .concat();
        let info = tlv(0x30, &info);
        let signature = self.0.sign(&info).await.unwrap();
        // ecdsa-with-SHA256
        let algorithm = tlv(0x30, &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]);
        let signature = tlv(0x03, &[&[0][..], &signature].concat());
        tlv(0x30, &[info, algorithm, signature].concat())
    }
}

pub fn csr_pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n")
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match length {
        0..=127 => vec![tag, length as u8],
        128..=255 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [header, content.to_vec()].concat()
}
