//! Trust documents, TUF metadata, bundles, and all of them as messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use serde_json::json;
use sigstead_entry::Verifier;
use sigstead_fuzz::join;
use sigstead_key::HashAlgorithm;
use sigstead_merkle::{LeafHash, NodeHash, TreeHead};
use sigstead_proto::json::{Unknown, decode, encode};
use sigstead_trust_root::tuf::{Root, Signed, Snapshot, Targets, Timestamp, TufKey};
use sigstead_trust_root::{
    AuthorityChains, AuthorityState, BrowserIssuers, LogFace, LogState, ServiceState, TimeRange,
    TrustState,
};
use sigstead_tsp::TimeStampReq;
use time::Duration;

use crate::documents::{ARTIFACT, verified};
use crate::world::{World, now, sign};
use crate::{Seed, logs, pki, test_data, with_miss};

pub(crate) fn seeds(world: &World) -> Vec<Seed> {
    let [root, config] = trust_documents(world);
    let bundle = bundle(world);
    let mut seeds = [metadata(world), wire(&bundle, &root, &config)].concat();
    seeds.extend(with_miss("trust_documents", "root", &root));
    seeds.extend(with_miss("trust_documents", "config", &config));
    seeds.push(Seed::new(
        "trust_documents",
        "public-good",
        test_data("verify/testdata/sigstore-go/public-good.json"),
    ));
    let policy = b"alice@example.com\nhttps://issuer.example.com";
    seeds.extend(with_miss(
        "bundle",
        "own",
        join(&[&bundle, &root, ARTIFACT, policy]),
    ));
    seeds.push(Seed::new(
        "bundle",
        "own-other-artifact",
        join(&[&bundle, &root, b"other", policy]),
    ));
    for (name, file, root) in [
        (
            "provenance",
            "sigstore-go/provenance.sigstore.json",
            "sigstore-go/public-good.json",
        ),
        (
            "other-name",
            "sigstore-go/othername.sigstore.json",
            "sigstore-go/scaffolding.json",
        ),
        (
            "two-signatures",
            "sigstore-go/dsse-2sigs.sigstore.json",
            "sigstore-go/public-good.json",
        ),
        (
            "conformance",
            "sigstore-conformance/bundle.sigstore.json",
            "sigstore-conformance/trusted_root.json",
        ),
    ] {
        let [file, root] = [file, root].map(|name| test_data(&format!("verify/testdata/{name}")));
        let policy = test_data("verify/testdata/sigstore-conformance/key.pub");
        seeds.push(Seed::new(
            "bundle",
            name,
            join(&[&file, &root, b"artifact", &policy]),
        ));
    }
    seeds
}

fn state(world: &World) -> TrustState {
    let valid_for = TimeRange::since(now() - Duration::DAY);
    let authority = |url: &str, leaf: &crate::world::Party| AuthorityState {
        url: url.to_owned(),
        chain: [leaf, &world.root]
            .map(|party| party.certificate.to_der().into())
            .into(),
        valid_for,
        in_service: true,
    };
    let public_key = world.log.public_key();
    let log = |face, host: &str| LogState {
        face,
        base_url: format!("https://{host}"),
        url: format!("https://{host}"),
        public_key: public_key.spki_der().into(),
        log_id: public_key.log_id().as_bytes().as_slice().into(),
        valid_for,
        in_service: true,
        offered: None,
    };
    let issuer = ServiceState {
        url: "https://issuer.example.com".to_owned(),
        valid_for,
        in_service: true,
        operator: None,
    };
    TrustState {
        operator: "example".to_owned(),
        certificate_authorities: AuthorityChains::new(vec![authority(
            "https://ca.example.com",
            &world.ca,
        )]),
        timestamp_authorities: AuthorityChains::new(vec![authority(
            "https://tsa.example.com",
            &world.tsa,
        )]),
        certificate_logs: vec![log(LogFace::CertificateTransparency, "ct.example.com")],
        signature_logs: vec![log(LogFace::RekorV2, LOG)],
        issuers: BrowserIssuers::new(vec![issuer]),
    }
}

fn trust_documents(world: &World) -> [Vec<u8>; 2] {
    let state = state(world);
    [
        state.trusted_root().expect("a state").encode(),
        state.signing_config().encode(),
    ]
}

fn metadata(world: &World) -> Vec<Seed> {
    let key = TufKey::new(world.log.public_key()).expect("a key that clients know");
    let expires = now() + Duration::DAY;
    let mut root = Root::new(1, expires);
    for role in ["root", "targets", "snapshot", "timestamp"] {
        root = root.with_role(role, std::slice::from_ref(&key), 1);
    }
    let files = state(world).targets().expect("a state");
    let snapshot = Snapshot::new(1, expires, 1);
    let timestamp = Timestamp::new(1, expires, &snapshot, b"snapshot");
    let mut root = Signed::unsigned(root);
    let signature = sign(&world.log, &root.bytes_to_sign().expect("it has a form"));
    root.add_signature(&key, &signature);
    [
        ("root", root.encode()),
        (
            "targets",
            Signed::unsigned(Targets::new(1, expires, &files)).encode(),
        ),
        ("snapshot", Signed::unsigned(snapshot).encode()),
        ("timestamp", Signed::unsigned(timestamp).encode()),
    ]
    .iter()
    .flat_map(|(name, bytes)| with_miss("tuf_metadata", name, bytes))
    .collect()
}

/// A bundle that verifies: certificate, entry of version 2, timestamp.
fn bundle(world: &World) -> Vec<u8> {
    let (_, _, leaf) = pki::logged(world);
    let signature = sign(&world.holder, ARTIFACT);
    let entry = verified(&signature, Verifier::Certificate(leaf.to_der().to_vec()));
    let root = NodeHash::from(LeafHash::of(entry.canonical_body())).into();
    let request = TimeStampReq::new(
        HashAlgorithm::Sha256,
        &HashAlgorithm::Sha256.digest(&signature),
    );
    let response = pki::stamp(world, &request.expect("a digest of the hash"));
    let base64 = |bytes: &[u8]| STANDARD.encode(bytes);
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": base64(leaf.to_der())},
            "tlogEntries": [{
                "logIndex": "0",
                "logId": {"keyId": base64(world.log.public_key().log_id().as_bytes())},
                "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
                "inclusionProof": {
                    "logIndex": "0", "rootHash": base64(entry.leaf_hash().as_bytes()), "treeSize": "1",
                    "checkpoint": {"envelope": logs::checkpoint(world, LOG, TreeHead { size: 1, root })},
                },
                "canonicalizedBody": base64(entry.canonical_body()),
            }],
            "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": base64(&response)}]},
        },
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": base64(&HashAlgorithm::Sha256.digest(ARTIFACT))},
            "signature": base64(&signature),
        },
    });
    let text = bundle.to_string().into_bytes();
    let parsed = sigstead_verify::Bundle::parse(&text).expect("it is a bundle");
    let root = state(world).trusted_root().expect("a state");
    let policy =
        sigstead_verify::Policy::identity("alice@example.com", "https://issuer.example.com");
    let accepted = sigstead_verify::Verifier::new(root).verify(
        &parsed,
        sigstead_verify::Artifact::Bytes(ARTIFACT),
        &policy,
    );
    accepted.expect("the seed is one that verifies");
    text
}

/// A message of each kind, by the place of the kind in the target.
fn wire(bundle: &[u8], root: &[u8], config: &[u8]) -> Vec<Seed> {
    let with_kind = |kind: u8, json: &[u8]| [&[kind], json].concat();
    let signing = json!({
        "credentials": {"oidcIdentityToken": "a.b.c"},
        "publicKeyRequest": {"publicKey": {"algorithm": "ECDSA", "content": "pem"}, "proofOfPossession": "AA=="},
    });
    let message = decode::<sigstead_proto::trustroot::v1::TrustedRoot>(root, Unknown::Refuse)
        .expect("a root");
    let user = json!({"email": "alice@example.com"}).to_string();
    let mut seeds = vec![
        Seed::new(
            "wire_json",
            "fulcio-request",
            with_kind(7, signing.to_string().as_bytes()),
        ),
        Seed::new(
            "wire_json",
            "chain",
            with_kind(9, json!({"chain": ["AA=="]}).to_string().as_bytes()),
        ),
        Seed::new("wire_json", "user", with_kind(11, user.as_bytes())),
        Seed::new(
            "wire_json",
            "root-binary",
            with_kind(4, &message.encode_to_vec()),
        ),
        Seed::new(
            "wire_json",
            "root-encoded",
            with_kind(4, encode(&message).as_bytes()),
        ),
    ];
    for (kind, name, json) in [
        (3, "bundle", bundle),
        (4, "root", root),
        (5, "config", config),
    ] {
        seeds.extend(with_miss("wire_json", name, with_kind(kind, json)));
    }
    seeds
}

const LOG: &str = "rekor.example.com";
