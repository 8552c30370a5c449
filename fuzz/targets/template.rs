//! Templates of the file of issuers over the claims of a token: what they make is a URL in ASCII, always the same one, and
//! a text without actions is the claim of its name.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sigstead_fuzz::parts;
use sigstead_identity::{CiIssuerMetadata, IssuerConfig, IssuerType, IssuersConfig};

fuzz_target!(|data: &[u8]| {
    let [template, claims] = parts(data)[..] else {
        return;
    };
    let Ok(template) = std::str::from_utf8(template) else {
        return;
    };
    let config = config(template);
    let Ok(preview) = config.preview(claims) else {
        return;
    };
    let again = config.preview(claims).expect("it was accepted before");
    assert_eq!(again, preview);
    let name = preview.san.value();
    assert!(
        name.is_ascii() && name.contains("://") && name.len() <= 2048,
        "{name}"
    );
    let text = preview
        .extensions
        .build_trigger
        .expect("a name is not empty");
    if !template.contains("{{") {
        let claims: Value =
            serde_json::from_slice(claims).expect("claims that are certified are JSON");
        if let Value::String(claim) = &claims[template] {
            assert_eq!(*claim, text);
        }
    }
});

/// Issuers whose certificates have the text as the template makes it, and the URL that it becomes.
fn config(template: &str) -> IssuersConfig {
    let mut issuer = IssuerConfig::new(ISSUER, "sigstore", IssuerType::CiProvider);
    issuer.ci_provider = "ci".to_owned();
    let mut config = IssuersConfig::default().with_issuer(issuer);
    let metadata = CiIssuerMetadata {
        extension_templates: BTreeMap::from([("build-trigger".to_owned(), template.to_owned())]),
        subject_alternative_name_template: template.to_owned(),
        ..CiIssuerMetadata::default()
    };
    config.ci_issuer_metadata.insert("ci".to_owned(), metadata);
    config
}

const ISSUER: &str = "https://ci.example.com";
