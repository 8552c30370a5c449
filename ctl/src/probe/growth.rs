//! Whether a log continues what it showed before, and still has what was logged in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use serde::Deserialize;
use sigstead_merkle::{
    ConsistencyProof, LeafHash, LeafIndex, NodeHash, TreeHead, prove_consistency, prove_inclusion,
};

use super::head::Head;
use super::memory::Made;
use crate::failure::Failure;
use crate::http;
use crate::tiles::Tiles;

/// How a log proves that it continues what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    RekorV1,
    RekorV2,
    Certificates,
}

/// The answer of `GET /api/v1/log/proof`, as far as it is needed.
#[derive(Deserialize)]
struct ProofOfRekorV1 {
    hashes: Vec<String>,
}

/// The answer of `get-sth-consistency` (RFC 6962 §4.4).
#[derive(Deserialize)]
struct ProofOfCertificates {
    consistency: Vec<String>,
}

/// A log that is asked for proofs.
pub(super) struct Log<'a> {
    pub(super) client: &'a Client,
    pub(super) face: Face,
    /// Without a path.
    pub(super) url: &'a str,
    pub(super) now: &'a Head,
}

impl Log<'_> {
    /// Refuses a log that does not continue `before`.
    pub(super) async fn check_growth(&self, before: TreeHead) -> Result<(), Failure> {
        let now = self.now.head;
        if now.size < before.size {
            return Err(self.rolled_back(before));
        }
        if now.size == before.size && now.root != before.root {
            return Err(self.forked(before, "it has as many entries, and others"));
        }
        if now.size == before.size || before.size == 0 {
            return Ok(());
        }
        let hashes = match self.face {
            Face::RekorV1 => self.prove_by_rekor_v1(before.size).await?,
            Face::RekorV2 => self.prove_by_tiles(before.size).await?,
            Face::Certificates => self.prove_by_rfc_6962(before.size).await?,
        };
        let proof = ConsistencyProof {
            first_size: before.size,
            second_size: now.size,
            hashes,
        };
        proof
            .verify(&before.root, &now.root)
            .map_err(|error| self.forked(before, &error.to_string()))
    }

    /// Refuses a log of Rekor v2 that has not an entry any more where it was.
    pub(super) async fn check_entry(&self, made: &Made) -> Result<(), Failure> {
        let (index, now) = (LeafIndex::new(made.index), self.now.head);
        if made.index >= now.size {
            return Err(self.lost(made, "the log ends before it"));
        }
        let mut tiles = self.tiles();
        let leaf = LeafHash::of(&tiles.entry(made.index).await?);
        if leaf.to_string() != made.leaf {
            return Err(self.lost(made, "another one is in its place"));
        }
        let proof = tiles.prove(|nodes| prove_inclusion(nodes, index, now.size));
        proof
            .await?
            .verify(&leaf, &now.root)
            .map_err(|error| self.lost(made, &error.to_string()))
    }

    async fn prove_by_tiles(&self, first: u64) -> Result<Vec<NodeHash>, Failure> {
        let second = self.now.head.size;
        let mut tiles = self.tiles();
        let proof = tiles.prove(|nodes| prove_consistency(nodes, first, second));
        Ok(proof.await?.hashes)
    }

    async fn prove_by_rekor_v1(&self, first: u64) -> Result<Vec<NodeHash>, Failure> {
        let last = self.now.head.size;
        let tree = self.now.tree_id.as_deref().unwrap_or_default();
        let url = format!(
            "{}/api/v1/log/proof?firstSize={first}&lastSize={last}&treeID={tree}",
            self.url
        );
        let proof: ProofOfRekorV1 =
            http::json("tlog", &url, self.client.get(&url).send().await).await?;
        let hashes = proof.hashes.iter().map(|text| hex::decode(text).ok());
        node_hashes(hashes).ok_or_else(|| Failure::service("tlog", &url, "it has no hashes"))
    }

    async fn prove_by_rfc_6962(&self, first: u64) -> Result<Vec<NodeHash>, Failure> {
        let second = self.now.head.size;
        let url = format!(
            "{}/ct/v1/get-sth-consistency?first={first}&second={second}",
            self.url
        );
        let proof: ProofOfCertificates =
            http::json("ctlog", &url, self.client.get(&url).send().await).await?;
        let hashes = proof.consistency.iter();
        let hashes = hashes.map(|text| STANDARD.decode(text).ok());
        node_hashes(hashes).ok_or_else(|| Failure::service("ctlog", &url, "it has no hashes"))
    }

    fn tiles(&self) -> Tiles<'_> {
        let base = format!("{}/api/v2", self.url);
        Tiles::new(self.client, base, self.now.head.size)
    }

    fn rolled_back(&self, before: TreeHead) -> Failure {
        let (origin, size) = (&self.now.origin, self.now.head.size);
        Failure::new(
            "E-CTL-400",
            format!(
                "{origin} went back: it shows {size} entries, and showed {} before",
                before.size
            ),
            "stop the service before it takes entries, and find its newest copy; *When a log takes no entries* in \
             docs/operating.md says how",
        )
    }

    fn forked(&self, before: TreeHead, why: &str) -> Failure {
        let (origin, size) = (&self.now.origin, self.now.head.size);
        Failure::new(
            "E-CTL-401",
            format!(
                "{origin} shows {size} entries that do not continue the {} that it showed before",
                before.size
            ),
            "keep the prober's memory and the log's directory as they are: together they prove that there are two histories; \
             then stop the service",
        )
        .because(why)
    }

    fn lost(&self, made: &Made, why: &str) -> Failure {
        Failure::new(
            "E-CTL-402",
            format!("{} has lost its entry {}", self.now.origin, made.index),
            "stop the service, and compare its directory with a copy: `sigctl log check` reads all of it",
        )
        .because(why)
    }
}

fn node_hashes(hashes: impl Iterator<Item = Option<Vec<u8>>>) -> Option<Vec<NodeHash>> {
    let hash = |bytes: Option<Vec<u8>>| NodeHash::try_from(bytes?.as_slice()).ok();
    hashes.map(hash).collect()
}
