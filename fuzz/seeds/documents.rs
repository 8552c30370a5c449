//! JSON, YAML and protobuf of requests and configuration: entries of both versions, tokens, the file of issuers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use prost::Message as _;
use serde_json::{Value, json};
use sigstead_entry::{ProposedEntry, VerifiedEntry, Verifier};
use sigstead_fuzz::join;
use sigstead_key::{Algorithm, HashAlgorithm};
use sigstead_proto::json::{Unknown, decode};

use crate::world::{World, key, now, sign};
use crate::{Seed, pki, with_miss};

pub(crate) fn seeds(world: &World) -> Vec<Seed> {
    [
        entries(world),
        entries_of_version_1(world),
        configs(),
        templates(),
        tokens(),
    ]
    .concat()
}

/// An entry of the log of version 2 for a signature with the holder's key.
pub(crate) fn verified(signature: &[u8], verifier: Verifier) -> VerifiedEntry {
    let proposed = ProposedEntry {
        digest: HashAlgorithm::Sha256.digest(ARTIFACT),
        signature: signature.to_vec(),
        verifier,
        algorithm: Algorithm::EcdsaP256Sha256,
    };
    proposed.verify().expect("it was signed")
}

fn entries(world: &World) -> Vec<Seed> {
    let signature = sign(&world.holder, ARTIFACT);
    let key = world.holder.public_key().spki_der();
    let leaf = pki::leaf(world, crate::world::email());
    let by_key = verified(&signature, Verifier::PublicKey(key.to_vec()));
    let by_leaf = verified(&signature, Verifier::Certificate(leaf.to_der().to_vec()));
    let mut seeds = with_miss("entry_body", "key", by_key.canonical_body());
    seeds.extend(with_miss(
        "entry_body",
        "certificate",
        by_leaf.canonical_body(),
    ));
    let verifier = json!({
        "publicKey": {"rawBytes": STANDARD.encode(key)}, "keyDetails": "PKIX_ECDSA_P256_SHA_256",
    });
    let digest = STANDARD.encode(HashAlgorithm::Sha256.digest(ARTIFACT));
    let hashed_rekord = json!({"hashedRekordRequestV002": {
        "digest": digest,
        "signature": {"content": STANDARD.encode(&signature), "verifier": verifier},
    }});
    let payload_type = "application/vnd.in-toto+json";
    let signature = sign(&world.holder, &sigstead_entry::pae(payload_type, b"{}"));
    let dsse = json!({"dsseRequestV002": {
        "envelope": {
            "payload": STANDARD.encode(b"{}"), "payloadType": payload_type,
            "signatures": [{"sig": STANDARD.encode(signature)}],
        },
        "verifiers": [verifier],
    }});
    for (name, request) in [("hashed-rekord", hashed_rekord), ("dsse", dsse)] {
        let text = request.to_string();
        let message = decode::<sigstead_proto::rekor::v2::CreateEntryRequest>(
            text.as_bytes(),
            Unknown::Refuse,
        );
        seeds.push(Seed::new(
            "wire_json",
            format!("create-{name}"),
            format!("\0{text}"),
        ));
        seeds.extend(with_miss("entry_request", name, text));
        let binary = message.expect("a request").encode_to_vec();
        seeds.push(Seed::new("entry_request", format!("{name}-binary"), binary));
    }
    seeds
}

fn entries_of_version_1(world: &World) -> Vec<Seed> {
    let pem = STANDARD.encode(world.holder.public_key().to_pem());
    let digest: String = HashAlgorithm::Sha256
        .digest(ARTIFACT)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let hashed_rekord = json!({"kind": "hashedrekord", "apiVersion": "0.0.1", "spec": {
        "data": {"hash": {"algorithm": "sha256", "value": digest}},
        "signature": {
            "content": STANDARD.encode(sign(&world.holder, ARTIFACT)),
            "publicKey": {"content": pem},
        },
    }});
    let payload_type = "application/vnd.in-toto+json";
    let payload = json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/a",
        "subject": [{"name": "a", "digest": {"sha256": digest}}], "predicate": {},
    });
    let payload = payload.to_string().into_bytes();
    let signature = sign(&world.holder, &sigstead_entry::pae(payload_type, &payload));
    let envelope = json!({
        "payload": STANDARD.encode(&payload), "payloadType": payload_type,
        "signatures": [{"sig": STANDARD.encode(signature), "keyid": ""}],
    });
    let dsse = json!({"kind": "dsse", "apiVersion": "0.0.1", "spec": {
        "proposedContent": {"envelope": envelope.to_string(), "verifiers": [pem]},
    }});
    let intoto = json!({"kind": "intoto", "apiVersion": "0.0.1", "spec": {
        "content": {"envelope": envelope.to_string()}, "publicKey": pem,
    }});
    let query = json!({
        "email": "alice@example.com", "hash": format!("sha256:{digest}"), "operator": "and",
        "publicKey": {"format": "x509", "content": pem},
    });
    let mut seeds = vec![
        Seed::new("entry_v1", "id", format!("{:016x}{digest}", 7)),
        Seed::new("entry_v1", "tree", "1193050959916656506"),
    ];
    for (name, document) in [
        ("hashedrekord", hashed_rekord),
        ("dsse", dsse),
        ("intoto", intoto),
        ("query", query),
    ] {
        let text = document.to_string();
        if name != "query" {
            let proposed =
                sigstead_entry::v1::ProposedEntry::from_json(text.as_bytes()).expect("a proposal");
            let verified = proposed.verify().expect("it was signed");
            seeds.push(Seed::new(
                "entry_v1",
                format!("{name}-body"),
                verified.canonical_body(),
            ));
        }
        seeds.extend(with_miss("entry_v1", name, text));
    }
    seeds
}

fn configs() -> Vec<Seed> {
    let full = r#"define:
  - &ci "some-ci"
oidc-issuers:
  https://accounts.example.com:
    issuer-url: https://accounts.example.com
    client-id: sigstore
    type: email
    issuer-claim: $.federated_claims.connector_id
    contact: someone@example.com
  https://ci.example.com:
    issuer-url: https://ci.example.com
    client-id: sigstore
    type: ci-provider
    ci-provider: *ci
  https://people.example.com:
    client-id: sigstore
    type: username
    subject-domain: example.com
meta-issuers:
  https://oidc.*.example.com/id/*:
    client-id: sigstore
    type: kubernetes
ci-issuer-metadata:
  *ci:
    default-template-values: {url: "https://ci.example.com"}
    extension-templates:
      source-repository-ref: refs/{{if eq .ref_type "branch"}}heads/{{ else }}tags/{{end}}{{ .ref }}
    subject-alternative-name-template: "{{ .url }}/{{ .ref }}"
"#;
    let json = r#"{"OIDCIssuers": {"https://a.example.com": {"IssuerURL": "https://a.example.com",
        "ClientID": "sigstore", "Type": "spiffe", "SPIFFETrustDomain": "example.com"}}}"#;
    let nested = format!("define: {}{}", "[".repeat(200), "]".repeat(200));
    let aliases = "define: [&a [x, x, x], &b [*a, *a, *a], &c [*b, *b, *b], [*c, *c, *c]]\n";
    let mut seeds = with_miss("issuers_config", "full", full);
    seeds.extend(with_miss("issuers_config", "json", json));
    seeds.push(Seed::new("issuers_config", "nested", nested));
    seeds.push(Seed::new("issuers_config", "aliases", aliases));
    seeds
}

/// Templates with claims that they are for.
fn templates() -> Vec<Seed> {
    let claims = json!({
        "iss": "https://ci.example.com", "sub": "1", "url": "https://ci.example.com", "ref": "fix#1",
        "ref_type": "branch", "ci.example.com/id": 7, "rerun": false, "name": "https://ci.example.com/1",
    });
    let claims = claims.to_string();
    let mut seeds = Vec::new();
    for (name, template) in [
        ("claim", "name"),
        (
            "branch",
            "{{.url}}/refs/{{if eq .ref_type \"branch\" `tag`}}heads/{{else if .none}}x{{ else }}tags/{{end}}{{ .ref }}",
        ),
        (
            "functions",
            "{{/* a */}}{{- or (index . \"none\") (printf \"%s/%s\" .url .ref) -}} /{{and .ref (index . \"ci.example.com/id\")}}{{if .rerun | ne \"false\" | not}}{{1}}{{end}}",
        ),
    ] {
        let parts = join(&[template.as_bytes(), claims.as_bytes()]);
        seeds.extend(with_miss("template", name, parts));
    }
    seeds
}

/// Tokens for issuers of each kind, by the place of the kind in the target.
fn tokens() -> Vec<Seed> {
    let signer = key(Algorithm::Ed25519);
    let x = URL_SAFE_NO_PAD.encode(signer.public_key().raw_ed25519().expect("it is such a key"));
    let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": x}]}).to_string();
    let issuer = "https://issuer.example.com";
    let discovery = json!({
        "issuer": issuer, "jwks_uri": "https://issuer.example.com/keys",
        "id_token_signing_alg_values_supported": ["EdDSA"],
    });
    let discovery = discovery.to_string();
    let now = now().unix_timestamp();
    let mut seeds = Vec::new();
    for (kind, name, own) in [
        (
            0_u8,
            "email",
            json!({"sub": "1", "email": "alice@example.com", "email_verified": true}),
        ),
        (1, "uri", json!({"sub": "https://example.com/alice"})),
        (2, "username", json!({"sub": "alice"})),
        (3, "spiffe", json!({"sub": "spiffe://example.com/alice"})),
        (
            4,
            "kubernetes",
            json!({
                "sub": "system:serviceaccount:default:web",
                "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "web"}},
            }),
        ),
        (
            7,
            "buildkite",
            json!({"sub": "1", "organization_slug": "acme", "pipeline_slug": "app"}),
        ),
        (
            8,
            "codefresh",
            json!({
                "sub": "1", "account_id": "1", "account_name": "acme", "pipeline_id": "2",
                "pipeline_name": "web/build", "workflow_id": "3",
            }),
        ),
        (9, "chainguard", json!({"sub": "1/2", "act": {"iss": "a"}})),
    ] {
        let mut claims = json!({"iss": issuer, "aud": "sigstore", "iat": now, "exp": now + 60});
        let merged = claims.as_object_mut().expect("an object");
        merged.extend(own.as_object().cloned().expect("an object"));
        let header = json!({"alg": "EdDSA", "kid": "1"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&header), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(sign(&signer, input.as_bytes()));
        let token = format!("{input}.{signature}");
        let parts = join(&[
            &[kind],
            token.as_bytes(),
            keys.as_bytes(),
            discovery.as_bytes(),
        ]);
        seeds.extend(with_miss("identity_token", name, parts));
    }
    seeds
}

/// What the holder signs.
pub(crate) const ARTIFACT: &[u8] = b"the artifact";
