//! The signed heads that logs show, of each of the three faces that a log may have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use serde::Deserialize;
use sigstead_checkpoint::SignedCheckpoint;
use sigstead_ct::{DigitallySigned, tree_head_input};
use sigstead_key::PublicKey;
use sigstead_merkle::{RootHash, TreeHead};
use sigstead_note::{KeyId, KeyName, VerifierKey};
use sigstead_trust_root::{TransparencyLogInstance, TrustedRoot};

use crate::failure::Failure;
use crate::http;

/// A head that a key signed which clients trust.
pub(super) struct Head {
    /// What the log is called.
    pub(super) origin: String,
    /// The SHA-256 of its key, as hexadecimal digits.
    pub(super) log: String,
    /// How entries name the log.
    pub(super) log_id: Vec<u8>,
    pub(super) head: TreeHead,
    /// The number of the tree, of a log of Rekor v1.
    pub(super) tree_id: Option<String>,
}

/// The answer of `GET /api/v1/log`, as far as it is needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogInfo {
    signed_tree_head: String,
    #[serde(rename = "treeID")]
    tree_id: String,
}

/// The answer of `get-sth` (RFC 6962 §4.3).
#[derive(Deserialize)]
struct SignedTreeHead {
    tree_size: u64,
    timestamp: u64,
    sha256_root_hash: String,
    tree_head_signature: String,
}

/// The head of the log of Rekor v2 that answers at `url`.
pub(super) async fn of_rekor_v2(
    client: &Client,
    url: &str,
    trusted: &TrustedRoot,
) -> Result<Head, Failure> {
    let url = format!("{url}/api/v2/checkpoint");
    let bytes = http::bytes("tlog", &url, client.get(&url).send().await).await?;
    let note = String::from_utf8_lossy(&bytes);
    let read = || {
        let signed =
            SignedCheckpoint::parse(&note).map_err(|error| sigstead_kit::causes(&error))?;
        let origin = signed.checkpoint.origin.as_str().to_owned();
        let name = KeyName::parse(&origin).map_err(|error| sigstead_kit::causes(&error))?;
        let mut why = format!("clients trust no log of the name {origin}");
        for (log, key) in keys(&trusted.tlogs).filter(|(log, _)| host(log) == origin) {
            let verifier = VerifierKey::new(name.clone(), key.clone());
            match signed.verify(&signed.checkpoint.origin, &verifier) {
                Ok(()) => return Ok(head(log, &key, &signed, None)),
                Err(error) => why = sigstead_kit::causes(&error),
            }
        }
        Err(why)
    };
    read().map_err(|why: String| untrusted(&url, &why))
}

/// The head of the shard of Rekor v1 that is active at `url`.
pub(super) async fn of_rekor_v1(
    client: &Client,
    url: &str,
    trusted: &TrustedRoot,
) -> Result<Head, Failure> {
    let url = format!("{url}/api/v1/log");
    let info: LogInfo = http::json("tlog", &url, client.get(&url).send().await).await?;
    let read = || {
        let signed = SignedCheckpoint::parse(&info.signed_tree_head);
        let signed = signed.map_err(|error| sigstead_kit::causes(&error))?;
        let origin = signed.checkpoint.origin.as_str();
        let name = origin.strip_suffix(&format!(" - {}", info.tree_id));
        let name = name.ok_or_else(|| format!("{origin} is no tree of number {}", info.tree_id))?;
        let found = keys(&trusted.tlogs).find(|(log, key)| {
            // The hint is of the key alone, whatever its kind.
            let hint = KeyId::truncate(key.log_id().as_bytes());
            let mut signatures = signed.note.signatures.iter();
            host(log) == name
                && signatures.any(|each| {
                    each.key_id == hint
                        && key
                            .verify(signed.note.text.as_bytes(), &each.signature)
                            .is_ok()
                })
        });
        let (log, key) = found.ok_or("no key that clients trust signed it")?;
        Ok(head(log, &key, &signed, Some(info.tree_id.clone())))
    };
    read().map_err(|why: String| untrusted(&url, &why))
}

/// The head of the log of certificates that answers at `url`.
pub(super) async fn of_certificates(
    client: &Client,
    url: &str,
    trusted: &TransparencyLogInstance,
) -> Result<Head, Failure> {
    let url = format!("{url}/ct/v1/get-sth");
    let sth: SignedTreeHead = http::json("ctlog", &url, client.get(&url).send().await).await?;
    let read = || {
        let root = STANDARD.decode(&sth.sha256_root_hash).unwrap_or_default();
        let root = RootHash::try_from(root.as_slice()).map_err(|error| error.to_string())?;
        let head = TreeHead {
            size: sth.tree_size,
            root,
        };
        let signature = STANDARD
            .decode(&sth.tree_head_signature)
            .unwrap_or_default();
        let key = PublicKey::from_spki_der(trusted.public_key.raw_bytes.as_slice());
        let key = key.map_err(|error| sigstead_kit::causes(&error))?;
        DigitallySigned::parse(&signature)
            .and_then(|signed| signed.verify(&tree_head_input(&head, sth.timestamp), &key))
            .map_err(|error| sigstead_kit::causes(&error))?;
        Ok(Head {
            origin: host(trusted).to_owned(),
            log: hex::encode(key.log_id().as_bytes()),
            log_id: trusted.log_id.key_id.as_slice().to_vec(),
            head,
            tree_id: None,
        })
    };
    read().map_err(|why: String| untrusted(&url, &why))
}

fn head(
    log: &TransparencyLogInstance,
    key: &PublicKey,
    signed: &SignedCheckpoint,
    tree_id: Option<String>,
) -> Head {
    Head {
        origin: signed.checkpoint.origin.as_str().to_owned(),
        log: hex::encode(key.log_id().as_bytes()),
        log_id: log.log_id.key_id.as_slice().to_vec(),
        head: signed.checkpoint.head,
        tree_id,
    }
}

/// The logs whose keys can be used.
fn keys(
    logs: &[TransparencyLogInstance],
) -> impl Iterator<Item = (&TransparencyLogInstance, PublicKey)> {
    logs.iter().filter_map(|log| {
        let key = PublicKey::from_spki_der(log.public_key.raw_bytes.as_slice());
        Some((log, key.ok()?))
    })
}

/// The host of a log's URL, which names it in checkpoints: without scheme, port and path.
fn host(log: &TransparencyLogInstance) -> &str {
    let url = log.base_url.as_str();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) => host,
        _ => authority,
    }
}

fn untrusted(url: &str, why: &str) -> Failure {
    Failure::new(
        "E-CTL-407",
        format!("{url} shows a head that clients cannot trust"),
        "compare its key with what is published: `sigctl doctor`; if the log is new, publish it",
    )
    .because(why)
}
