//! An image is taken whole, with what is said about it in each carrier, or not at all.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sigstead_airgap::{Carrier, Layout, LayoutError, Sha256};

/// The blobs of a layout.
#[derive(Default)]
struct Blobs(BTreeMap<Sha256, Vec<u8>>);

impl Blobs {
    fn add(&mut self, content: &Value) -> Value {
        let bytes = content.to_string().into_bytes();
        let digest = Sha256::of(&bytes);
        let descriptor = json!({"digest": format!("sha256:{digest}"), "size": bytes.len()});
        self.0.insert(digest, bytes);
        descriptor
    }

    /// A manifest of one layer.
    fn manifest(&mut self, layer: &str, subject: Option<&Value>) -> Value {
        let (config, layer) = (self.add(&json!({})), self.add(&json!(layer)));
        let mut manifest = json!({"config": config, "layers": [layer]});
        if let Some(subject) = subject {
            manifest["subject"] = subject.clone();
        }
        self.add(&manifest)
    }

    fn read(&self, named: &[Value]) -> Result<Layout, LayoutError> {
        let index = json!({"manifests": named}).to_string();
        let is_there = |digest: &Sha256, size| {
            self.0
                .get(digest)
                .is_some_and(|bytes| bytes.len() as u64 == size)
        };
        Layout::read(index.as_bytes(), is_there, |digest| {
            self.0.get(digest).cloned()
        })
    }
}

fn digest(descriptor: &Value) -> Sha256 {
    let text = descriptor["digest"].as_str().unwrap();
    Sha256::parse(text.strip_prefix("sha256:").unwrap()).unwrap()
}

fn annotated(descriptor: &Value, name: &str, value: &str) -> Value {
    let mut descriptor = descriptor.clone();
    descriptor["annotations"] = json!({name: value});
    descriptor
}

const REF_NAME: &str = "org.opencontainers.image.ref.name";

#[test]
fn what_is_about_an_image_comes_with_it_in_each_carrier() {
    let mut blobs = Blobs::default();
    let image = blobs.manifest("image", None);
    let signature = blobs.manifest("signature", None);
    let referrer = blobs.manifest("attestation", Some(&image));
    let tag = format!("sha256-{}.sig", digest(&image));
    let tagged = Carrier::Tag {
        tag: tag.clone(),
        digest: digest(&signature),
    };
    let referring = Carrier::Referrer {
        digest: digest(&referrer),
        subject: digest(&image),
    };
    let layout = blobs.read(&[
        image.clone(),
        annotated(&signature, REF_NAME, &tag),
        referrer,
    ]);
    assert_eq!(layout.unwrap().carriers, [tagged.clone(), referring]);

    // As `cosign save` names them.
    let saved = [
        annotated(&image, "kind", "dev.cosignproject.cosign/image"),
        annotated(&signature, "kind", "dev.cosignproject.cosign/sigs"),
    ];
    let layout = blobs.read(&saved).unwrap();
    assert_eq!(layout.carriers, [tagged]);
    assert_eq!(layout.tags[&tag], digest(&signature));
}

#[test]
fn what_is_missing_changed_or_about_nothing_is_refused() {
    let mut blobs = Blobs::default();
    let image = blobs.manifest("image", None);
    let referrer = blobs.manifest("attestation", Some(&image));
    let refused = |blobs: &Blobs, named: &Value| {
        let read = blobs.read(std::slice::from_ref(named));
        read.unwrap_err().to_string()
    };
    let orphan = refused(&blobs, &referrer);
    assert!(orphan.contains("not that itself"), "{orphan}");
    let tag = format!("sha256-{}.att", Sha256::of(b"elsewhere"));
    let orphan = refused(&blobs, &annotated(&image, REF_NAME, &tag));
    assert!(orphan.contains("not that itself"), "{orphan}");
    let tag = refused(&blobs, &annotated(&image, REF_NAME, "a b"));
    assert!(tag.contains("no tag"), "{tag}");

    let all = blobs.0.clone();
    for (digest, bytes) in &all {
        blobs.0.remove(digest);
        if let Ok(layout) = blobs.read(std::slice::from_ref(&image)) {
            assert!(!layout.blobs.contains_key(digest), "{digest}");
        }
        blobs.0.insert(*digest, [bytes.as_slice(), b" "].concat());
        if let Ok(layout) = blobs.read(std::slice::from_ref(&image)) {
            assert!(!layout.blobs.contains_key(digest), "{digest}");
        }
        blobs.0.insert(*digest, bytes.clone());
    }
    blobs.read(std::slice::from_ref(&image)).unwrap();
    let mut nested = image;
    for _ in 0..10 {
        nested = blobs.add(&json!({"manifests": [nested]}));
    }
    let deep = refused(&blobs, &nested);
    assert!(deep.contains("within indexes"), "{deep}");
}
