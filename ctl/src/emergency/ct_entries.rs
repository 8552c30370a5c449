//! What the instance's CT log took since a time.

use reqwest::Client;
use sigstead_checkpoint::SignedCheckpoint;
use sigstead_ct::{IssuerKeyHash, SignedEntry, TileLeaf};
use sigstead_tiles::{BundleKind, EntryBundleCoordinate, TILE_WIDTH, partial_width};
use time::OffsetDateTime;

use super::affected::Certificate;
use crate::ct_log::CtLog;
use crate::failure::Failure;
use crate::http;
use crate::instance::{Instance, Service};

/// A certificate as the log has it.
pub(super) struct Logged {
    pub(super) certificate: Certificate,
    /// Whether it is the certificate itself and no precertificate.
    pub(super) is_final: bool,
}

/// The wanted entries, the newest bundle first. Nothing is read of what the log took before, but the rest of a bundle.
pub(super) async fn since(
    instance: &Instance,
    since: OffsetDateTime,
    is_wanted: impl Fn(&TileLeaf) -> bool,
) -> Result<Vec<Logged>, Failure> {
    if instance.manifest.ct_log == CtLog::None {
        return Ok(Vec::new());
    }
    let log = Reader::open(instance).await?;
    let mut found = Vec::new();
    for bundle in (0..log.size.div_ceil(WIDTH)).rev() {
        let leaves = log.bundle(bundle).await?;
        let is_older = |leaf: &TileLeaf| time_of(leaf).is_some_and(|time| time < since);
        for (index, leaf) in (bundle * WIDTH..).zip(&leaves) {
            if !is_older(leaf) && is_wanted(leaf) {
                found.push(log.certificate(index, leaf)?);
            }
        }
        // The log gives its times in their order.
        if leaves.first().is_some_and(is_older) {
            break;
        }
    }
    Ok(found)
}

/// That the authority has its certificates logged elsewhere too, where nobody was asked.
pub(super) fn others(instance: &Instance) -> Option<String> {
    let path = instance.service(Service::Ca).join("config.yaml");
    let config: sigstead_config::ca::Config = sigstead_kit::read_config(&path).ok()?;
    let own = instance.manifest.local_url(Service::Ctlog);
    let has_own = instance.manifest.ct_log == CtLog::Own;
    let logs = config.ct_log.logs().iter().map(|log| log.url.to_string());
    let others = logs.filter(|url| !has_own || url.trim_end_matches('/') != own);
    let others: Vec<_> = others.collect();
    (!others.is_empty()).then(|| {
        format!(
            "the CT logs {}, which are not the instance's: ask those who run them for what the key issued",
            others.join(", ")
        )
    })
}

/// The log as anybody reads it (static-ct-api).
struct Reader {
    client: Client,
    base: String,
    size: u64,
}

impl Reader {
    async fn open(instance: &Instance) -> Result<Self, Failure> {
        let client = http::client(instance)?;
        let base = instance.manifest.local_url(Service::Ctlog);
        let url = format!("{base}/checkpoint");
        let note = http::bytes("ctlog", &url, client.get(&url).send().await).await?;
        let signed = SignedCheckpoint::parse(&String::from_utf8_lossy(&note));
        let signed = signed
            .map_err(|error| Failure::service("ctlog", &url, sigstead_kit::causes(&error)))?;
        Ok(Self {
            client,
            base,
            size: signed.checkpoint.head.size,
        })
    }

    /// A log may drop partial bundles once there is the full one.
    async fn bundle(&self, index: u64) -> Result<Vec<TileLeaf>, Failure> {
        let full = self.coordinate(index, TILE_WIDTH)?;
        let mut widths = vec![full];
        if !full.is_within(self.size) {
            widths.insert(0, self.coordinate(index, partial_width(0, self.size))?);
        }
        for coordinate in widths {
            let url = format!("{}/{}", self.base, coordinate.path(BundleKind::Data));
            let answer = self.client.get(&url).send().await;
            if let Some(bytes) = http::found("ctlog", &url, answer).await? {
                return self.leaves(&bytes);
            }
        }
        Err(self.strange(format!("bundle {index} is not there")))
    }

    fn leaves(&self, mut bytes: &[u8]) -> Result<Vec<TileLeaf>, Failure> {
        let mut leaves = Vec::new();
        while !bytes.is_empty() {
            let (leaf, length) =
                TileLeaf::decode_first(bytes).map_err(|error| self.strange(error))?;
            leaves.push(leaf);
            bytes = bytes.get(length..).unwrap_or_default();
        }
        Ok(leaves)
    }

    fn certificate(&self, index: u64, leaf: &TileLeaf) -> Result<Logged, Failure> {
        let entry = &leaf.timestamped_entry.entry;
        let (der, key) = match (entry, &leaf.precertificate) {
            (
                SignedEntry::Precertificate {
                    issuer_key_hash: IssuerKeyHash(key),
                    ..
                },
                Some(der),
            ) => (der, hex::encode(key)),
            (SignedEntry::Certificate(der), _) => (der, String::new()),
            _ => return Err(self.strange("a precertificate is not whole")),
        };
        let parsed = sigstead_x509::Certificate::from_der(der);
        let parsed = parsed.map_err(|error| self.strange(sigstead_kit::causes(&error)))?;
        let is_final = leaf.precertificate.is_none();
        // What a thief certifies need not have one name, or any.
        let names = parsed.identities().unwrap_or_default();
        let names: Vec<_> = names.iter().map(|name| name.value().to_owned()).collect();
        let logged = entry.identity().map_err(|error| self.strange(error))?;
        let certificate = Certificate {
            at: time_of(leaf).unwrap_or(OffsetDateTime::UNIX_EPOCH),
            serial: format!("{:0>40}", hex::encode(parsed.serial())),
            identity: names.join(", "),
            issuer: parsed
                .fulcio()
                .map(|claims| claims.issuer)
                .unwrap_or_default(),
            issuance: None,
            ct_index: Some(index),
            issuer_key: key,
            precertificate_sha256: (!is_final).then(|| hex::encode(parsed.sha256())),
            sha256: is_final.then(|| hex::encode(parsed.sha256())),
            logged_sha256: Some(hex::encode(logged)).filter(|_| !is_final),
        };
        Ok(Logged {
            certificate,
            is_final,
        })
    }

    fn coordinate(&self, index: u64, width: u16) -> Result<EntryBundleCoordinate, Failure> {
        EntryBundleCoordinate::new(index, width).map_err(|error| self.strange(error))
    }

    fn strange(&self, why: impl std::fmt::Display) -> Failure {
        Failure::service("ctlog", &self.base, why)
    }
}

fn time_of(leaf: &TileLeaf) -> Option<OffsetDateTime> {
    let nanos = i128::from(leaf.timestamped_entry.timestamp_millis) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
}

const WIDTH: u64 = TILE_WIDTH as u64;
