//! How what is about an image is found from it (OCI distribution 1.1, listing referrers).

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use sigstead_airgap::{Sha256, Stored};

use super::super::refusal;
use super::registry::Repository;
use crate::failure::Failure;

/// What a list of referrers says of a manifest besides its name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    config: Option<Config>,
    #[serde(default)]
    annotations: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    media_type: String,
}

impl Repository {
    /// The digests of what is known to be about a manifest.
    pub(super) async fn referrers(&self, subject: &Sha256) -> Result<BTreeSet<String>, Failure> {
        let known = self.known_referrers(&format!("sha256:{subject}")).await?;
        Ok(known
            .manifests
            .into_iter()
            .map(|each| each.digest)
            .collect())
    }

    /// Has a pushed manifest found from its subject. A registry that lists referrers by itself did so when it was pushed; for others
    /// clients look for an index under a tag of the subject's digest, and who pushes keeps it (§ Referrers Tag Schema).
    pub(super) async fn refer(
        &self,
        subject: &Sha256,
        stored: &Stored,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let known = self.known_referrers(&format!("sha256:{subject}")).await?;
        let digest = format!("sha256:{}", stored.digest);
        if known.manifests.iter().any(|each| each.digest == digest) {
            return Ok(());
        }
        let unfit =
            |error: serde_json::Error| refusal::unfit(format!("{digest} cannot be listed"), error);
        let described: Described = serde_json::from_slice(bytes).map_err(unfit)?;
        let mut manifests = Vec::new();
        for each in &known.manifests {
            manifests.push(serde_json::to_value(each).map_err(unfit)?);
        }
        manifests.push(described.entry(&digest, &stored.media_type, bytes.len()));
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        let tag = format!("sha256-{subject}");
        self.set_tag(&tag, INDEX, index.to_string().as_bytes())
            .await
    }
}

impl Described {
    fn entry(self, digest: &str, media_type: &str, size: usize) -> Value {
        let of_config = self.config.map(|config| config.media_type);
        let mut entry = json!({"mediaType": media_type, "digest": digest, "size": size});
        if let Some(artifact_type) = self.artifact_type.or(of_config) {
            entry["artifactType"] = artifact_type.into();
        }
        if !self.annotations.is_empty() {
            entry["annotations"] = self.annotations.into();
        }
        entry
    }
}

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
