//! What happened to others who read tokens, each told by the name that it is public under.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sigstead_identity::{
    DocumentRequest, Error, Fetch, FetchError, Issuers, IssuersConfig, PinnedKeys, Principal,
};
use sigstead_key::Algorithm;
use sigstead_signer::Signer;
use time::OffsetDateTime;

const PEOPLE: &str = "https://people.example.com";
const CLUSTER: &str = "https://oidc.eks.eu-1.clusters.example.com/id/B02C93";

/// Issuers, all with one key, and how often anything was fetched.
struct World {
    key: Arc<dyn Signer>,
    issuers: Issuers,
    fetches: Arc<AtomicUsize>,
}

/// What there is to fetch.
struct Documents {
    documents: HashMap<String, Value>,
    fetches: Arc<AtomicUsize>,
}

#[async_trait]
impl Fetch for Documents {
    async fn fetch(&self, request: DocumentRequest<'_>) -> Result<Vec<u8>, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let url = request.url.as_str();
        let found = self.documents.get(url).map(ToString::to_string);
        found
            .map(String::into_bytes)
            .ok_or_else(|| FetchError::Status {
                url: url.to_owned(),
                status: 404,
            })
    }
}

impl World {
    fn new() -> Self {
        let key = sigstead_signer::ephemeral(Algorithm::Ed25519).unwrap();
        let x = URL_SAFE_NO_PAD.encode(key.public_key().raw_ed25519().unwrap());
        let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x}]});
        let mut config = IssuersConfig::parse(ISSUERS).unwrap();
        for issuer in config.issuers.values_mut() {
            issuer.jwks = Some(PinnedKeys::from_text(keys.to_string()));
        }
        let fetches = Arc::new(AtomicUsize::new(0));
        let discovery = json!({
            "issuer": CLUSTER,
            "jwks_uri": format!("{CLUSTER}/keys"),
            "id_token_signing_alg_values_supported": ["EdDSA"],
        });
        let documents = HashMap::from([
            (
                format!("{CLUSTER}/.well-known/openid-configuration"),
                discovery,
            ),
            (format!("{CLUSTER}/keys"), keys),
        ]);
        let fetch = Documents {
            documents,
            fetches: fetches.clone(),
        };
        Self {
            key,
            issuers: Issuers::new(config, Arc::new(fetch)).unwrap(),
            fetches,
        }
    }

    /// What comes of a token whose payload is this text.
    async fn judge(&self, payload: &str) -> Result<Principal, Error> {
        let token = self.token(r#"{"alg":"EdDSA","kid":"k"}"#, payload).await;
        self.issuers.verify(&token, now()).await
    }

    async fn token(&self, header: &str, payload: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let input = format!("{}.{}", encode(header), encode(payload));
        let signature = self.key.sign(input.as_bytes()).await.unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap()
}

fn person() -> Value {
    json!({
        "iss": PEOPLE, "aud": "sigstore", "sub": "user-1", "iat": 1_700_000_000, "exp": 1_700_000_060,
        "email": "alice@example.com", "email_verified": true,
    })
}

fn with(mut claims: Value, claim: &str, value: Value) -> String {
    claims[claim] = value;
    claims.to_string()
}

fn service_account(issuer: &str) -> String {
    json!({
        "iss": issuer, "aud": "sigstore", "iat": 1_700_000_000, "exp": 1_700_000_060,
        "sub": "system:serviceaccount:default:builder",
        "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "builder"}},
    })
    .to_string()
}

/// CVE-2026-22772: a pattern for issuers matched in the middle of a URL, and the service fetched whatever the token named.
#[tokio::test]
async fn a_pattern_matches_whole_urls_and_nothing_else_is_fetched() {
    let world = World::new();
    for issuer in HOSTILE {
        let refused = world.judge(&service_account(issuer)).await.unwrap_err();
        assert!(
            matches!(refused, Error::IssuerUnknown { .. }),
            "{issuer}: {refused}"
        );
    }
    assert_eq!(
        world.fetches.load(Ordering::SeqCst),
        0,
        "strangers steer no fetch"
    );
    world.judge(&service_account(CLUSTER)).await.unwrap();
    assert_eq!(world.fetches.load(Ordering::SeqCst), 2);
}

/// CVE-2024-5798: a list of audiences was taken for the one that it begins with, or for any that it has.
#[tokio::test]
async fn every_audience_of_a_list_counts() {
    let world = World::new();
    let judge = async |audience| world.judge(&with(person(), "aud", audience)).await;
    judge(json!(["sigstore"])).await.unwrap();
    for place in 0..8 {
        let mut audiences = vec!["sigstore"; 8];
        audiences[place] = "other";
        let refused = judge(json!(audiences)).await.unwrap_err();
        assert!(
            matches!(refused, Error::AudienceForeign { other } if other == "other"),
            "{place}"
        );
    }
    for none in [json!([]), json!(["other"]), json!(["other", "third"])] {
        let refused = judge(none).await.unwrap_err();
        assert!(matches!(refused, Error::AudienceMismatch { .. }));
    }
}

/// CVE-2026-25537: a claim of time that was of another type counted as one that is not there, and the token lasted for ever.
#[tokio::test]
async fn a_time_of_another_type_is_not_an_absent_one() {
    let world = World::new();
    for claim in ["exp", "nbf", "iat"] {
        for value in [
            json!("never"),
            json!([1]),
            json!({"at": 1}),
            json!(true),
            json!(""),
            json!(1e300),
        ] {
            let refused = world
                .judge(&with(person(), claim, value.clone()))
                .await
                .unwrap_err();
            let is_it =
                matches!(&refused, Error::ClaimInvalid { claim: named, .. } if named == claim);
            assert!(is_it, "{claim} {value}: {refused}");
        }
    }
    let mut endless = person();
    endless.as_object_mut().unwrap().remove("exp");
    let refused = world.judge(&endless.to_string()).await.unwrap_err();
    assert!(matches!(refused, Error::ClaimMissing { claim } if claim == "exp"));
    world.judge(&person().to_string()).await.unwrap();
}

/// CVE-2025-30204, CVE-2025-27144, CVE-2024-28180, CVE-2026-34986: readers split a token at each of its dots, decrypted it, or
/// unpacked it, before they knew whose it is.
#[tokio::test]
async fn an_encrypted_or_packed_token_is_no_token() {
    let world = World::new();
    let sound = world
        .token(r#"{"alg":"EdDSA","kid":"k"}"#, &person().to_string())
        .await;
    world.issuers.verify(&sound, now()).await.unwrap();
    let (dots, encrypted) = (".".repeat(16_000), format!("{sound}.AA.AA"));
    for text in [&dots, &encrypted, &format!("{sound}.")] {
        let refused = world.issuers.verify(text, now()).await.unwrap_err();
        assert!(matches!(refused, Error::TokenMalformed(_)), "{refused}");
    }
    for parameter in ["zip", "enc", "crit", "b64"] {
        let header = json!({"alg": "EdDSA", "kid": "k", parameter: "DEF"}).to_string();
        let token = world.token(&header, &person().to_string()).await;
        let refused = world.issuers.verify(&token, now()).await.unwrap_err();
        assert!(
            matches!(refused, Error::TokenMalformed(_)),
            "{parameter}: {refused}"
        );
    }
}

/// Let's Encrypt, 29 February 2020: of several names one was checked several times. Here each of several claims decides.
#[tokio::test]
async fn each_of_several_claims_is_checked_itself() {
    let world = World::new();
    let build = build();
    world.judge(&build.to_string()).await.unwrap();
    let needed = build.as_object().unwrap().keys();
    let needed = needed.filter(|claim| !["iss", "aud", "iat", "exp"].contains(&claim.as_str()));
    let mut seen = 0;
    for claim in needed {
        let refused = world
            .judge(&with(build.clone(), claim, json!("")))
            .await
            .unwrap_err();
        let is_it = matches!(&refused, Error::ClaimInvalid { claim: named, .. } if named == claim);
        assert!(is_it, "{claim}: {refused}");
        seen += 1;
    }
    assert_eq!(seen, 17, "the sixteen of a build, and the subject");
}

/// RUSTSEC-2024-0421: a label in Punycode stood for ASCII letters, so that two names were one. Names of issuers and of subjects
/// are compared byte by byte, and no spelling is taken for another.
#[tokio::test]
async fn no_spelling_of_a_name_stands_for_another() {
    let world = World::new();
    for host in [
        "xn--people-",
        "xn--people-.example",
        "\u{ff50}eople",
        "peo\u{ad}ple",
        "PEOPLE",
        "people\u{200d}",
    ] {
        let issuer = format!("https://{host}.example.com");
        let refused = world
            .judge(&with(person(), "iss", json!(issuer)))
            .await
            .unwrap_err();
        assert!(
            matches!(refused, Error::IssuerUnknown { .. }),
            "{host}: {refused}"
        );
    }
    let service = |subject: String| {
        let mut claims = with(person(), "iss", json!("https://services.example.com"));
        claims = with(
            serde_json::from_str(&claims).unwrap(),
            "sub",
            json!(subject),
        );
        claims
    };
    world
        .judge(&service("https://services.example.com/a".to_owned()))
        .await
        .unwrap();
    for host in [
        "xn--services-",
        "\u{ff53}ervices",
        "SERVICES",
        "services\u{200d}",
    ] {
        let subject = format!("https://{host}.example.com/a");
        let refused = world.judge(&service(subject)).await.unwrap_err();
        assert!(
            matches!(&refused, Error::ClaimInvalid { claim, .. } if claim == "sub"),
            "{host}: {refused}"
        );
    }
}

fn build() -> Value {
    json!({
        "iss": "https://builds.example.com", "aud": "sigstore", "iat": 1_700_000_000, "exp": 1_700_000_060,
        "sub": "repo:acme/app", "event_name": "push", "sha": "d1e2", "workflow": "release", "repository": "acme/app",
        "ref": "refs/heads/main", "job_workflow_ref": "acme/ci/a.yml@refs/tags/v2", "job_workflow_sha": "a3b4",
        "runner_environment": "github-hosted", "repository_id": "1234", "repository_owner": "acme",
        "repository_owner_id": "56", "repository_visibility": "private", "workflow_ref": "acme/app/b.yml@refs/heads/main",
        "workflow_sha": "c5d6", "run_id": "42", "run_attempt": "1",
    })
}

const ISSUERS: &str = r#"
oidc-issuers:
  https://people.example.com: {client-id: sigstore, type: email}
  https://services.example.com: {client-id: sigstore, type: uri, subject-domain: "https://services.example.com"}
  https://builds.example.com: {client-id: sigstore, type: github-workflow}
meta-issuers:
  https://oidc.eks.*.clusters.example.com/id/*: {client-id: sigstore, type: kubernetes, shared: false}
"#;

/// None of them is a URL of the pattern, and each is one to some reader of URLs.
const HOSTILE: [&str; 52] = [
    "https://oidc.eks.eu-1.clusters.example.com/id/",
    "https://oidc.eks.eu-1.clusters.example.com/id",
    "https://oidc.eks.eu-1.clusters.example.com/id/B02C93/",
    "https://oidc.eks.eu-1.clusters.example.com/id/B02C93/..",
    "https://oidc.eks.eu-1.clusters.example.com/id/../../evil",
    "https://oidc.eks.eu-1.clusters.example.com/id/B02C93?x=1",
    "https://oidc.eks.eu-1.clusters.example.com/id/B02C93#x",
    "https://oidc.eks.eu-1.clusters.example.com/id/B02C93;x",
    "https://oidc.eks.eu-1.clusters.example.com/id/B02C93%2f",
    "https://oidc.eks.eu-1.clusters.example.com/id/B02C93\\",
    "https://oidc.eks.eu-1.clusters.example.com/id/B02C93 ",
    "https://oidc.eks.eu-1.clusters.example.com/id/B02C93\n",
    "https://oidc.eks.eu-1.clusters.example.com/id/B02C93\0",
    "https://oidc.eks.eu-1.clusters.example.com/id/\u{e4}",
    "https://oidc.eks.eu-1.clusters.example.com//id/B02C93",
    "https://oidc.eks.eu-1.clusters.example.com:443/id/B02C93",
    "https://oidc.eks.eu-1.clusters.example.com./id/B02C93",
    "https://oidc.eks.eu-1.clusters.example.com.evil.example.org/id/B02C93",
    "https://oidc.eks.eu-1.clusters.example.comevil/id/B02C93",
    "https://oidc.eks.eu-1.clustersXexample.com/id/B02C93",
    "https://oidc.eks.eu-1.evil.clusters.example.com/id/B02C93",
    "https://oidc.eks..clusters.example.com/id/B02C93",
    "https://oidc.eks.clusters.example.com/id/B02C93",
    "https://oidc.eks.evil.example.org/x.clusters.example.com/id/B02C93",
    "https://oidc.eks.evil.example.org#.clusters.example.com/id/B02C93",
    "https://oidc.eks.evil.example.org?.clusters.example.com/id/B02C93",
    "https://oidc.eks.evil.example.org\\.clusters.example.com/id/B02C93",
    "https://oidc.eks.evil.example.org:80.clusters.example.com/id/B02C93",
    "https://oidc.eks.@evil.example.org/.clusters.example.com/id/B02C93",
    "https://oidc.eks.a@evil.clusters.example.com/id/B02C93",
    "https://oidc.eks.a:b@c.clusters.example.com/id/B02C93",
    "https://oidc.eks.%65u-1.clusters.example.com/id/B02C93",
    "https://oidc.eks.e\u{fc}-1.clusters.example.com/id/B02C93",
    "https://oidc.eks.eu\u{3002}1.clusters.example.com/id/B02C93",
    "https://oidc.eks.\u{ff45}u-1.clusters.example.com/id/B02C93",
    "https://oidc.eks.[::1].clusters.example.com/id/B02C93",
    "https://alice@oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "https://evil.example.org@oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "https://evil.example.org/https://oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "https://evil.example.org/?https://oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "https://evil.example.org/#https://oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "xhttps://oidc.eks.eu-1.clusters.example.com/id/B02C93",
    " https://oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "http://oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "HTTPS://oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "https://OIDC.eks.eu-1.clusters.example.com/id/B02C93",
    "https:/oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "https:oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "//oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "https:\\\\oidc.eks.eu-1.clusters.example.com/id/B02C93",
    "file:///id/B02C93",
    "https://169.254.169.254/id/B02C93",
];
