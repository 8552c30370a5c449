//! Keys that follow one another.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use http::StatusCode;
use sigstead_ca::IssuerChain;
use sigstead_key::Algorithm;
use sigstead_x509::Certificate;
use time::{Duration, OffsetDateTime};
use world::holder::Holder;
use world::{Authorities, EMAIL, Setup, TestCa};

/// Half a minute after the clock of the world begins.
fn soon() -> OffsetDateTime {
    world::now() + Duration::seconds(30)
}

async fn with_successor() -> (TestCa, IssuerChain, Holder) {
    let next = Authorities::new(Algorithm::EcdsaP256Sha256).await;
    let chain = IssuerChain::parse(&next.chain_pem()).unwrap();
    let ca = TestCa::with(Setup {
        successor: Some((soon(), chain.clone(), next.intermediate_key.clone())),
        ..Setup::default()
    })
    .await;
    (ca, chain, Holder(next.intermediate_key))
}

/// A certificate and its issuers, which are those of `chain`.
async fn assert_issued(ca: &TestCa, chain: &IssuerChain) {
    // A token lasts longer than the clock moves.
    let token = ca.issuer.token().await;
    let request = Holder::p256().request(EMAIL).await;
    let issued = ca.post("/api/v2/signingCert", Some(&token), &request);
    let issued = issued.await.chain();
    let (leaf, issuers) = issued.split_first().unwrap();
    assert_eq!(issuers, chain.certificates());
    leaf.verify_signed_by(chain.issuer()).unwrap();
    assert!(leaf.sct_list().is_ok());
    let root = ca.get("/api/v1/rootCert").await;
    let root = Certificate::chain_from_pem(root.text()).unwrap();
    assert_eq!(root, chain.certificates());
}

async fn shown(ca: &TestCa) -> Vec<Vec<Certificate>> {
    let bundle = ca.get("/api/v2/trustBundle").await.json();
    let chains = bundle["chains"].as_array().unwrap().iter();
    let certificates = |chain: &serde_json::Value| {
        let pems = chain["certificates"].as_array().unwrap().iter();
        pems.map(|pem| Certificate::from_pem(pem.as_str().unwrap()).unwrap())
            .collect()
    };
    chains.map(certificates).collect()
}

#[tokio::test]
async fn a_successor_issues_from_its_time_on_and_both_chains_are_shown() {
    let (ca, next, _) = with_successor().await;
    let first = ca.chain.clone();
    let (first_chain, next_chain) = (first.certificates(), next.certificates());
    assert_issued(&ca, &first).await;
    assert_eq!(shown(&ca).await, [first_chain, next_chain]);
    ca.clock.set(soon() - Duration::milliseconds(1));
    assert_issued(&ca, &first).await;
    ca.clock.set(soon());
    assert_issued(&ca, &next).await;
    assert_eq!(shown(&ca).await, [next_chain, first_chain]);
    // A clock that is set back finds the key of that time.
    ca.clock.set(soon() - Duration::SECOND);
    assert_issued(&ca, &first).await;
}

#[tokio::test]
async fn no_key_that_issues_or_will_is_certified() {
    let (ca, _, next) = with_successor().await;
    let token = ca.issuer.token().await;
    let request = next.request(EMAIL).await;
    let answer = ca.post("/api/v2/signingCert", Some(&token), &request).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.header("sigstead-code"), Some("E-CA-032"));
    assert!(ca.record.states().is_empty());
}
