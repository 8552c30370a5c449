use serde_json::{Value, json};

use super::*;

fn metadata(extensions: &[(&str, &str)]) -> CiIssuerMetadata {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    CiIssuerMetadata {
        default_template_values: [("url", "https://ci.example"), ("environment", "")]
            .iter()
            .map(owned)
            .collect(),
        extension_templates: extensions.iter().map(owned).collect(),
        subject_alternative_name_template: "{{.url}}/{{.ref}}".to_owned(),
        ..CiIssuerMetadata::default()
    }
}

fn claims(value: &Value) -> Claims {
    Claims::parse(value.to_string().as_bytes()).unwrap()
}

fn told(metadata: &CiIssuerMetadata, token: &Value) -> Vec<(&'static str, String)> {
    let provider = CiProvider::new(metadata).unwrap();
    let extensions = provider.extensions(&claims(token)).unwrap();
    extensions
        .claims()
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
}

#[test]
fn claims_override_defaults_and_nothing_overrides_what_is_fixed() {
    let mut metadata = metadata(&[("build-signer-uri", "url")]);
    let token = json!({"ref": "main", "url": "https://elsewhere.example"});
    let san = |metadata: &CiIssuerMetadata, token: &Value| {
        CiProvider::new(metadata)
            .unwrap()
            .san(&claims(token))
            .unwrap()
    };
    assert_eq!(
        san(&metadata, &json!({"ref": "main"})),
        "https://ci.example/main"
    );
    assert_eq!(san(&metadata, &token), "https://elsewhere.example/main");
    metadata
        .fixed_template_values
        .insert("url".to_owned(), "https://fixed.example".to_owned());
    assert_eq!(san(&metadata, &token), "https://fixed.example/main");
    assert_eq!(
        told(&metadata, &token),
        [("build_signer_uri", "https://fixed.example".to_owned())]
    );
}

#[test]
fn values_are_written_as_go_writes_them() {
    let metadata = metadata(&[("build-trigger", "{{.x}}")]);
    for (value, expected) in [
        (json!("a"), "a"),
        (json!(true), "true"),
        (json!(false), "false"),
        (json!(42), "42"),
        (json!(-1), "-1"),
        (json!(1.0), "1"),
        (json!(1.5), "1.5"),
        (json!(1e21), "1000000000000000000000"),
        (json!(1e-7), "0.0000001"),
        // Go has 9007199254740992.
        (json!(9_007_199_254_740_993_u64), "9007199254740993"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!(i64::MIN), "-9223372036854775808"),
    ] {
        let told = told(&metadata, &json!({ "x": value }));
        assert_eq!(told, [("build_trigger", expected.to_owned())]);
    }
}

#[test]
fn null_is_as_good_as_absent_and_lists_are_refused_where_they_are_used() {
    let provider =
        CiProvider::new(&metadata(&[("deployment-environment", "environment")])).unwrap();
    let told = |token: Value| provider.extensions(&claims(&token));
    // Empty by default, so that there is no extension.
    for token in [
        json!({}),
        json!({"environment": null}),
        json!({"environment": "", "x": []}),
    ] {
        assert_eq!(told(token).unwrap(), FulcioExtensions::default());
    }
    for (value, shown) in [(json!(["a"]), "a list"), (json!({"a": 1}), "an object")] {
        assert!(matches!(
            told(json!({"environment": value})),
            Err(Error::ClaimInvalid { claim, found, .. }) if claim == "environment" && found == shown
        ));
    }
    let missing = provider.san(&claims(&json!({"ref": null})));
    assert!(matches!(missing, Err(Error::ClaimMissing { claim }) if claim == "ref"));
}

#[test]
fn extensions_go_by_both_spellings() {
    let all: Vec<(String, String)> = FulcioExtensions::CLAIMS
        .iter()
        .map(|field| (field.replace('_', "-"), "ref".to_owned()))
        .collect();
    let texts: Vec<(&str, &str)> = all
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(told(&metadata(&texts), &json!({"ref": "x"})).len(), 20);
    for (key, field) in [
        ("BuildSignerURI", "build_signer_uri"),
        ("GithubWorkflowSHA", "github_workflow_sha"),
        (
            "SourceRepositoryVisibilityAtSigning",
            "source_repository_visibility_at_signing",
        ),
    ] {
        assert_eq!(
            told(&metadata(&[(key, "ref")]), &json!({"ref": "x"})),
            [(field, "x".to_owned())]
        );
    }
    // Both come from the token, and an empty template is none.
    let ignored = [
        ("issuer", "ref"),
        ("Subject", "{{range .}}"),
        ("build-trigger", ""),
    ];
    assert_eq!(told(&metadata(&ignored), &json!({"ref": "x"})), []);
}

#[test]
fn refuses_descriptions_that_cannot_be_followed() {
    let fault = |metadata: &CiIssuerMetadata| CiProvider::new(metadata).unwrap_err();
    let mut blank = metadata(&[]);
    assert!(CiProvider::new(&blank).is_ok());
    blank.subject_alternative_name_template = " ".to_owned();
    assert_eq!(fault(&blank), CiProviderFault::SanMissing);
    let unknown = fault(&metadata(&[("build-signer-url", "ref")]));
    let text = unknown.to_string();
    assert!(
        text.starts_with("there is no extension build-signer-url; "),
        "{text}"
    );
    assert!(
        text.contains("build-signer-uri, build-signer-digest"),
        "{text}"
    );
    assert_eq!(
        fault(&metadata(&[
            ("BuildTrigger", "ref"),
            ("build-trigger", "ref")
        ])),
        CiProviderFault::ExtensionTwice {
            key: "build-trigger".to_owned()
        }
    );
    let template = fault(&metadata(&[("build-trigger", "{{.a}}{{len .b}}")]));
    assert_eq!(
        template.to_string(),
        "build-trigger: line 1, column 9: len is not supported in templates of this file"
    );
}
