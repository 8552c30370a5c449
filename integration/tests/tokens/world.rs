//! An authority in process, which believes the issuers of `issuers.yaml`.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use prometheus::Registry;
use serde_json::{Value, json};
use sigstead_ca::ct_log::CtLogs;
use sigstead_ca::{
    CertificateAuthority, IssuerChain, IssuingKey, KeyPolicy, KeyRing, Metrics, Parts, RecordPolicy,
};
use sigstead_identity::{DocumentRequest, Fetch, FetchError, Issuers, IssuersConfig, PinnedKeys};
use sigstead_issuance::{MemoryRecord, RecordConfig, UsedTokens};
use sigstead_key::Algorithm;
use sigstead_kit::{Listeners, TestClock};
use sigstead_signer::Signer;
use sigstead_x509::{CaKind, CaProfile, Certificate, Name, SerialNumber, Validity};
use time::{Duration, OffsetDateTime};

use crate::key::Keys;

/// An authority, its issuers' keys, and somebody who asks it for certificates.
pub(crate) struct World {
    pub(crate) public: Router,
    pub(crate) admin: Router,
    /// Every route and method of the two.
    pub(crate) endpoints: Vec<String>,
    pub(crate) keys: Keys,
    pub(crate) record: MemoryRecord,
    pub(crate) holder: Arc<dyn Signer>,
    /// A certification request for the holder's key, in PEM.
    pub(crate) request: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        let keys = Keys::new();
        let (chain, signer) = chain().await;
        let record = MemoryRecord::new();
        let registry = Registry::new();
        let key = IssuingKey::new(signer, chain).unwrap();
        let parts = Parts {
            issuers: issuers(&keys),
            key_policy: KeyPolicy::new(&Algorithm::ALL, []),
            certificate_lifetime: Duration::minutes(10),
            backdate: Duration::ZERO,
            ct_logs: CtLogs::new(Vec::new()),
            most_under_way: 16,
            record: Arc::new(record.clone()),
            record_policy: RecordPolicy::new(&RecordConfig::default()),
            token_uses: Arc::new(UsedTokens::in_memory().unwrap()),
            clock: Arc::new(TestClock::at(now())),
            metrics: Metrics::register(&registry).unwrap(),
        };
        let authority = CertificateAuthority::new(KeyRing::of_one(key), parts);
        let authority = Arc::new(authority);
        let serve =
            |registry| sigstead_ca::serve(Listeners::for_test(), authority.clone(), registry);
        let endpoints = serve(Registry::new()).into_endpoints().unwrap();
        let endpoints = endpoints.into_iter().filter(|each| each.listener != "ops");
        let endpoints = endpoints.map(|each| each.name).collect();
        let service = serve(registry);
        let (public, admin) = service.into_routers().unwrap();
        let holder = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
        let request = certification_request(&*holder).await;
        Self {
            public,
            admin,
            endpoints,
            keys,
            record,
            holder,
            request,
        }
    }
}

/// A time with a fraction, so that truncation shows.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap() + Duration::milliseconds(750)
}

/// All have the same keys. Those of `asked` are fetched, and `away` answers nobody.
fn issuers(keys: &Keys) -> Issuers {
    let mut config = IssuersConfig::parse(include_str!("issuers.yaml")).unwrap();
    for (url, issuer) in &mut config.issuers {
        let is_fetched = [ASKED, AWAY].contains(&url.as_str());
        issuer.jwks = (!is_fetched).then(|| PinnedKeys::from_text(keys.set().to_string()));
    }
    let discovery = json!({
        "issuer": ASKED,
        "jwks_uri": format!("{ASKED}/keys"),
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    let documents = HashMap::from([
        (
            format!("{ASKED}/.well-known/openid-configuration"),
            discovery,
        ),
        (format!("{ASKED}/keys"), keys.set()),
    ]);
    Issuers::new(config, Arc::new(Documents(documents))).unwrap()
}

/// What there is to fetch.
struct Documents(HashMap<String, Value>);

#[async_trait]
impl Fetch for Documents {
    async fn fetch(&self, request: DocumentRequest<'_>) -> Result<Vec<u8>, FetchError> {
        let url = request.url.as_str();
        let found = self.0.get(url).map(|document| document.to_string());
        found
            .map(String::into_bytes)
            .ok_or_else(|| FetchError::Status {
                url: url.to_owned(),
                status: 404,
            })
    }
}

async fn chain() -> (IssuerChain, Arc<dyn Signer>) {
    let root_key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let key = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let unsigned = profile("root", &*root_key, CaKind::Root)
        .self_signed()
        .unwrap();
    let signature = root_key.sign(unsigned.bytes_to_sign()).await.unwrap();
    let root = unsigned.sign_with(signature).unwrap();
    let unsigned = profile("intermediate", &*key, CaKind::CodeSigning);
    let unsigned = unsigned.issued_by(&root).unwrap();
    let signature = root_key.sign(unsigned.bytes_to_sign()).await.unwrap();
    let intermediate: Certificate = unsigned.sign_with(signature).unwrap();
    let pem = intermediate.to_pem() + &root.to_pem();
    (IssuerChain::parse(&pem).unwrap(), key)
}

fn profile(name: &str, key: &dyn Signer, kind: CaKind) -> CaProfile {
    CaProfile {
        subject: Name {
            organization: "Test".to_owned(),
            common_name: name.to_owned(),
        },
        public_key: key.public_key().clone(),
        validity: Validity {
            not_before: now() - Duration::days(1),
            not_after: now() + Duration::days(365),
        },
        kind,
        serial: SerialNumber::from_random([u8::try_from(name.len()).unwrap(); 20]),
    }
}

/// RFC 2986, with an empty subject.
async fn certification_request(holder: &dyn Signer) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let key = holder.public_key().spki_der();
    let info = sequence(&[&[0x02, 1, 0, 0x30, 0][..], key, &[0xa0, 0]].concat());
    let signature = holder.sign(&info).await.unwrap();
    // ecdsa-with-SHA256
    let algorithm = sequence(&[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]);
    let length = u8::try_from(signature.len() + 1).unwrap();
    let bits = [&[0x03, length, 0][..], &signature].concat();
    let body = STANDARD.encode(sequence(&[info, algorithm, bits].concat()));
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n")
}

fn sequence(content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    let header = match length {
        0..=127 => vec![0x30, length],
        _ => vec![0x30, 0x81, length],
    };
    [header, content.to_vec()].concat()
}

/// Its keys are fetched.
pub(crate) const ASKED: &str = "https://asked.example.com";
/// It does not answer.
pub(crate) const AWAY: &str = "https://away.example.com";
