//! Whether what a log answered is true: the entry is the one that was sent, and its proof leads to a signed root.

use anyhow::{Context, Result, ensure};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sigstead_merkle::{InclusionProof, LeafHash, LeafIndex, NodeHash, RootHash};

use super::entries::artifact_digest;

/// Checks an answer of Rekor v2 to the entry with a number, of a log with a P-256 key.
pub(crate) fn check_v2(answer: &[u8], number: usize, log: &[u8]) -> Result<()> {
    let entry: Value = serde_json::from_slice(answer)?;
    let body = decode(&entry["canonicalizedBody"])?;
    let digest = STANDARD.encode(artifact_digest(number));
    ensure!(contains(&body, &digest), "the entry is another one");
    let proof = &entry["inclusionProof"];
    let root = decode(&proof["rootHash"])?;
    let hashes = list(&proof["hashes"])
        .iter()
        .map(|hash| Ok(NodeHash::try_from(decode(hash)?.as_slice())?))
        .collect::<Result<_>>()?;
    let proof = Proven {
        index: integer(&proof["logIndex"])?,
        size: integer(&proof["treeSize"])?,
        hashes,
        root,
        note: text(&proof["checkpoint"]["envelope"])?.to_owned(),
    };
    proof.check(&body, log)
}

/// An inclusion proof and the checkpoint that signs its root.
pub(crate) struct Proven {
    pub(crate) index: u64,
    pub(crate) size: u64,
    pub(crate) hashes: Vec<NodeHash>,
    pub(crate) root: Vec<u8>,
    pub(crate) note: String,
}

impl Proven {
    pub(crate) fn check(self, leaf: &[u8], log: &[u8]) -> Result<()> {
        let signed = self.note.split_once("\n\n").context("no signature")?;
        let mut lines = signed.0.lines().skip(1);
        let size: u64 = lines.next().context("no size")?.parse()?;
        let root = STANDARD.decode(lines.next().context("no root")?)?;
        ensure!(
            size == self.size && root == self.root,
            "another tree is signed"
        );
        check_signature(&format!("{}\n", signed.0), signed.1, log)?;
        let proof = InclusionProof {
            leaf_index: LeafIndex::new(self.index),
            tree_size: self.size,
            hashes: self.hashes,
        };
        proof.verify(&LeafHash::of(leaf), &RootHash::try_from(root.as_slice())?)?;
        Ok(())
    }
}

/// The signature lines of a note: a dash, a name, four bytes of hint and the signature.
fn check_signature(signed: &str, signatures: &str, log: &[u8]) -> Result<()> {
    let line = signatures.lines().next().context("no signature")?;
    let signature = STANDARD.decode(line.rsplit(' ').next().context("no signature")?)?;
    verify(
        log,
        signed.as_bytes(),
        signature.get(4..).context("no signature")?,
    )
}

/// Verifies ECDSA P-256 over SHA-256 under an SPKI.
pub(crate) fn verify(spki: &[u8], message: &[u8], signature: &[u8]) -> Result<()> {
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, spki);
    key.verify(message, signature)
        .ok()
        .context("the log did not sign this")
}

pub(crate) fn contains(body: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(body).contains(text)
}

pub(crate) fn decode(value: &Value) -> Result<Vec<u8>> {
    Ok(STANDARD.decode(text(value)?)?)
}

pub(crate) fn text(value: &Value) -> Result<&str> {
    value.as_str().context("no text")
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Protobuf's JSON writes 64-bit numbers as text and leaves zeros out.
fn integer(value: &Value) -> Result<u64> {
    match value {
        Value::Null => Ok(0),
        Value::String(digits) => Ok(digits.parse()?),
        number => number.as_u64().context("no number"),
    }
}
