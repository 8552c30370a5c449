use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sigstead_checkpoint::{Origin, SignedCheckpoint};
use sigstead_key::{Algorithm, HashAlgorithm, PublicKey};
use sigstead_merkle::{InclusionProof, LeafHash, LeafIndex, NodeHash, RootHash};
use sigstead_note::VerifierKey;

use crate::world::{Answer, TestTlog, V1_HOST};

const ENTRIES: &str = "/api/v1/log/entries";

/// A `hashedrekord` over a fresh key.
pub(crate) async fn proposed(message: &[u8]) -> Value {
    let signer = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
    let digest = HashAlgorithm::Sha256.digest(message);
    json!({
        "kind": "hashedrekord",
        "apiVersion": "0.0.1",
        "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": hex::encode(digest)}},
            "signature": {
                "content": STANDARD.encode(signer.sign(message).await.unwrap()),
                "publicKey": {"content": STANDARD.encode(signer.public_key().to_pem())},
            },
        },
    })
}

/// The single entry of an answer, after checking all that a client checks: identifier, body, promise and proof.
pub(crate) async fn verified(tlog: &TestTlog, answer: &Answer) -> (String, Value) {
    let document = answer.json();
    let (id, entry) = document.as_object().unwrap().iter().next().unwrap();
    assert_eq!(document.as_object().unwrap().len(), 1);
    // sigstore-rs cuts the text after the identifier.
    assert!(
        answer.text().starts_with(&format!("{{\"{id}\":{{")),
        "{}",
        answer.text()
    );
    assert!(answer.text().ends_with("}\n"));
    let body = STANDARD.decode(entry["body"].as_str().unwrap()).unwrap();
    let leaf = LeafHash::of(&body);
    assert_eq!(id[16..], leaf.to_string());
    let tree_id = u64::from_str_radix(&id[..16], 16).unwrap();
    let key = key_of(tlog, tree_id).await;
    assert_eq!(entry["logID"], key.log_id().to_string());

    let promise = json!({
        "body": entry["body"], "integratedTime": entry["integratedTime"],
        "logID": entry["logID"], "logIndex": entry["logIndex"],
    });
    let verification = &entry["verification"];
    let signature = verification["signedEntryTimestamp"].as_str().unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    key.verify(promise.to_string().as_bytes(), &signature)
        .unwrap();

    let proof = &verification["inclusionProof"];
    let signed = SignedCheckpoint::parse(proof["checkpoint"].as_str().unwrap()).unwrap();
    let origin = Origin::parse(&format!("{V1_HOST} - {tree_id}")).unwrap();
    let named = VerifierKey::new(V1_HOST.parse().unwrap(), key);
    signed.verify(&origin, &named).unwrap();
    assert_eq!(signed.note.signatures.len(), 1);
    let root = RootHash::try_from(
        hex::decode(proof["rootHash"].as_str().unwrap())
            .unwrap()
            .as_slice(),
    )
    .unwrap();
    let hashes = proof["hashes"].as_array().unwrap().iter();
    let inclusion = InclusionProof {
        leaf_index: LeafIndex::new(proof["logIndex"].as_u64().unwrap()),
        tree_size: proof["treeSize"].as_u64().unwrap(),
        hashes: hashes
            .map(|hash| {
                NodeHash::try_from(hex::decode(hash.as_str().unwrap()).unwrap().as_slice()).unwrap()
            })
            .collect(),
    };
    inclusion.verify(&leaf, &root).unwrap();
    assert_eq!(signed.checkpoint.head.root, root);
    assert_eq!(signed.checkpoint.head.size, inclusion.tree_size);
    (id.clone(), entry.clone())
}

async fn key_of(tlog: &TestTlog, tree_id: u64) -> PublicKey {
    let answer = tlog
        .get(&format!("/api/v1/log/publicKey?treeID={tree_id}"))
        .await;
    assert_eq!(answer.header("content-type"), "application/x-pem-file");
    PublicKey::from_pem(&answer.text()).unwrap()
}

#[tokio::test]
async fn an_entry_is_answered_with_its_promise_and_proof_and_found_again() {
    let tlog = TestTlog::of_rekor_v1().await;
    let mut ids = Vec::new();
    for number in 0..3_u64 {
        let proposed = proposed(&number.to_be_bytes()).await;
        let answer = tlog.post_v1(ENTRIES, proposed.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        let (id, entry) = verified(&tlog, &answer).await;
        assert_eq!(entry["logIndex"], number);
        assert_eq!(answer.header("location"), format!("{ENTRIES}/{id}"));
        assert_eq!(answer.header("etag"), id);
        ids.push(id);
    }
    for (number, id) in ids.iter().enumerate() {
        for path in [
            format!("{ENTRIES}/{id}"),
            format!("{ENTRIES}/{}", &id[16..]),
            format!("{ENTRIES}?logIndex={number}"),
        ] {
            let answer = tlog.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
            assert!(answer.header("cache-control").contains("no-cache"));
            assert_eq!(&verified(&tlog, &answer).await.0, id);
        }
    }
}

#[tokio::test]
async fn an_entry_that_is_there_is_refused_with_its_place() {
    let tlog = TestTlog::of_rekor_v1().await;
    let proposed = proposed(b"twice").await.to_string();
    let first = tlog.post_v1(ENTRIES, proposed.clone()).await;
    let again = tlog.post_v1(ENTRIES, proposed).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let id = first.header("etag");
    assert_eq!(again.header("location"), format!("{ENTRIES}/{id}"));
    assert_eq!(again.json()["code"], 409);
    let message = again.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&format!(
        "an equivalent entry already exists in the transparency log with UUID {id}"
    )));
    let stored = tlog.get(again.header("location")).await;
    assert_eq!(verified(&tlog, &stored).await.1["logIndex"], 0);
}

#[tokio::test]
async fn the_time_of_an_entry_never_changes() {
    let tlog = TestTlog::of_rekor_v1().await;
    let answer = tlog
        .post_v1(ENTRIES, proposed(b"timed").await.to_string())
        .await;
    let (id, entry) = verified(&tlog, &answer).await;
    for _ in 0..3 {
        let read = tlog.get(&format!("{ENTRIES}/{id}")).await;
        let (_, read) = verified(&tlog, &read).await;
        assert_eq!(read["integratedTime"], entry["integratedTime"]);
    }
}

#[tokio::test]
async fn several_entries_are_retrieved_at_once() {
    let tlog = TestTlog::of_rekor_v1().await;
    let (one, two) = (proposed(b"one").await, proposed(b"two").await);
    let id = tlog
        .post_v1(ENTRIES, one.to_string())
        .await
        .header("etag")
        .to_owned();
    tlog.post_v1(ENTRIES, two.to_string()).await;
    let absent = "ab".repeat(32);
    let asked = json!({
        "entryUUIDs": [id, absent], "logIndexes": [1, 99], "entries": [two, proposed(b"three").await],
    });
    for path in [
        "/api/v1/log/entries/retrieve",
        "/api/v1/log/entries/retrieve/",
    ] {
        let answer = tlog.post_v1(path, asked.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.json().as_array().unwrap().len(), 3);
    }
    let path = "/api/v1/log/entries/retrieve";
    let none = tlog
        .post_v1(path, json!({"logIndexes": [99]}).to_string())
        .await;
    assert_eq!(none.text(), "[]\n");
    let many = tlog
        .post_v1(path, json!({"logIndexes": vec![0; 11]}).to_string())
        .await;
    assert_eq!(many.status, StatusCode::UNPROCESSABLE_ENTITY);
    let message = many.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("more than max allowed 10 entries in request"));
}

#[tokio::test]
async fn the_log_tells_its_head_and_proves_that_it_grew() {
    let tlog = TestTlog::of_rekor_v1().await;
    for number in 0..5_u64 {
        tlog.post_v1(ENTRIES, proposed(&number.to_be_bytes()).await.to_string())
            .await;
    }
    let info = tlog.get("/api/v1/log").await.json();
    assert_eq!(
        (&info["treeSize"], &info["treeID"]),
        (&json!(5), &json!("1"))
    );
    assert_eq!(info["inactiveShards"], json!([]));
    assert!(
        info["signedTreeHead"]
            .as_str()
            .unwrap()
            .starts_with("rekor.example.com - 1\n5\n")
    );
    let proof = tlog
        .get("/api/v1/log/proof?firstSize=3&lastSize=5")
        .await
        .json();
    assert_eq!(proof["rootHash"], info["rootHash"]);
    assert!(!proof["hashes"].as_array().unwrap().is_empty());
    let same = tlog.get("/api/v1/log/proof?lastSize=1").await.json();
    assert_eq!(same["hashes"], json!([]));
}

#[tokio::test]
async fn refuses_in_the_style_of_rekor_v1() {
    let tlog = TestTlog::of_rekor_v1().await;
    tlog.post_v1(ENTRIES, proposed(b"there").await.to_string())
        .await;
    let absent = "ab".repeat(32);
    let table = [
        (
            "/api/v1/log/proof?firstSize=2&lastSize=1",
            400,
            "E-TLOG-045",
        ),
        (
            "/api/v1/log/proof?firstSize=0&lastSize=1",
            400,
            "E-TLOG-045",
        ),
        ("/api/v1/log/proof?lastSize=2", 400, "E-TLOG-045"),
        ("/api/v1/log/proof?lastSize=1&treeID=2", 400, "E-TLOG-045"),
        ("/api/v1/log/proof", 422, "E-TLOG-042"),
        ("/api/v1/log/publicKey?treeID=x", 400, "E-TLOG-045"),
        ("/api/v1/log/entries", 422, "E-TLOG-042"),
        ("/api/v1/log/entries?logIndex=-1", 422, "E-TLOG-042"),
        (
            "/api/v1/log/entries?logIndex=1&logIndex=1",
            422,
            "E-TLOG-042",
        ),
        (
            "/api/v1/log/entries?logIndex=9223372036854775808",
            422,
            "E-TLOG-042",
        ),
        ("/api/v1/log/publicKey?treeID=1&treeID=1", 422, "E-TLOG-042"),
        ("/api/v1/log/entries/abc", 422, "E-TLOG-040"),
    ];
    for (path, status, code) in table {
        let answer = tlog.get(path).await;
        assert!(!answer.text().contains("processing entry"), "{path}");
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert_eq!(answer.header("sigstead-code"), code, "{path}");
        assert_eq!(answer.json()["code"], status, "{path}");
    }
    for path in [
        format!("{ENTRIES}/{absent}"),
        format!("{ENTRIES}/{:016x}{absent}", 1),
        format!("{ENTRIES}/{:016x}{absent}", 2),
        format!("{ENTRIES}?logIndex=1"),
        "/api/v1/nothing".to_owned(),
    ] {
        let answer = tlog.get(&path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.text(), "", "{path}");
    }
}

#[tokio::test]
async fn names_the_parameter_that_is_wrong() {
    let tlog = TestTlog::of_rekor_v1().await;
    for (query, parameter) in [
        ("", "lastSize"),
        ("?lastSize=-1", "lastSize"),
        ("?lastSize=0&firstSize=x", "firstSize"),
        ("?lastSize=0&treeID=1&treeID=1", "treeID"),
    ] {
        let answer = tlog.get(&format!("/api/v1/log/proof{query}")).await;
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(parameter), "{query}: {message}");
    }
    let zeros = tlog.get(&format!("{ENTRIES}/{}", "0".repeat(80))).await;
    assert!(
        zeros.text().contains("tree id is not a positive number"),
        "{}",
        zeros.text()
    );
}

#[tokio::test]
async fn takes_no_list_for_an_object() {
    let tlog = TestTlog::of_rekor_v1().await;
    let good = proposed(b"good").await;
    let as_list = |value: &Value| json!(value.as_object().unwrap().values().collect::<Vec<_>>());
    let mut spec_as_list = good.clone();
    spec_as_list["spec"] = as_list(&good["spec"]);
    for (path, body) in [
        (ENTRIES, as_list(&good)),
        (ENTRIES, spec_as_list),
        ("/api/v1/log/entries/retrieve", json!([[], [0], []])),
        (
            "/api/v1/log/entries/retrieve",
            json!({"entries": [as_list(&good)]}),
        ),
        (
            "/api/v1/index/retrieve",
            json!(["a@example.com", null, null, null, null]),
        ),
    ] {
        let answer = tlog.post_v1(path, body.to_string()).await;
        assert_eq!(answer.status, 422, "{path} {body}: {}", answer.text());
        assert!(
            answer.text().contains("expected an object"),
            "{}",
            answer.text()
        );
    }
    let wrong = tlog.post_v1("/api/v1/log/entries/retrieve", "7").await;
    assert!(!wrong.text().contains("struct"), "{}", wrong.text());
}

#[tokio::test]
async fn tells_a_browser_what_it_is() {
    let answer = TestTlog::of_rekor_v1().await.get("/").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert!(answer.text().contains("/api/v1/log"));
}

#[tokio::test]
async fn refuses_entries_that_do_not_hold() {
    let tlog = TestTlog::of_rekor_v1().await;
    let good = proposed(b"good").await;
    let mut other_digest = good.clone();
    other_digest["spec"]["data"]["hash"]["value"] = json!("00".repeat(32));
    let mut other_kind = good.clone();
    other_kind["kind"] = json!("rekord");
    let mut no_key = good.clone();
    no_key["spec"]["signature"]["publicKey"]["content"] = json!(STANDARD.encode("no pem"));
    let table = [
        (other_digest.to_string(), 400, "E-TLOG-063"),
        (other_kind.to_string(), 400, "E-TLOG-061"),
        (no_key.to_string(), 400, "E-TLOG-062"),
        (
            json!({"kind": "hashedrekord"}).to_string(),
            422,
            "E-TLOG-040",
        ),
        ("{".to_owned(), 422, "E-TLOG-040"),
        (String::new(), 422, "E-TLOG-040"),
    ];
    for (body, status, code) in table {
        let answer = tlog.post_v1(ENTRIES, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert_eq!(answer.header("sigstead-code"), code, "{body}");
        assert!(answer.text().contains("error processing entry") || code == "E-TLOG-001");
    }
    let request = Request::builder().method(Method::POST).uri(ENTRIES);
    let untyped = tlog
        .send(request.body(good.to_string().into()).unwrap())
        .await;
    assert_eq!(untyped.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(tlog.get("/api/v1/log").await.json()["treeSize"], 0);
}

#[tokio::test]
async fn answers_a_ping() {
    let tlog = TestTlog::of_rekor_v1().await;
    assert_eq!(tlog.get("/ping").await.text(), ".");
}
