//! Identity tokens, and the documents of their issuer: nothing is believed but what the issuer's key signed.
#![no_main]

use std::sync::Arc;

use async_trait::async_trait;
use libfuzzer_sys::fuzz_target;
use sigstead_fuzz::parts;
use sigstead_identity::{
    DocumentRequest, Fetch, FetchError, IssuerConfig, IssuerType, Issuers, IssuersConfig,
};
use time::OffsetDateTime;

fuzz_target!(|data: &[u8]| {
    let [kind, token, keys, discovery] = parts(data)[..] else {
        return;
    };
    let Ok(token) = std::str::from_utf8(token) else {
        return;
    };
    let kind = KINDS[usize::from(kind.first().copied().unwrap_or(0)) % KINDS.len()];
    let issuers = issuers(
        kind,
        Documents {
            discovery: discovery.to_vec(),
            keys: keys.to_vec(),
        },
    );
    // Keys are fetched beside the token. Waiting takes no time, because nothing else happens in this runtime.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("there is memory");
    let now = OffsetDateTime::from_unix_timestamp(1_700_000_000).expect("it is a time");
    if let Ok(principal) = runtime.block_on(issuers.verify(token, now)) {
        assert!(token.len() <= sigstead_identity::MAX_TOKEN_BYTES);
        assert!(!principal.name().is_empty() && !principal.subject().is_empty());
        assert!(!principal.issuer().is_empty());
        // An unsigned token is no token.
        let unsigned = token
            .rsplit_once('.')
            .map(|(signed, _)| format!("{signed}.AA"));
        let is_refused = |text: String| runtime.block_on(issuers.verify(&text, now)).is_err();
        assert!(unsigned.is_some_and(is_refused));
    }
});

fn issuers(kind: IssuerType, documents: Documents) -> Issuers {
    let mut issuer = IssuerConfig::new(ISSUER, "sigstore", kind);
    issuer.subject_domain = "https://example.com".to_owned();
    issuer.spiffe_trust_domain = "example.com".to_owned();
    if kind == IssuerType::Username {
        issuer.subject_domain = "example.com".to_owned();
    }
    Issuers::new(
        IssuersConfig::default().with_issuer(issuer),
        Arc::new(documents),
    )
    .expect("there is no template")
}

struct Documents {
    discovery: Vec<u8>,
    keys: Vec<u8>,
}

#[async_trait]
impl Fetch for Documents {
    async fn fetch(&self, request: DocumentRequest<'_>) -> Result<Vec<u8>, FetchError> {
        let is_discovery = request.url.path().ends_with("/openid-configuration");
        Ok(if is_discovery {
            self.discovery.clone()
        } else {
            self.keys.clone()
        })
    }
}

const ISSUER: &str = "https://issuer.example.com";
/// The kinds with rules of their own; `template` has the other one.
const KINDS: [IssuerType; 10] = [
    IssuerType::Email,
    IssuerType::Uri,
    IssuerType::Username,
    IssuerType::Spiffe,
    IssuerType::Kubernetes,
    IssuerType::GithubWorkflow,
    IssuerType::GitlabPipeline,
    IssuerType::BuildkiteJob,
    IssuerType::CodefreshWorkflow,
    IssuerType::ChainguardIdentity,
];
