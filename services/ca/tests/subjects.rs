//! One issuer of people and workloads.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod world;

use serde_json::{Value, json};
use sigstead_identity::{AlsoConfig, IssuerType};
use world::holder::Holder;
use world::{EMAIL, ISSUER, Setup, TestCa, TestIssuer};

const V2: &str = "/api/v2/signingCert";

#[tokio::test]
async fn people_and_workloads_of_one_issuer_get_certificates_of_their_kinds() {
    let workloads = AlsoConfig {
        kind: IssuerType::Uri,
        client_id: String::new(),
        subject_domain: ISSUER.to_owned(),
    };
    let ca = TestCa::with(Setup {
        also: vec![workloads],
        ..Setup::default()
    })
    .await;
    let workload = format!("{ISSUER}/workloads/release");
    // RFC 5280 §4.2.1.6: the tags of an e-mail address and of a URI among general names.
    for (email, name, tag) in [
        (json!(EMAIL), EMAIL, 0x81),
        (Value::Null, workload.as_str(), 0x86),
    ] {
        let mut claims = TestIssuer::claims();
        claims["sub"] = json!(workload);
        claims["email"] = email;
        let token = ca.issuer.token_of(&claims).await;
        let request = Holder::p256().request(name).await;
        let chain = ca.post(V2, Some(&token), &request).await.chain();
        let certificate = chain.first().unwrap().to_der();
        let length = u8::try_from(name.len()).unwrap();
        let san = [&[tag, length], name.as_bytes()].concat();
        assert!(certificate.windows(san.len()).any(|bytes| bytes == san));
    }
}
