//! Which hash functions a signature may be over, and that nothing is hashed twice.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};
use sigstead_key::{HashAlgorithm, PublicKey};
use sigstead_verify::{Artifact, Bundle, Check, Digests, Verifier};

use crate::recipe::{ARTIFACT, Case, Kind, Recipe};

/// A key and its signature over the artifact with SHA-256, which is not the hash that belongs to the key.
fn made(curve: &str) -> Option<(PublicKey, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/own");
    let read = |name: String| std::fs::read(folder.join(name)).unwrap();
    let pem = String::from_utf8(read(format!("{curve}.pub"))).unwrap();
    Some((
        PublicKey::from_pem(&pem).unwrap(),
        read(format!("{curve}-sha256.sig")),
    ))
}

fn verify_digests(case: &Case, digests: &Digests) -> Option<Check> {
    let bundle = Bundle::parse(&case.bundle.encode()).unwrap();
    let verified =
        Verifier::new(case.root.clone()).verify(&bundle, Artifact::Digests(digests), &case.policy);
    verified.err().map(|failure| failure.check())
}

#[test]
fn accepts_large_curves_with_the_hash_that_an_entry_of_rekor_1_names() {
    for curve in ["p384", "p521"] {
        for is_certified in [true, false] {
            let recipe = Recipe {
                made: made(curve),
                is_certified,
                ..Recipe::rekor1(Kind::HashedRekord1)
            };
            let case = recipe.make();
            case.verify().unwrap();
            let digest = HashAlgorithm::Sha256.digest(ARTIFACT);
            let digests = Digests::known(HashAlgorithm::Sha256, digest).unwrap();
            assert_eq!(verify_digests(&case, &digests), None, "{curve}");
        }
    }
}

#[test]
fn an_entry_of_rekor_2_leaves_no_choice_of_hash() {
    for curve in ["p384", "p521"] {
        let recipe = Recipe {
            made: made(curve),
            ..Recipe::default()
        };
        let failure = recipe.make().verify().unwrap_err();
        assert_eq!(failure.check(), Check::Signature, "{failure}");
    }
}

#[test]
fn a_digest_of_another_kind_than_the_bundle_needs_does_not_accuse_the_artifact() {
    let case = Recipe::default().make();
    let digests = Digests::known(
        HashAlgorithm::Sha512,
        HashAlgorithm::Sha512.digest(ARTIFACT),
    );
    assert_eq!(
        verify_digests(&case, &digests.unwrap()),
        Some(Check::DigestKind)
    );
}

#[test]
fn a_digest_has_the_length_of_its_hash() {
    assert_eq!(Digests::known(HashAlgorithm::Sha256, vec![0; 31]), None);
    assert_eq!(Digests::known(HashAlgorithm::Sha384, vec![0; 32]), None);
    assert!(Digests::known(HashAlgorithm::Sha512, vec![0; 64]).is_some());
}

/// Counts the bytes that are read of it.
struct Counted<'a> {
    rest: &'a [u8],
    read: &'a Cell<usize>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.rest.read(buffer)?;
        self.read.set(self.read.get() + length);
        Ok(length)
    }
}

fn subjects(count: usize) -> Value {
    let others = (1..count).map(|number| {
        let hex = |algorithm: HashAlgorithm| hex::encode(algorithm.digest(&number.to_be_bytes()));
        json!({ "digest": {
            "sha256": hex(HashAlgorithm::Sha256),
            "sha512": hex(HashAlgorithm::Sha512),
        } })
    });
    let own =
        json!({ "digest": { "sha256": hex::encode(HashAlgorithm::Sha256.digest(ARTIFACT)) } });
    others.chain([own]).collect()
}

#[test]
fn an_artifact_is_read_once_however_many_subjects_a_statement_has() {
    for count in [2, 1024] {
        let recipe = Recipe {
            subjects: Some(subjects(count)),
            ..Recipe::envelope()
        };
        let case = recipe.make();
        let bundle = Bundle::parse(&case.bundle.encode()).unwrap();
        let hashes = bundle.hashes(None).unwrap();
        let expected = BTreeSet::from([HashAlgorithm::Sha256, HashAlgorithm::Sha512]);
        assert_eq!(hashes, expected);
        let read = Cell::new(0);
        let rest = ARTIFACT;
        let digests = Digests::read(&hashes, Counted { rest, read: &read }).unwrap();
        assert_eq!(verify_digests(&case, &digests), None, "{count}");
        assert_eq!(read.get(), ARTIFACT.len());
    }
}

#[test]
fn more_subjects_than_any_client_reads_are_refused() {
    let recipe = Recipe {
        subjects: Some(subjects(1025)),
        ..Recipe::envelope()
    };
    assert_eq!(
        recipe.make().verify().unwrap_err().check(),
        Check::Statement
    );
}

#[test]
fn a_subject_without_a_digest_hides_no_other() {
    let digest = hex::encode(HashAlgorithm::Sha256.digest(ARTIFACT));
    let own = json!({ "name": "artifact", "digest": { "sha256": digest } });
    let table = [
        (json!([{ "name": "a" }, { "uri": "b" }, own]), true),
        (json!([{ "name": "a", "digest": null }, own]), true),
        (json!([{ "name": "a", "digest": {} }]), false),
        (
            json!([{ "digest": { "sha256": digest, "sha512": "00" } }]),
            false,
        ),
        (
            json!([{ "digest": { "sha1": "00", "sha256": digest } }]),
            true,
        ),
        (json!([[["artifact", { "sha256": digest }]]]), false),
        (json!([]), false),
    ];
    for (subjects, is_accepted) in table {
        let recipe = Recipe {
            subjects: Some(subjects.clone()),
            ..Recipe::envelope()
        };
        let refused = recipe.make().verify().err().map(|failure| failure.check());
        let expected = (!is_accepted).then_some(Check::Statement);
        assert_eq!(refused, expected, "{subjects}");
    }
}

#[test]
fn a_bundle_larger_than_any_is_refused_before_it_is_read() {
    let failure = Bundle::parse(&vec![b' '; (32 << 20) + 1]).unwrap_err();
    assert_eq!(failure.check(), Check::BundleJson);
    assert!(failure.to_string().contains("33554433 bytes"), "{failure}");
}
