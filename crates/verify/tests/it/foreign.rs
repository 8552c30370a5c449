//! Bundles that other implementations made, against the trusted roots of their instances (`testdata/README.md`).

use std::path::Path;

use sigstead_key::{HashAlgorithm, PublicKey};
use sigstead_trust_root::TrustedRoot;
use sigstead_verify::{
    Accepted, Artifact, Bundle, Check, Digests, Failure, Policy, TimeSource, Verifier,
};

fn read(name: &str) -> Vec<u8> {
    std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("testdata")
            .join(name),
    )
    .unwrap()
}

fn verify(
    root: &str,
    bundle: &str,
    algorithm: HashAlgorithm,
    digest: &str,
    policy: &Policy,
) -> Result<Accepted, Failure> {
    let digests = Digests::known(algorithm, hex::decode(digest).unwrap()).unwrap();
    let artifact = Artifact::Digests(&digests);
    let verifier = Verifier::new(TrustedRoot::parse(&read(root)).unwrap());
    verifier.verify(&Bundle::parse(&read(bundle))?, artifact, policy)
}

#[test]
fn accepts_an_attestation_of_the_public_instance() {
    let sha512 = concat!(
        "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1",
        "e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c"
    );
    let attempt = |identity: &str, digest: &str| {
        verify(
            "sigstore-go/public-good.json",
            "sigstore-go/provenance.sigstore.json",
            HashAlgorithm::Sha512,
            digest,
            &Policy::identity(identity, "https://token.actions.githubusercontent.com"),
        )
    };
    let workflow =
        "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main";
    let accepted = attempt(workflow, sha512).unwrap();
    assert_eq!(accepted.entries[0].log_url, "https://rekor.sigstore.dev");
    assert_eq!(accepted.times[0].source, TimeSource::Log);

    let refused = attempt(&workflow.replace("main", "other"), sha512).unwrap_err();
    assert_eq!(refused.check(), Check::Identity);
    let refused = attempt(workflow, &sha512.replace('4', "5")).unwrap_err();
    assert_eq!(refused.check(), Check::Statement);
}

#[test]
fn accepts_a_user_name_of_a_private_instance() {
    let attempt = |identity: &str| {
        verify(
            "sigstore-go/scaffolding.json",
            "sigstore-go/othername.sigstore.json",
            HashAlgorithm::Sha256,
            "bc103b4a84971ef6459b294a2b98568a2bfb72cded09d4acd1e16366a401f95b",
            &Policy::identity(identity, "http://oidc.local:8080"),
        )
    };
    attempt("foo!oidc.local").unwrap();
    assert_eq!(
        attempt("foo@oidc.local").unwrap_err().check(),
        Check::Identity
    );
}

#[test]
fn refuses_an_envelope_with_two_signatures() {
    let refused = Bundle::parse(&read("sigstore-go/dsse-2sigs.sigstore.json")).unwrap_err();
    assert_eq!(refused.check(), Check::SignatureCount);
}

#[test]
fn accepts_a_known_key_of_the_conformance_suite() {
    let pem = String::from_utf8(read("sigstore-conformance/key.pub")).unwrap();
    verify(
        "sigstore-conformance/trusted_root.json",
        "sigstore-conformance/bundle.sigstore.json",
        HashAlgorithm::Sha256,
        "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf",
        &Policy::key(PublicKey::from_pem(&pem).unwrap()),
    )
    .unwrap();
}
