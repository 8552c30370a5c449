use super::*;
use crate::ConfigFault;
use crate::claims::path::PathFault;

/// The file that Fulcio ships; the folder says which.
const SHIPPED: &str = include_str!("../../testdata/fulcio/config.yaml");

/// The constructs of the file that Fulcio ships: anchors under `define`, aliases as values and as
/// keys, a template with quotes, meta-issuers without URL.
const YAML: &str = r#"
define:
  - &ci "some-ci"
oidc-issuers:
  https://accounts.example.com:
    issuer-url: https://accounts.example.com
    client-id: sigstore
    type: email
    issuer-claim: $.federated_claims.connector_id
    contact: someone@example.com
    description: "People"
  https://ci.example.com:
    issuer-url: https://ci.example.com
    client-id: sigstore
    type: ci-provider
    ci-provider: *ci
meta-issuers:
  https://oidc.*.example.com/id/*:
    client-id: sigstore
    type: kubernetes
ci-issuer-metadata:
  *ci:
    default-template-values:
      url: "https://ci.example.com"
      environment: ""
    extension-templates:
      github-workflow-sha: "sha"
      source-repository-ref: refs/{{if eq .ref_type "branch"}}heads/{{ else }}tags/{{end}}{{ .ref }}
      build-config-uri: '{{.url}}/{{(index . "example.com/id")}}/config'
    subject-alternative-name-template: "{{ .url }}/{{ .ref }}"
"#;

#[test]
fn reads_the_constructs_of_fulcios_own_yaml() {
    let config = IssuersConfig::parse(YAML).unwrap();
    assert_eq!(
        config.issuers["https://ci.example.com"].ci_provider,
        "some-ci"
    );
    assert_eq!(
        config.issuers["https://accounts.example.com"].kind,
        IssuerType::Email
    );
    assert_eq!(
        config.meta_issuers["https://oidc.*.example.com/id/*"].kind,
        IssuerType::Kubernetes
    );
    let metadata = &config.ci_issuer_metadata["some-ci"];
    assert_eq!(metadata.extension_templates["github-workflow-sha"], "sha");
    assert_eq!(
        metadata.subject_alternative_name_template,
        "{{ .url }}/{{ .ref }}"
    );
}

#[test]
fn reads_the_json_spelling() {
    let json = r#"{
	"OIDCIssuers": {
		"https://accounts.example.com": {
			"IssuerURL": "https://accounts.example.com", "ClientID": "sigstore", "Type": "username",
			"SubjectDomain": "example.com", "SkipEmailVerification": true
		}
	},
	"MetaIssuers": {"https://*.example.com": {"ClientID": "sigstore", "Type": "email"}}
}"#;
    let config = IssuersConfig::parse(json).unwrap();
    let issuer = &config.issuers["https://accounts.example.com"];
    assert_eq!(
        (issuer.kind, issuer.subject_domain.as_str()),
        (IssuerType::Username, "example.com")
    );
    assert!(issuer.skip_email_verification);
    assert!(config.meta_issuers.contains_key("https://*.example.com"));
}

#[test]
fn what_is_written_is_read_back() {
    let config = IssuersConfig::parse(YAML).unwrap();
    assert_eq!(
        IssuersConfig::parse(&config.to_yaml().unwrap()).unwrap(),
        config
    );
}

#[test]
fn loads_the_file_that_fulcio_ships() {
    let config = IssuersConfig::parse(SHIPPED).unwrap();
    assert_eq!(config.issuers.len(), 22);
    assert_eq!(config.meta_issuers.len(), 9);
    assert_eq!(config.ci_issuer_metadata.len(), 6);
    let overridable: Vec<(String, String)> = config
        .warnings()
        .into_iter()
        .map(|warning| match warning {
            ConfigWarning::DefaultOverridable { provider, name } => (provider, name),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        overridable,
        [
            ("buildkite-job", "url"),
            ("circleci-job", "api_url"),
            ("github-workflow", "url"),
            ("gitlab-pipeline", "url"),
        ]
        .map(|(provider, name)| (provider.to_owned(), name.to_owned()))
    );
    assert_eq!(
        IssuersConfig::parse(&config.to_yaml().unwrap()).unwrap(),
        config
    );
}

/// The first byte tells nothing: this is YAML, and JSON may have tabs where YAML may not.
#[test]
fn reads_both_formats_whatever_they_begin_with() {
    for text in [
        "{oidc-issuers: {'https://a.example.com': {client-id: s, type: email}}}",
        "\n# comment\n{\"oidc-issuers\": {https://a.example.com: {client-id: s, type: email}}}",
        "{\n\t\"OIDCIssuers\": {\"https://a.example.com\": {\"ClientID\": \"s\", \"Type\": \"email\"}}}",
        "---\noidc-issuers:\n  https://a.example.com:\n    ClientID: s\n    type: email\n",
    ] {
        let config = IssuersConfig::parse(text).unwrap();
        assert_eq!(
            config.issuers["https://a.example.com"].client_id, "s",
            "{text}"
        );
        assert_eq!(config.warnings(), []);
    }
}

#[test]
fn merges_what_anchors_stand_for() {
    let text = "\
define:
  base: &base {client-id: sigstore, type: email, contact: a@example.com}
  more: &more {<<: *base, description: People}
oidc-issuers:
  https://a.example.com: {<<: *more, contact: b@example.com}
  https://b.example.com: {<<: [*base], odd: 1}
";
    let config = IssuersConfig::parse(text).unwrap();
    let issuer = &config.issuers["https://a.example.com"];
    assert_eq!(
        (
            issuer.client_id.as_str(),
            issuer.contact.as_str(),
            issuer.description.as_str()
        ),
        ("sigstore", "b@example.com", "People")
    );
    assert_eq!(
        config.warnings(),
        [ConfigWarning::KeyUnknown {
            key: "oidc-issuers.https://b.example.com.odd".to_owned()
        }]
    );
    let error = IssuersConfig::parse(&text.replace("type: email", "type: emial")).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        cause.contains("oidc-issuers.https://a.example.com.type") && cause.contains("`emial`"),
        "{cause}"
    );
}

#[test]
fn what_nothing_reads_is_told() {
    let text = "\
oidc-issuers:
  https://a.example.com: {client-id: s, type: email, client-ids: x}
oidc_issuers: {}
ci-issuer-metadata:
  ci:
    default-template-values: {url: https://ci.example.com, base_url: x, none: ''}
    fixed-template-values: {}
    extension-templates: {issuer: iss, Subject: sub}
    subject-alternative-name-template: '{{.url}}'
    default-values: {}
";
    let mut config = IssuersConfig::parse(text).unwrap();
    let unknown = |key: &str| ConfigWarning::KeyUnknown {
        key: key.to_owned(),
    };
    let ignored = |key: &str| ConfigWarning::TemplateIgnored {
        provider: "ci".to_owned(),
        key: key.to_owned(),
    };
    let overridable = ConfigWarning::DefaultOverridable {
        provider: "ci".to_owned(),
        name: "url".to_owned(),
    };
    let expected = [
        unknown("oidc-issuers.https://a.example.com.client-ids"),
        unknown("oidc_issuers"),
        unknown("ci-issuer-metadata.ci.default-values"),
        ignored("Subject"),
        ignored("issuer"),
    ];
    assert_eq!(config.warnings(), [&expected[..], &[overridable]].concat());
    let ci = config.ci_issuer_metadata.get_mut("ci").unwrap();
    ci.fixed_template_values = ci.default_template_values.clone();
    assert_eq!(config.warnings(), expected);
}

#[test]
fn refuses_what_cannot_be_meant_or_stands_twice() {
    let issuer = "oidc-issuers:\n  https://a.example.com:\n    client-id: sigstore\n";
    for text in [
        format!("{issuer}    type: emial\n"),
        format!("{issuer}    type: email\n    ClientID: sigstore\n"),
        format!("{issuer}    type: email\n  https://a.example.com:\n    type: email\n"),
        format!("{issuer}    type: email\noidc-issuers: {{}}\n"),
        r#"{"OIDCIssuers": {}, "OIDCIssuers": {}}"#.to_owned(),
        r#"{"OIDCIssuers": {}"#.to_owned(),
        "- a".to_owned(),
    ] {
        assert!(
            matches!(IssuersConfig::parse(&text), Err(Error::ConfigSyntax(_))),
            "{text}"
        );
    }
    let error = IssuersConfig::parse(&format!("{issuer}    type: emial\n")).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("line 4 column 11"), "{cause}");
}

#[test]
fn refuses_entries_that_contradict_themselves() {
    for (entry, expected) in [
        ("{type: email}", ConfigFault::ClientIdMissing),
        (
            "{client-id: s, type: email, issuer-url: https://b.example.com}",
            ConfigFault::UrlDiffers,
        ),
        (
            "{client-id: s, type: uri, issuer-claim: $.a}",
            ConfigFault::IssuerClaimNotEmail,
        ),
        (
            "{client-id: s, type: email, issuer-claim: connector}",
            ConfigFault::IssuerClaimInvalid(PathFault::Root),
        ),
        (
            "{client-id: s, type: uri}",
            ConfigFault::SubjectDomainMissing,
        ),
        (
            "{client-id: s, type: uri, subject-domain: example.com}",
            ConfigFault::SubjectDomainNotUrl,
        ),
        (
            "{client-id: s, type: uri, subject-domain: http://example.com}",
            ConfigFault::SubjectDomainForeign,
        ),
        (
            "{client-id: s, type: username}",
            ConfigFault::SubjectDomainMissing,
        ),
        (
            "{client-id: s, type: username, subject-domain: https://example.com}",
            ConfigFault::SubjectDomainNotHost,
        ),
        (
            "{client-id: s, type: username, subject-domain: example.org}",
            ConfigFault::SubjectDomainForeign,
        ),
        (
            "{client-id: s, type: spiffe}",
            ConfigFault::TrustDomainInvalid,
        ),
        (
            "{client-id: s, type: spiffe, spiffe-trust-domain: Example.com}",
            ConfigFault::TrustDomainInvalid,
        ),
        (
            "{client-id: s, type: spiffe, spiffe-trust-domain: 'spiffe://example.com/web'}",
            ConfigFault::TrustDomainPath,
        ),
        (
            "{client-id: s, type: email, ca-cert: nonsense}",
            ConfigFault::CaCertInvalid,
        ),
        (
            "{client-id: s, type: ci-provider, ci-provider: other}",
            ConfigFault::CiProviderUnknown,
        ),
    ] {
        let text = format!("oidc-issuers: {{'https://a.example.com': {entry}}}");
        match IssuersConfig::parse(&text) {
            Err(Error::ConfigInvalid { issuer, fault }) => {
                assert_eq!(
                    (issuer.as_str(), fault),
                    ("https://a.example.com", expected),
                    "{text}"
                );
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn refuses_meta_issuers_and_urls_that_cannot_be() {
    for (text, expected) in [
        (
            "meta-issuers: {'https://*.a.com': {client-id: s, type: spiffe}}",
            ConfigFault::MetaSpiffe,
        ),
        (
            "meta-issuers: {'https://*.a.com': {client-id: s, type: uri}}",
            ConfigFault::SubjectDomainMissing,
        ),
        (
            "oidc-issuers: {a.example.com: {client-id: s, type: email}}",
            ConfigFault::UrlInvalid,
        ),
        (
            "oidc-issuers: {'ftp://a.example.com': {client-id: s, type: email}}",
            ConfigFault::UrlInvalid,
        ),
        (
            "oidc-issuers: {'https://user@a.example.com': {client-id: s, type: email}}",
            ConfigFault::UrlParts,
        ),
        (
            "oidc-issuers: {'https://:word@a.example.com': {client-id: s, type: email}}",
            ConfigFault::UrlParts,
        ),
        (
            "oidc-issuers: {'https://a.example.com?tenant=1': {client-id: s, type: email}}",
            ConfigFault::UrlParts,
        ),
        (
            "oidc-issuers: {'https://a.example.com#1': {client-id: s, type: email}}",
            ConfigFault::UrlParts,
        ),
        (
            "oidc-issuers: {'https://a.example.com': {client-id: s, type: email, jwks-uri: 'https://u:p@a.example.com'}}",
            ConfigFault::JwksUriUser,
        ),
    ] {
        let error = IssuersConfig::parse(text).unwrap_err();
        assert!(
            matches!(error, Error::ConfigInvalid { fault, .. } if fault == expected),
            "{text}"
        );
    }
}

#[test]
fn keys_that_come_in_the_open_are_told() {
    for (url, more, told) in [
        ("http://a.example", "", Some("http://a.example")),
        ("http://a.example", ", jwks: {keys: []}", None),
        (
            "http://a.example",
            ", jwks-uri: 'https://b.example/keys'",
            None,
        ),
        (
            "https://a.example",
            ", jwks-uri: 'http://b.example/keys'",
            Some("http://b.example/keys"),
        ),
        ("https://a.example", "", None),
        ("http://localhost:8080", "", None),
    ] {
        let text = format!("oidc-issuers: {{'{url}': {{client-id: s, type: email{more}}}}}");
        let warnings = IssuersConfig::parse(&text).unwrap().warnings();
        let expected = told.map(|told| ConfigWarning::KeysInTheOpen {
            issuer: url.to_owned(),
            url: told.to_owned(),
        });
        assert_eq!(warnings, Vec::from_iter(expected), "{text}");
    }
    let text = "meta-issuers: {'http://*.example': {client-id: s, type: email}}";
    let warnings = IssuersConfig::parse(text).unwrap().warnings();
    let said = warnings[0].to_string();
    assert!(
        said.contains("whoever is on the path can put keys"),
        "{said}"
    );
}

#[test]
fn the_challenge_claim_follows_the_type_unless_it_is_written() {
    let issuer = |kind| IssuerConfig::new("https://a.example.com", "sigstore", kind);
    assert_eq!(issuer(IssuerType::Email).challenge_claim(), "email");
    assert_eq!(issuer(IssuerType::Uri).challenge_claim(), "sub");
    let written = IssuerConfig {
        challenge_claim: "upn".to_owned(),
        ..issuer(IssuerType::Uri)
    };
    assert_eq!(written.challenge_claim(), "upn");
}

#[test]
fn a_misspelled_restriction_is_refused_and_a_key_of_a_newer_fulcio_is_not() {
    let parse = |key: &str| {
        IssuersConfig::parse(&format!(
            "oidc-issuers:\n  https://i.example:\n    client-id: s\n    type: email\n    {key}: []\n"
        ))
    };
    for (key, meant) in [
        ("alow", "allow"),
        ("Allow", "allow"),
        ("allows", "allow"),
        ("denny", "deny"),
        ("allowed", "allow"),
        ("allow-rules", "allow"),
        ("Allow-Only-Groups", "allow"),
        ("denied", "deny"),
        ("denies", "deny"),
        ("deny-rules", "deny"),
        ("rule", "allow or deny"),
        ("rules", "allow or deny"),
        ("signing_rules", "allow or deny"),
        ("shred", "shared"),
        ("jwk", "jwks"),
        ("jwks_uri", "jwks-uri"),
        ("max-key-ages", "max-key-age"),
        ("allow-other-audience", "allow-other-audiences"),
    ] {
        let refused = parse(key).unwrap_err().to_string();
        assert!(refused.contains(key), "{refused}");
        assert!(
            refused.ends_with(&format!("meant to be {meant}")),
            "{refused}"
        );
    }
    for key in [
        "description-long",
        "desc",
        "name",
        "client-ids",
        "audiences",
        "scopes",
    ] {
        let warnings = parse(key).unwrap().warnings();
        assert_eq!(warnings.len(), 1, "{key}");
    }
}
