use std::collections::BTreeSet;

use serde_json::{Value, json};
use sigstead_entry::v1::{
    Error, Operator, SearchQuery, SearchTerm, VerifiedEntry, search_terms_of,
};
use sigstead_entry::{ProposedEntry as ProposedV2, Verifier};
use sigstead_key::{Algorithm, HashAlgorithm, pem};
use sigstead_x509::SubjectAlternativeName;

use crate::world::{
    EMAIL, MESSAGE, Signing, b64, canonical, dsse, envelope, envelope_signature, good_dsse,
    good_hashedrekord, good_intoto001, good_intoto002, intoto001, intoto002, p256, sha256, sign,
    spellings, verify,
};

const STATEMENT: &str = r#"{
    "_type": "https://in-toto.io/Statement/v0.1",
    "subject": [{"name": "a", "digest": {"sha256": "AA11", "gitCommit": "bb22"}}, {"name": "b"}, {"digest": null}],
    "predicate": {"materials": [{"uri": "c", "digest": {"sha1": "cc33"}}]}
}"#;

fn terms(texts: &[&str]) -> BTreeSet<SearchTerm> {
    texts.iter().copied().map(SearchTerm::new).collect()
}

fn beside(entry: &Value) -> Vec<String> {
    let verified = verify(entry).unwrap();
    verified
        .terms_beside_body()
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn query(value: &Value) -> Result<Vec<String>, Error> {
    let query = SearchQuery::from_json(&serde_json::to_vec(value).unwrap())?;
    Ok(query.terms()?.iter().map(ToString::to_string).collect())
}

fn finds(entry: &VerifiedEntry, value: &Value) -> bool {
    let found = query(value).unwrap();
    found
        .iter()
        .all(|term| entry.search_terms().contains(&SearchTerm::new(term)))
}

#[test]
fn an_entry_is_found_by_its_digest_key_names_and_issuer() {
    let alice = Signing::of_alice();
    let verified = verify(&alice.hashedrekord(&alice.leaf.to_pem())).unwrap();
    let digest = format!("sha256:{}", sha256(MESSAGE));
    let key = sha256(alice.leaf.to_pem());
    let prefixed = format!("sha256:{key}");
    let expected = terms(&[
        &digest,
        &key,
        &prefixed,
        "alice@example.com",
        "issuer:https://issuer.example",
    ]);
    assert_eq!(verified.search_terms(), expected);
    for query in [
        json!({"hash": sha256(MESSAGE)}),
        json!({"hash": digest}),
        json!({"email": EMAIL}),
        json!({"subject": EMAIL.to_uppercase()}),
        json!({"publicKey": {"format": "x509", "content": b64(alice.leaf.to_pem())}}),
    ] {
        assert!(finds(&verified, &query), "{query}");
    }
}

#[test]
fn each_kind_of_name_is_a_term() {
    let names = [
        SubjectAlternativeName::Email("A@b.example".to_owned()),
        SubjectAlternativeName::Uri("https://Host.example/Repo".to_owned()),
        SubjectAlternativeName::OtherName("User!Domain".to_owned()),
    ];
    for san in names {
        let name = SearchTerm::new(san.value());
        let signing = Signing::new(san);
        let verified = verify(&signing.hashedrekord(&signing.leaf.to_pem())).unwrap();
        assert!(verified.search_terms().contains(&name), "{name}");
    }
}

#[test]
fn hosts_are_terms_up_to_a_bound() {
    let addresses = ["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
    let signing = Signing::of_host(vec!["Host.example".to_owned()], addresses.to_vec());
    let verified = verify(&signing.hashedrekord(&signing.leaf.to_pem())).unwrap();
    let names = terms(&["host.example", "192.0.2.1", "2001:db8::1"]);
    assert!(names.is_subset(&verified.search_terms()));
    let many = (0..100).map(|each| format!("host{each}.example"));
    let signing = Signing::of_host(many.collect(), Vec::new());
    let verified = verify(&signing.hashedrekord(&signing.leaf.to_pem())).unwrap();
    // The digest, and the verifier in both forms.
    assert_eq!(verified.search_terms().len(), 64 + 3);
}

#[test]
fn entries_with_an_envelope_are_found_by_its_digests_and_those_in_it() {
    let key = p256();
    let pem = key.public_key().to_pem();
    let signature = envelope_signature(&*key, STATEMENT);
    let text = envelope(STATEMENT, &[&signature]);
    let of_payload = format!("sha256:{}", sha256(STATEMENT));
    let of_envelope = format!("sha256:{}", sha256(&text));
    let of_key = sha256(&pem);
    let prefixed = format!("sha256:{of_key}");
    let in_payload = ["sha256:aa11", "gitcommit:bb22", "sha1:cc33"];
    let common = terms(&[
        &of_payload,
        &of_key,
        &prefixed,
        in_payload[0],
        in_payload[1],
        in_payload[2],
    ]);
    let with_envelope = &common | &terms(&[&of_envelope]);
    // The newer version has only the client's word for the digest of the envelope.
    let newer = intoto002(STATEMENT, &[(&signature, &pem)], Some(&sha256(&text)));
    for (entry, expected) in [
        (dsse(&text, &[&pem]), &with_envelope),
        (intoto001(&text, &pem), &with_envelope),
        (newer, &common),
    ] {
        let verified = verify(&entry).unwrap();
        assert_eq!(verified.search_terms(), *expected, "{:?}", verified.kind());
        assert_eq!(
            beside(&entry),
            ["gitcommit:bb22", "sha1:cc33", "sha256:aa11"]
        );
    }
}

#[test]
fn payloads_that_are_no_statement_have_no_digests() {
    for payload in [
        "",
        "no json",
        "[]",
        "{}",
        r#"{"subject": 7}"#,
        r#"{"subject": [7]}"#,
        r#"{"predicate": 7}"#,
    ] {
        assert_eq!(
            beside(&good_dsse(payload)),
            Vec::<String>::new(),
            "{payload}"
        );
    }
    let foreign_predicate =
        r#"{"subject": [{"digest": {"sha256": "aa"}}], "predicate": {"materials": 7}}"#;
    assert_eq!(beside(&good_dsse(foreign_predicate)), ["sha256:aa"]);
}

#[test]
fn digests_of_a_payload_have_a_bound() {
    let long = "a".repeat(161);
    let odd = json!({"subject": [{"digest": {"sha256": long, "sha512": "", "": "aa", "a b": "aa", "é": "aa"}}]});
    assert_eq!(beside(&good_dsse(&odd.to_string())), Vec::<String>::new());
    let subjects: Vec<_> = (0..1000)
        .map(|each| json!({"digest": {"sha256": format!("{each:064}")}}))
        .collect();
    let many = json!({"subject": subjects}).to_string();
    let kept = beside(&good_dsse(&many));
    assert_eq!(kept.len(), 256);
    assert_eq!(kept.last().unwrap(), &format!("sha256:{:064}", 255));
}

#[test]
fn an_index_made_anew_finds_the_same() {
    let alice = Signing::of_alice();
    let entries = [
        good_hashedrekord(),
        alice.hashedrekord(&alice.leaf.to_pem()),
        alice.hashedrekord(&format!("{}{}", alice.leaf.to_pem(), alice.root.to_pem())),
        good_dsse(STATEMENT),
        good_intoto001(STATEMENT),
        good_intoto002(STATEMENT),
    ];
    for entry in entries {
        let verified = verify(&entry).unwrap();
        let from_body = search_terms_of(verified.canonical_body()).unwrap();
        assert!(from_body.is_subset(&verified.search_terms()));
        let beside: BTreeSet<_> = verified.terms_beside_body().into_iter().collect();
        assert!(from_body.is_disjoint(&beside));
        assert_eq!(&from_body | &beside, verified.search_terms());
    }
}

#[test]
fn entries_of_rekor_v2_are_found_in_the_same_way() {
    let alice = Signing::of_alice();
    let (leaf, spki) = (&alice.leaf, alice.key.public_key());
    let cases = [
        (
            Verifier::Certificate(leaf.to_der().to_vec()),
            leaf.to_pem(),
            vec!["alice@example.com", "issuer:https://issuer.example"],
        ),
        (
            Verifier::PublicKey(spki.spki_der().to_vec()),
            spki.to_pem(),
            Vec::new(),
        ),
    ];
    for (verifier, pem, names) in cases {
        let entry = ProposedV2 {
            digest: HashAlgorithm::Sha256.digest(MESSAGE),
            signature: sign(&*alice.key, MESSAGE),
            verifier,
            algorithm: Algorithm::EcdsaP256Sha256,
        };
        let body = entry.verify().unwrap().into_canonical_body();
        let (digest, key) = (format!("sha256:{}", sha256(MESSAGE)), sha256(pem));
        let prefixed = format!("sha256:{key}");
        let expected = &terms(&[&digest, &key, &prefixed]) | &terms(&names);
        assert_eq!(search_terms_of(&body).unwrap(), expected);
    }
}

/// The same key with its point compressed, which was taken once and is refused today.
fn compressed(spki: &[u8]) -> Vec<u8> {
    let (_, point) = spki.split_at(spki.len() - 64);
    let (x, y) = point.split_at(32);
    let head = hex::decode("3039301306072a8648ce3d020106082a8648ce3d030107032200").unwrap();
    let sign = 2 + (y[31] & 1);
    [head.as_slice(), &[sign], x].concat()
}

#[test]
fn an_entry_whose_verifier_is_refused_today_is_found_by_what_can_be_read() {
    let spki = compressed(p256().public_key().spki_der());
    let key_pem = pem::encode("PUBLIC KEY", &spki);
    let mut spec = good_hashedrekord()["spec"].clone();
    spec["signature"]["publicKey"]["content"] = b64(&key_pem).into();
    let of_v1 = canonical("hashedrekord", "0.0.1", spec);

    let certificate = b"read as a certificate once";
    let leaf_pem = pem::encode("CERTIFICATE", certificate);
    let leaf = Signing::of_alice().leaf.to_der().to_vec();
    let entry = sigstead_entry::rebuild_hashedrekord(
        &HashAlgorithm::Sha256.digest(MESSAGE),
        HashAlgorithm::Sha256,
        b"signature",
        &Verifier::Certificate(leaf.clone()),
    );
    let of_v2 = String::from_utf8(entry.unwrap()).unwrap();
    let of_v2 = of_v2.replace(&b64(leaf), &b64(certificate));

    for (body, pem) in [(of_v1, key_pem), (of_v2, leaf_pem)] {
        let key = sha256(pem);
        let expected = [
            format!("sha256:{}", sha256(MESSAGE)),
            key.clone(),
            format!("sha256:{key}"),
        ];
        let expected = expected.iter().map(|term| SearchTerm::new(term)).collect();
        assert_eq!(
            search_terms_of(body.as_bytes()).unwrap(),
            expected,
            "{body}"
        );
    }
}

#[test]
fn bodies_of_other_kinds_have_no_terms() {
    let bodies = [
        "",
        "{}",
        "[]",
        "null",
        r#"{"apiVersion":"0.0.1","kind":"dsse","spec":{}}"#,
        r#"{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{}}"#,
        r#"{"apiVersion":"0.0.1","kind":"hashedrekord","spec":null}"#,
    ];
    for body in bodies {
        assert!(
            matches!(search_terms_of(body.as_bytes()), Err(Error::NotCanonical)),
            "{body}"
        );
    }
    let foreign = r#"{"apiVersion":"0.0.1","kind":"rekord","spec":{}}"#;
    assert!(matches!(
        search_terms_of(foreign.as_bytes()),
        Err(Error::KindNotEnabled { .. })
    ));
}

#[test]
fn a_hash_is_known_by_its_length() {
    for (algorithm, digits) in [
        ("sha1", 40),
        ("sha256", 64),
        ("sha384", 96),
        ("sha512", 128),
    ] {
        let digits = "Ab".repeat(digits / 2);
        let term = format!("{algorithm}:{}", digits.to_lowercase());
        for hash in [digits.clone(), format!("{algorithm}:{digits}")] {
            assert_eq!(query(&json!({"hash": hash})).unwrap(), [term.as_str()]);
        }
        for wrong in [
            format!("md5:{digits}"),
            format!(":{digits}"),
            format!("{digits}0"),
            format!("SHA256:{digits}"),
            digits.replace('A', "g"),
        ] {
            let refused = query(&json!({"hash": wrong}));
            assert!(matches!(refused, Err(Error::QueryHash)), "{wrong}");
        }
    }
}

#[test]
fn a_key_is_found_however_its_pem_is_written() {
    let alice = Signing::of_alice();
    let expected = sha256(alice.leaf.to_pem());
    for pem in spellings("CERTIFICATE", alice.leaf.to_der()) {
        let key = json!({"format": "x509", "content": b64(pem), "url": null});
        assert_eq!(
            query(&json!({"publicKey": key})).unwrap(),
            [expected.as_str()]
        );
    }
}

#[test]
fn members_that_are_null_count_as_absent() {
    let all_null =
        json!({"email": null, "subject": null, "publicKey": null, "hash": null, "operator": null});
    assert_eq!(query(&all_null).unwrap(), Vec::<String>::new());
    assert_eq!(
        query(&json!({"email": "", "hash": "", "subject": ""})).unwrap(),
        Vec::<String>::new()
    );
}

#[test]
fn one_term_suffices_unless_all_are_asked_for() {
    for (body, operator) in [
        ("{}", Operator::Or),
        (r#"{"operator":null}"#, Operator::Or),
        (r#"{"operator":"or"}"#, Operator::Or),
        (r#"{"operator":"and"}"#, Operator::And),
    ] {
        let query = SearchQuery::from_json(body.as_bytes()).unwrap();
        assert_eq!(query.operator(), operator);
    }
    assert!(matches!(
        SearchQuery::from_json(br#"{"operator":"xor"}"#),
        Err(Error::Schema(_))
    ));
}

#[test]
fn refuses_queries_for_keys_that_it_does_not_know_or_would_have_to_fetch() {
    for format in ["pgp", "minisign", "ssh", "tuf"] {
        let refused = query(&json!({"publicKey": {"format": format, "content": "AA=="}}));
        assert!(matches!(refused, Err(Error::KeyFormatNotEnabled(name)) if name == format));
    }
    let content = b64(p256().public_key().to_pem());
    let url = json!({"format": "x509", "content": content, "url": "http://192.0.2.1/"});
    assert!(matches!(
        query(&json!({"publicKey": url})),
        Err(Error::KeyUrl)
    ));
    assert!(matches!(
        query(&json!({"publicKey": {"format": "x509"}})),
        Err(Error::Missing(_))
    ));
    assert!(matches!(
        query(&json!({"publicKey": {"format": "x509", "content": "AA=="}})),
        Err(Error::Pem(_))
    ));
    for wrong in [
        json!({"format": "gpg"}),
        json!({"content": "AA=="}),
        json!({"format": "x509", "content": "?"}),
        json!("x509"),
    ] {
        assert!(matches!(
            query(&json!({"publicKey": wrong})),
            Err(Error::Schema(_))
        ));
    }
    let long = "a".repeat(513);
    for member in ["email", "subject"] {
        assert!(matches!(
            query(&json!({member: long})),
            Err(Error::QueryTooLong(_))
        ));
    }
}
