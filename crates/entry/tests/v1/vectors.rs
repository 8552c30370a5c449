//! Entries of real logs: proposed again from what their bundles hold, they must give the bytes that were logged.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigstead_entry::v1::{SearchTerm, search_terms_of};
use sigstead_merkle::{InclusionProof, LeafHash, LeafIndex, NodeHash, RootHash};

use crate::world::verify;

const PROVENANCE: &str = include_str!("../../testdata/sigstore-go/provenance.sigstore.json");
const OTHER_NAME: &str = include_str!("../../testdata/sigstore-go/othername.sigstore.json");
const PUBLIC_KEY: &str = include_str!("../../testdata/sigstore-conformance/bundle.sigstore.json");

struct Logged {
    bundle: Value,
    entry: Value,
    body: Vec<u8>,
}

impl Logged {
    fn read(text: &str) -> Self {
        let bundle: Value = serde_json::from_str(text).unwrap();
        let entry = bundle["verificationMaterial"]["tlogEntries"][0].clone();
        let body = decode(&entry["canonicalizedBody"]);
        Self {
            bundle,
            entry,
            body,
        }
    }

    /// The log's own proof says that a leaf of this hash stands in it.
    fn assert_is_logged(&self, leaf: &LeafHash) {
        let proof = &self.entry["inclusionProof"];
        let number = |name: &str| -> u64 { proof[name].as_str().unwrap().parse().unwrap() };
        let hashes = proof["hashes"].as_array().into_iter().flatten();
        let hashes = hashes.map(|hash| NodeHash::try_from(decode(hash).as_slice()).unwrap());
        let root = RootHash::try_from(decode(&proof["rootHash"]).as_slice()).unwrap();
        let proof = InclusionProof {
            leaf_index: LeafIndex::new(number("logIndex")),
            tree_size: number("treeSize"),
            hashes: hashes.collect(),
        };
        proof.verify(leaf, &root).unwrap();
    }
}

fn decode(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().unwrap()).unwrap()
}

#[test]
fn a_logged_hashedrekord_gives_the_same_bytes_again() {
    let logged = Logged::read(OTHER_NAME);
    // What is proposed and what is logged have the same members.
    let verified = verify(&serde_json::from_slice(&logged.body).unwrap()).unwrap();
    assert_eq!(verified.canonical_body(), logged.body);
    logged.assert_is_logged(&verified.leaf_hash());
    let name = SearchTerm::new("foo!oidc.local");
    assert!(
        verified.search_terms().contains(&name),
        "{:?}",
        verified.search_terms()
    );
}

#[test]
fn a_logged_intoto_gives_the_same_bytes_again() {
    for text in [PROVENANCE, PUBLIC_KEY] {
        let logged = Logged::read(text);
        let mut proposal: Value = serde_json::from_slice(&logged.body).unwrap();
        let payload = logged.bundle["dsseEnvelope"]["payload"].as_str().unwrap();
        proposal["spec"]["content"]["envelope"]["payload"] = json!(STANDARD.encode(payload));
        let verified = verify(&proposal).unwrap();
        assert_eq!(verified.canonical_body(), logged.body);
        logged.assert_is_logged(&verified.leaf_hash());
        let terms = search_terms_of(&logged.body).unwrap();
        assert!(terms.is_subset(&verified.search_terms()));
    }
}

#[test]
fn the_logged_provenance_is_found_by_its_workflow_and_package() {
    let logged = Logged::read(PROVENANCE);
    let mut proposal: Value = serde_json::from_slice(&logged.body).unwrap();
    let payload = logged.bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    proposal["spec"]["content"]["envelope"]["payload"] = json!(STANDARD.encode(payload));
    let verified = verify(&proposal).unwrap();
    let issuer = SearchTerm::new("issuer:https://token.actions.githubusercontent.com");
    assert!(verified.search_terms().contains(&issuer));
    let beside = verified.terms_beside_body();
    assert!(
        beside
            .iter()
            .any(|term| term.as_str().starts_with("sha512:")),
        "{beside:?}"
    );
}

#[test]
fn the_digest_of_the_envelope_is_the_one_that_the_client_would_have_sent() {
    let logged = Logged::read(PROVENANCE);
    let mut proposal: Value = serde_json::from_slice(&logged.body).unwrap();
    let payload = logged.bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let content = &mut proposal["spec"]["content"];
    content["envelope"]["payload"] = json!(STANDARD.encode(payload));
    content.as_object_mut().unwrap().remove("hash");
    assert_eq!(verify(&proposal).unwrap().canonical_body(), logged.body);
}
