//! An authority with everything around it in memory: issuer, CT log, clock, keys.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part of the world"
)]

mod ct_log;
pub mod holder;
mod issuer;
pub mod lines;
mod slow_signer;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use prometheus::Registry;
use serde_json::Value;
use sigstead_ca::ct_log::{CtLog, CtLogs, Ends};
use sigstead_ca::{
    CertificateAuthority, IssuerChain, IssuingKey, KeyPolicy, KeyRing, Metrics, Parts,
    RecordPolicy, TokenUses,
};
use sigstead_identity::{AlsoConfig, IssuerConfig, IssuerType, Issuers, IssuersConfig};
use sigstead_issuance::{MemoryRecord, RecordConfig, UsedTokens};
use sigstead_key::Algorithm;
use sigstead_kit::{Listeners, TestClock};
use sigstead_rules::RuleConfig;
use sigstead_signer::Signer;
use sigstead_x509::{CaKind, CaProfile, Certificate, Name, SerialNumber, Validity};
use time::OffsetDateTime;
use tower::ServiceExt;

pub use ct_log::{Fault, MemoryCtLog};
pub use issuer::TestIssuer;
use slow_signer::{BrokenSigner, SlowSigner};

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
    /// The key that takes over, and from when on.
    pub successor: Option<(OffsetDateTime, IssuerChain, Arc<dyn Signer>)>,
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
            successor: None,
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
        let own = [ct_log.key.public_key()];
        let record = MemoryRecord::new();
        let registry = Registry::new();
        let signer: Arc<dyn Signer> = if setup.signer_fails {
            Arc::new(BrokenSigner(key))
        } else if !setup.signer_takes.is_zero() {
            Arc::new(SlowSigner {
                key,
                takes: setup.signer_takes,
                asked: AtomicUsize::new(0),
            })
        } else {
            key
        };
        let mut keys = KeyRing::of_one(IssuingKey::new(signer, chain.clone()).unwrap());
        if let Some((from, chain, key)) = setup.successor {
            keys = keys.followed_by(from, IssuingKey::new(key, chain).unwrap());
        }
        let parts = Parts {
            issuers: Issuers::new(issuers, fetch).unwrap(),
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
        };
        let authority = Arc::new(CertificateAuthority::new(keys, parts));
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
