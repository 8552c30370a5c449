//! Entries and answers of Rekor v1.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigstead_merkle::NodeHash;

use crate::workload::answers::{Proven, contains, decode, list, text, verify};
use crate::workload::{SigningKey, artifact_digest, pem};

/// Unique entries of kind hashedrekord 0.0.1.
pub(crate) fn v1_entries(key: &SigningKey, count: usize) -> Result<Vec<Vec<u8>>> {
    let verifier = STANDARD.encode(pem("PUBLIC KEY", &key.spki));
    (0..count)
        .map(|number| {
            let body = json!({
                "apiVersion": "0.0.1",
                "kind": "hashedrekord",
                "spec": {
                    "data": {"hash": {"algorithm": "sha256", "value": hex(&artifact_digest(number))}},
                    "signature": {
                        "content": STANDARD.encode(key.sign(&number.to_be_bytes())?),
                        "publicKey": {"content": verifier},
                    },
                },
            });
            Ok(body.to_string().into_bytes())
        })
        .collect()
}

/// Checks the answer to the entry with a number: entry, proof, signed root, and the signed entry timestamp.
pub(crate) fn check_v1(answer: &[u8], number: usize, log: &[u8]) -> Result<()> {
    let answer: Value = serde_json::from_slice(answer)?;
    let entry = answer
        .as_object()
        .and_then(|entries| entries.values().next());
    let entry = entry.context("no entry")?;
    let body = decode(&entry["body"])?;
    ensure!(
        contains(&body, &hex(&artifact_digest(number))),
        "the entry is another one"
    );
    let proof = &entry["verification"]["inclusionProof"];
    let hashes = list(&proof["hashes"])
        .iter()
        .map(|hash| Ok(NodeHash::try_from(unhex(text(hash)?)?.as_slice())?))
        .collect::<Result<_>>()?;
    let proof = Proven {
        index: proof["logIndex"].as_u64().context("no index")?,
        size: proof["treeSize"].as_u64().context("no size")?,
        hashes,
        root: unhex(text(&proof["rootHash"])?)?,
        note: text(&proof["checkpoint"])?.to_owned(),
    };
    proof.check(&body, log)?;
    // The members in this order and without spaces are the canonical form (RFC 8785).
    let signed = format!(
        r#"{{"body":{},"integratedTime":{},"logID":{},"logIndex":{}}}"#,
        entry["body"], entry["integratedTime"], entry["logID"], entry["logIndex"]
    );
    let signature = decode(&entry["verification"]["signedEntryTimestamp"])?;
    verify(log, signed.as_bytes(), &signature)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>> {
    (0..text.len())
        .step_by(2)
        .map(|begin| {
            let digits = text.get(begin..begin + 2).context("half a byte")?;
            Ok(u8::from_str_radix(digits, 16)?)
        })
        .collect()
}
