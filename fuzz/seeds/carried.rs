//! What is carried to where no network leads: the list of an archive, an image, and entries of a log.

use serde_json::{Value, json};
use sigstead_airgap::Sha256;
use sigstead_fuzz::{Numbers, join};
use sigstead_merkle::NodeReader as _;
use sigstead_mirror::{EntryPackage, UploadHeader};

use crate::{Seed, with_miss};

pub(crate) fn seeds() -> Vec<Seed> {
    [
        with_miss("archive", "list", list().to_string()),
        with_miss("archive", "image", image()),
        with_miss("mirror_batch", "entries", entries()),
    ]
    .concat()
}

/// Two files, of which one is in two volumes, and an image.
fn list() -> Value {
    let file = |name: &str, kind: &str, sizes: &[u64]| {
        let hash = |volume: usize| Sha256::of(format!("{name} {volume}").as_bytes());
        let pieces = sizes
            .iter()
            .enumerate()
            .map(|(at, size)| json!({"volume": at + 1, "size": size, "sha256": hash(at)}));
        json!({
            "name": name, "kind": kind, "size": sizes.iter().sum::<u64>(), "sha256": hash(0),
            "pieces": pieces.collect::<Vec<_>>(),
        })
    };
    json!({
        "format": 1, "name": "sigstead", "release": "0.1.0", "number": 7,
        "created": "2026-11-30T08:00:00Z", "due": "2027-03-31T00:00:00Z", "flaws": "unchecked", "volumes": 2,
        "images": [{"name": "app", "digests": [Sha256::of(b"manifest")], "carriers": 1}],
        "files": [
            file("docs/a.md", "document", &[4]),
            file("images/app/index.json", "image", &[10]),
            file("programs/sigctl", "program", &[100, 50]),
        ],
    })
}

/// An image, and a manifest about it.
fn image() -> Vec<u8> {
    let (config, layer) = (b"{}".as_slice(), b"a layer".as_slice());
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": named(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [named(layer, "application/vnd.oci.image.layer.v1.tar")],
    })
    .to_string();
    let signature = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": named(config, "application/json"), "layers": [],
        "subject": named(manifest.as_bytes(), MANIFEST),
    })
    .to_string();
    let mut first = named(manifest.as_bytes(), MANIFEST);
    first["annotations"] = json!({"org.opencontainers.image.ref.name": "1.0"});
    let index =
        json!({"schemaVersion": 2, "manifests": [first, named(signature.as_bytes(), MANIFEST)]})
            .to_string();
    join(&[
        index.as_bytes(),
        manifest.as_bytes(),
        signature.as_bytes(),
        config,
        layer,
    ])
}

fn named(bytes: &[u8], media_type: &str) -> Value {
    json!({"mediaType": media_type, "digest": format!("sha256:{}", Sha256::of(bytes)), "size": bytes.len()})
}

/// Two packages, before and behind the end of a bundle.
fn entries() -> Vec<u8> {
    let header = UploadHeader {
        origin: "log.example.com/2026".parse().expect("an origin"),
        start: 254,
        end: 258,
        ticket: b"ticket".to_vec(),
    };
    let mut bytes = header.encode().expect("it is short");
    for range in header.ranges() {
        let Ok(hash) = Numbers.node(0, range.start);
        let package = EntryPackage {
            entries: range
                .clone()
                .map(|number| number.to_be_bytes().to_vec())
                .collect(),
            range,
            hashes: vec![hash; 2],
        };
        bytes.extend(package.encode().expect("it is short"));
    }
    bytes
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
