//! A virtual instance: its authorities and logs, each with a key of its own, and the trusted root that lists them.

use std::sync::Arc;

use futures::executor::block_on;
use sigstead_key::Algorithm;
use sigstead_merkle::{
    LeafHash, LeafIndex, NodeHash, NodeReader, RootHash, TreeHead, prove_inclusion, root_of,
};
use sigstead_note::{KeyId, KeyName, NoteSignature, SignedNote, VerifierKey};
use sigstead_signer::Signer;
use sigstead_trust_root::{
    AuthorityChains, AuthorityState, BrowserIssuers, LogFace, LogState, TimeRange, TrustState,
    TrustedRoot,
};
use sigstead_verify::json;
use sigstead_x509::{
    CaKind, CaProfile, Certificate, Name, SerialNumber, TimestampingProfile, UnsignedCertificate,
    Validity,
};
use time::{Duration, OffsetDateTime};

pub(crate) const REKOR1: &str = "rekor1.example.com";
pub(crate) const REKOR2: &str = "rekor2.example.com";

pub(crate) struct World {
    pub(crate) root: Party,
    pub(crate) ca: Party,
    /// Another authority of the same root, which the trusted root does not name.
    pub(crate) sibling: Party,
    pub(crate) tsa: Party,
    pub(crate) ct_log: Arc<dyn Signer>,
    pub(crate) rekor1: Arc<dyn Signer>,
    pub(crate) rekor2: Arc<dyn Signer>,
}

/// A certificate with its key.
pub(crate) struct Party {
    pub(crate) certificate: Certificate,
    pub(crate) signer: Arc<dyn Signer>,
}

pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap()
}

pub(crate) fn sign(signer: &Arc<dyn Signer>, message: &[u8]) -> Vec<u8> {
    block_on(signer.sign(message)).unwrap()
}

pub(crate) fn certify(unsigned: UnsignedCertificate, signer: &Arc<dyn Signer>) -> Certificate {
    let signature = sign(signer, unsigned.bytes_to_sign());
    unsigned.sign_with(signature).unwrap()
}

pub(crate) fn key() -> Arc<dyn Signer> {
    sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap()
}

fn years() -> Validity {
    Validity {
        not_before: now() - Duration::days(30),
        not_after: now() + Duration::days(3000),
    }
}

fn name(common_name: &str) -> Name {
    Name {
        organization: "example".to_owned(),
        common_name: common_name.to_owned(),
    }
}

impl Party {
    pub(crate) fn root(common_name: &str) -> Self {
        let signer = key();
        let profile = CaProfile {
            subject: name(common_name),
            public_key: signer.public_key().clone(),
            validity: years(),
            kind: CaKind::Root,
            serial: SerialNumber::from_random([1; 20]),
        };
        Self {
            certificate: certify(profile.self_signed().unwrap(), &signer),
            signer,
        }
    }

    pub(crate) fn intermediate(&self) -> Self {
        let signer = key();
        let profile = CaProfile {
            subject: name("issuing"),
            public_key: signer.public_key().clone(),
            validity: years(),
            kind: CaKind::CodeSigning,
            serial: SerialNumber::from_random([2; 20]),
        };
        let unsigned = profile.issued_by(&self.certificate).unwrap();
        Self {
            certificate: certify(unsigned, &self.signer),
            signer,
        }
    }

    pub(crate) fn timestamping(&self) -> Self {
        let signer = key();
        let profile = TimestampingProfile {
            subject: name("time"),
            public_key: signer.public_key().clone(),
            validity: years(),
            serial: SerialNumber::from_random([3; 20]),
        };
        let unsigned = profile.issued_by(&self.certificate).unwrap();
        Self {
            certificate: certify(unsigned, &self.signer),
            signer,
        }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let root = Party::root("root");
        let ca = root.intermediate();
        let sibling = root.intermediate();
        let tsa = root.timestamping();
        Self {
            root,
            ca,
            sibling,
            tsa,
            ct_log: key(),
            rekor1: key(),
            rekor2: key(),
        }
    }

    pub(crate) fn trusted_root(&self) -> TrustedRoot {
        let valid_for = TimeRange::since(now() - Duration::days(1));
        let authority = |url: &str, leaf: &Party| AuthorityState {
            url: url.to_owned(),
            chain: [&leaf.certificate, &self.root.certificate]
                .map(|certificate| certificate.to_der().into())
                .into(),
            valid_for,
            in_service: true,
        };
        let log = |face, host: &str, signer: &Arc<dyn Signer>| LogState {
            face,
            base_url: format!("https://{host}"),
            url: format!("https://{host}"),
            public_key: signer.public_key().spki_der().into(),
            log_id: signer.public_key().log_id().as_bytes().as_slice().into(),
            valid_for,
            in_service: true,
            offered: None,
        };
        let state = TrustState {
            operator: "example".to_owned(),
            certificate_authorities: AuthorityChains::new(vec![authority(
                "https://ca.example.com",
                &self.ca,
            )]),
            timestamp_authorities: AuthorityChains::new(vec![authority(
                "https://tsa.example.com",
                &self.tsa,
            )]),
            certificate_logs: vec![log(
                LogFace::CertificateTransparency,
                "ct.example.com",
                &self.ct_log,
            )],
            signature_logs: vec![
                log(LogFace::RekorV1, REKOR1, &self.rekor1),
                log(LogFace::RekorV2, REKOR2, &self.rekor2),
            ],
            issuers: BrowserIssuers::default(),
        };
        state.trusted_root().unwrap()
    }
}

/// A log of five entries, of which one is the body.
pub(crate) struct Tree {
    leaves: Vec<LeafHash>,
    head: TreeHead,
}

pub(crate) const INDEX: u64 = 3;

impl Tree {
    pub(crate) fn around(body: &[u8]) -> Self {
        let mut tree = Self {
            leaves: (0..5_u64)
                .map(|index| LeafHash::of(&index.to_be_bytes()))
                .collect(),
            head: TreeHead::empty(),
        };
        tree.leaves[usize::try_from(INDEX).unwrap()] = LeafHash::of(body);
        let root = root_of(&tree, 5).unwrap();
        tree.head = TreeHead { size: 5, root };
        tree
    }

    pub(crate) fn proof(&self, checkpoint: String) -> json::InclusionProof {
        let proof = prove_inclusion(self, LeafIndex::new(INDEX), self.head.size).unwrap();
        json::InclusionProof {
            log_index: INDEX,
            root_hash: self.head.root.as_bytes().as_slice().into(),
            tree_size: self.head.size,
            hashes: proof
                .hashes
                .iter()
                .map(|hash| hash.as_bytes().as_slice().into())
                .collect(),
            checkpoint: Some(json::Checkpoint {
                envelope: checkpoint,
            }),
        }
    }

    pub(crate) fn head(&self) -> TreeHead {
        self.head
    }
}

impl NodeReader for Tree {
    type Error = std::convert::Infallible;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Self::Error> {
        if level == 0 {
            return Ok(self.leaves[usize::try_from(index).unwrap()].into());
        }
        let left = self.node(level - 1, 2 * index)?;
        Ok(NodeHash::of_children(
            &left,
            &self.node(level - 1, 2 * index + 1)?,
        ))
    }
}

/// A checkpoint of an origin, signed under a name.
pub(crate) fn checkpoint(
    origin: &str,
    name: &str,
    head: TreeHead,
    signer: &Arc<dyn Signer>,
) -> String {
    let text = sigstead_checkpoint::Checkpoint::new(origin.parse().unwrap(), head).text();
    let name = KeyName::parse(name).unwrap();
    let id = VerifierKey::new(name.clone(), signer.public_key().clone()).full_id();
    let signature = NoteSignature {
        name,
        key_id: KeyId::truncate(&id),
        signature: sign(signer, text.as_bytes()),
    };
    SignedNote {
        text,
        signatures: vec![signature],
    }
    .encode()
}

pub(crate) fn other_root() -> RootHash {
    RootHash::from_bytes([9; 32])
}
