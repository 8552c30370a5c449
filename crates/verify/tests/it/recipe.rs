//! How a bundle is made: what stands here is what a client and the services do, with a place to go wrong at each step.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sigstead_ct::{
    DigitallySigned, IssuerKeyHash, SignedCertificateTimestamp, SignedEntry, TimestampedEntry,
};
use sigstead_key::{HashAlgorithm, PublicKey};
use sigstead_signer::Signer;
use sigstead_trust_root::TrustedRoot;
use sigstead_tsp::{Policy as TimePolicy, SignedAttributes, TimeStampReq, TstInfo};
use sigstead_verify::{Accepted, Artifact, Bundle, Failure, Policy, Verifier, json};
use sigstead_x509::{
    Certificate, FulcioExtensions, LeafProfile, SerialNumber, SubjectAlternativeName, Validity,
};
use time::{Duration, OffsetDateTime};

use crate::world::{
    INDEX, Party, REKOR1, REKOR2, Tree, World, certify, checkpoint, key, now, sign,
};

pub(crate) const ARTIFACT: &[u8] = b"the artifact";
pub(crate) const IDENTITY: &str = "alice@example.com";
pub(crate) const ISSUER: &str = "https://issuer.example.com";
/// Where the entry stands among all shards of Rekor v1.
const VIRTUAL_INDEX: u64 = 1_000 + INDEX;

/// The kind of entry that a log makes of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    HashedRekord1,
    Dsse1,
    InToto1,
    HashedRekord2,
    Dsse2,
}

pub(crate) struct Recipe {
    pub(crate) media_type: &'static str,
    pub(crate) kind: Kind,
    pub(crate) is_envelope: bool,
    /// A certificate, or a key that the verifier knows.
    pub(crate) is_certified: bool,
    pub(crate) statement_type: &'static str,
    pub(crate) payload_type: &'static str,
    pub(crate) san: SubjectAlternativeName,
    /// Who issues; none for the instance's authority.
    pub(crate) issuer: Option<Party>,
    /// The certificate logs that promise; none for the instance's.
    pub(crate) sct_logs: Option<Vec<Arc<dyn Signer>>>,
    /// Whether the promises are over this certificate.
    pub(crate) sct_is_of_certificate: bool,
    pub(crate) sct_time: OffsetDateTime,
    /// Who stamps; none for the instance's authority.
    pub(crate) stamper: Option<Party>,
    /// Times of timestamps, in seconds after now.
    pub(crate) stamps: Vec<i64>,
    pub(crate) stamped: Option<&'static [u8]>,
    pub(crate) has_promise: bool,
    pub(crate) integrated: i64,
    /// What the log is made to believe was signed.
    pub(crate) logged_artifact: Option<&'static [u8]>,
    pub(crate) logged_signature: Option<&'static [u8]>,
    /// The key and its signature over the artifact, where they were made before.
    pub(crate) made: Option<(PublicKey, Vec<u8>)>,
    /// Whether the certificate is of the other authority of the same root, which the bundle brings.
    pub(crate) is_of_sibling: bool,
    /// What the identity provider said beside the identity.
    pub(crate) claims: fn(&mut FulcioExtensions),
    /// The subjects of the statement; none for the artifact by its SHA-256 digest.
    pub(crate) subjects: Option<serde_json::Value>,
}

/// A bundle with everything that its verification depends on.
pub(crate) struct Case {
    pub(crate) world: World,
    pub(crate) root: TrustedRoot,
    pub(crate) bundle: json::Bundle,
    pub(crate) artifact: Vec<u8>,
    pub(crate) policy: Policy,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            media_type: "application/vnd.dev.sigstore.bundle.v0.3+json",
            kind: Kind::HashedRekord2,
            is_envelope: false,
            is_certified: true,
            statement_type: "https://in-toto.io/Statement/v1",
            payload_type: "application/vnd.in-toto+json",
            san: SubjectAlternativeName::Email(IDENTITY.to_owned()),
            issuer: None,
            sct_logs: None,
            sct_is_of_certificate: true,
            sct_time: now(),
            stamper: None,
            stamps: vec![5],
            stamped: None,
            has_promise: false,
            integrated: 5,
            logged_artifact: None,
            logged_signature: None,
            made: None,
            is_of_sibling: false,
            claims: |_| {},
            subjects: None,
        }
    }
}

impl Recipe {
    pub(crate) fn rekor1(kind: Kind) -> Self {
        Self {
            kind,
            is_envelope: kind != Kind::HashedRekord1,
            has_promise: true,
            stamps: Vec::new(),
            ..Self::default()
        }
    }

    pub(crate) fn envelope() -> Self {
        Self {
            is_envelope: true,
            ..Self::default()
        }
    }

    pub(crate) fn known_key() -> Self {
        Self {
            is_certified: false,
            ..Self::default()
        }
    }

    pub(crate) fn make(self) -> Case {
        let world = World::new();
        let signer = key();
        let public_key = match &self.made {
            Some((public_key, _)) => public_key,
            None => signer.public_key(),
        };
        let leaf = self.certificate(&world, public_key);
        let payload = self.payload();
        let pae = sigstead_entry::pae(self.payload_type, &payload);
        let signed = if self.is_envelope {
            pae.as_slice()
        } else {
            ARTIFACT
        };
        let signature = match &self.made {
            Some((_, signature)) => signature.clone(),
            None => sign(&signer, signed),
        };
        let logged = Logged {
            signature: self.logged_signature.unwrap_or(&signature),
            signed: self.logged_artifact.unwrap_or(signed),
            payload: &payload,
            payload_type: self.payload_type,
            leaf: self.is_certified.then_some(&leaf),
            public_key,
        };
        let entry = self.entry(&world, &logged.body(self.kind));
        let bundle = json::Bundle {
            media_type: self.media_type.to_owned(),
            verification_material: self.material(&world, &leaf, entry, &signature),
            message_signature: (!self.is_envelope).then(|| json::MessageSignature {
                message_digest: Some(json::HashOutput {
                    algorithm: "SHA2_256".to_owned(),
                    digest: HashAlgorithm::Sha256.digest(ARTIFACT).into(),
                }),
                signature: signature.clone().into(),
            }),
            dsse_envelope: self.is_envelope.then(|| json::Envelope {
                payload: payload.into(),
                payload_type: self.payload_type.to_owned(),
                signatures: vec![json::EnvelopeSignature {
                    sig: signature.clone().into(),
                    keyid: String::new(),
                }],
            }),
        };
        let policy = if self.is_certified {
            Policy::identity(IDENTITY, ISSUER)
        } else {
            Policy::key(public_key.clone())
        };
        Case {
            root: world.trusted_root(),
            world,
            bundle,
            artifact: ARTIFACT.to_vec(),
            policy,
        }
    }

    fn payload(&self) -> Vec<u8> {
        let digest = hex::encode(HashAlgorithm::Sha256.digest(ARTIFACT));
        let statement = json!({
            "_type": self.statement_type,
            "subject": self.subjects.clone().unwrap_or_else(
                || json!([{ "name": "artifact", "digest": { "sha256": digest } }]),
            ),
            "predicateType": "https://example.com/predicate",
            "predicate": {},
        });
        serde_json::to_vec(&statement).unwrap()
    }

    fn certificate(&self, world: &World, public_key: &PublicKey) -> Certificate {
        let issuer = self.issuer(world);
        let mut extensions = FulcioExtensions {
            issuer: ISSUER.to_owned(),
            ..FulcioExtensions::default()
        };
        (self.claims)(&mut extensions);
        let profile = LeafProfile {
            issuer: &issuer.certificate,
            public_key: public_key.clone(),
            san: self.san.clone(),
            extensions,
            validity: Validity {
                not_before: now(),
                not_after: now() + Duration::minutes(10),
            },
            serial: SerialNumber::from_random([4; 20]),
        };
        let tbs = profile.tbs_certificate().unwrap();
        let own = [world.ct_log.clone()];
        let logs = self.sct_logs.as_deref().unwrap_or(&own);
        if logs.is_empty() {
            return certify(tbs.to_sign_unlogged().unwrap(), &issuer.signer);
        }
        let to_sign = tbs.to_sign_precertificate().unwrap();
        let signature = sign(&issuer.signer, to_sign.bytes_to_sign());
        let precertificate = to_sign.sign_with(signature).unwrap();
        let mut tbs = precertificate.tbs_without_poison().unwrap();
        if !self.sct_is_of_certificate {
            tbs.push(0);
        }
        let entry = SignedEntry::Precertificate {
            issuer_key_hash: IssuerKeyHash::of(&issuer.certificate),
            tbs,
        };
        let scts: Vec<_> = logs
            .iter()
            .map(|log| self.sct(entry.clone(), log))
            .collect();
        let list = sigstead_ct::encode_list(&scts).unwrap();
        certify(precertificate.with_scts(&list).unwrap(), &issuer.signer)
    }

    fn issuer<'a>(&'a self, world: &'a World) -> &'a Party {
        let own = if self.is_of_sibling {
            &world.sibling
        } else {
            &world.ca
        };
        self.issuer.as_ref().unwrap_or(own)
    }

    fn sct(&self, entry: SignedEntry, log: &Arc<dyn Signer>) -> SignedCertificateTimestamp {
        let stamped = TimestampedEntry {
            timestamp_millis: u64::try_from(self.sct_time.unix_timestamp()).unwrap() * 1000,
            entry,
            extensions: vec![0, 0, 5, 0, 0, 0, 0, 7],
        };
        let signature = sign(log, &stamped.sct_input().unwrap());
        SignedCertificateTimestamp {
            log_id: log.public_key().log_id(),
            timestamp_millis: stamped.timestamp_millis,
            extensions: stamped.extensions,
            signature: DigitallySigned::new(log.algorithm(), signature).unwrap(),
        }
    }

    fn material(
        &self,
        world: &World,
        leaf: &Certificate,
        entry: json::TransparencyLogEntry,
        signature: &[u8],
    ) -> json::VerificationMaterial {
        let raw = |certificate: &Certificate| json::RawCertificate {
            raw_bytes: certificate.to_der().into(),
        };
        let is_chain = self.media_type.ends_with("=0.1") || self.media_type.ends_with("=0.2");
        let chain = [leaf, &self.issuer(world).certificate].map(raw).into();
        json::VerificationMaterial {
            public_key: (!self.is_certified).then(json::PublicKeyIdentifier::default),
            x509_certificate_chain: (self.is_certified && is_chain).then_some(
                json::CertificateChain {
                    certificates: chain,
                },
            ),
            certificate: (self.is_certified && !is_chain).then(|| raw(leaf)),
            tlog_entries: vec![entry],
            timestamp_verification_data: Some(json::TimestampVerificationData {
                rfc3161_timestamps: self
                    .stamps
                    .iter()
                    .map(|seconds| {
                        self.timestamp(world, self.stamped.unwrap_or(signature), *seconds)
                    })
                    .collect(),
            }),
        }
    }

    fn timestamp(&self, world: &World, message: &[u8], seconds: i64) -> json::Rfc3161Timestamp {
        let authority = self.stamper.as_ref().unwrap_or(&world.tsa);
        let digest = HashAlgorithm::Sha256.digest(message);
        let request = TimeStampReq::new(HashAlgorithm::Sha256, &digest).unwrap();
        let info = TstInfo::new(
            &request,
            TimePolicy::parse("1.3.6.1.4.1.57264.2").unwrap(),
            sigstead_tsp::SerialNumber::from_random([5; 20]),
            now() + Duration::seconds(seconds),
            &authority.certificate,
        );
        let attributes = SignedAttributes::new(info.unwrap(), &authority.certificate).unwrap();
        let signature = sign(&authority.signer, attributes.bytes_to_sign());
        let response = attributes.sign_with(&signature).unwrap().into_der();
        json::Rfc3161Timestamp {
            signed_timestamp: response.into(),
        }
    }

    fn entry(&self, world: &World, body: &[u8]) -> json::TransparencyLogEntry {
        let tree = Tree::around(body);
        let (kind, version) = self.kind.names();
        let (log, signed, log_index) = if self.kind.is_version_1() {
            let origin = format!("{REKOR1} - 1234567890123456789");
            let signed = checkpoint(&origin, REKOR1, tree.head(), &world.rekor1);
            (&world.rekor1, signed, VIRTUAL_INDEX)
        } else {
            let signed = checkpoint(REKOR2, REKOR2, tree.head(), &world.rekor2);
            (&world.rekor2, signed, INDEX)
        };
        let integrated_time = if self.has_promise {
            now().unix_timestamp() + self.integrated
        } else {
            0
        };
        let mut entry = json::TransparencyLogEntry {
            log_index,
            log_id: Some(json::LogId {
                key_id: log.public_key().log_id().as_bytes().as_slice().into(),
            }),
            kind_version: Some(json::KindVersion {
                kind: kind.into(),
                version: version.into(),
            }),
            integrated_time: u64::try_from(integrated_time).unwrap(),
            inclusion_promise: None,
            inclusion_proof: Some(tree.proof(signed)),
            canonicalized_body: Some(body.into()),
        };
        entry.inclusion_promise = self.has_promise.then(|| promise(&entry, log));
        entry
    }
}

impl Kind {
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::HashedRekord1 => ("hashedrekord", "0.0.1"),
            Self::Dsse1 => ("dsse", "0.0.1"),
            Self::InToto1 => ("intoto", "0.0.2"),
            Self::HashedRekord2 => ("hashedrekord", "0.0.2"),
            Self::Dsse2 => ("dsse", "0.0.2"),
        }
    }

    const fn is_version_1(self) -> bool {
        matches!(self, Self::HashedRekord1 | Self::Dsse1 | Self::InToto1)
    }
}

/// The promise of Rekor v1.
pub(crate) fn promise(
    entry: &json::TransparencyLogEntry,
    log: &Arc<dyn Signer>,
) -> json::InclusionPromise {
    let message = json!({
        "body": STANDARD.encode(entry.canonicalized_body.as_ref().unwrap().as_slice()),
        "integratedTime": entry.integrated_time,
        "logID": hex::encode(entry.log_id.as_ref().unwrap().key_id.as_slice()),
        "logIndex": entry.log_index,
    });
    let message = serde_json_canonicalizer::to_vec(&message).unwrap();
    json::InclusionPromise {
        signed_entry_timestamp: sign(log, &message).into(),
    }
}

/// What a log is told.
struct Logged<'a> {
    signature: &'a [u8],
    signed: &'a [u8],
    payload: &'a [u8],
    payload_type: &'a str,
    leaf: Option<&'a Certificate>,
    public_key: &'a PublicKey,
}

impl Logged<'_> {
    fn body(&self, kind: Kind) -> Vec<u8> {
        let pem = self
            .leaf
            .map_or_else(|| self.public_key.to_pem(), Certificate::to_pem);
        let pem = STANDARD.encode(pem);
        let signature = STANDARD.encode(self.signature);
        let sha256 = |bytes: &[u8]| hex::encode(HashAlgorithm::Sha256.digest(bytes));
        let hash = |bytes: &[u8]| json!({ "algorithm": "sha256", "value": sha256(bytes) });
        let spec = match kind {
            Kind::HashedRekord2 | Kind::Dsse2 => return self.body_of_rekor2(kind),
            Kind::HashedRekord1 => json!({
                "data": { "hash": hash(self.signed) },
                "signature": { "content": signature, "publicKey": { "content": pem } },
            }),
            Kind::Dsse1 => json!({
                "envelopeHash": hash(b"the envelope"),
                "payloadHash": hash(self.payload),
                "signatures": [{ "signature": signature, "verifier": pem }],
            }),
            Kind::InToto1 => json!({ "content": {
                "envelope": {
                    "payloadType": self.payload_type,
                    "signatures": [{ "publicKey": pem, "sig": STANDARD.encode(signature) }],
                },
                "hash": hash(b"the envelope"),
                "payloadHash": hash(self.payload),
            } }),
        };
        let (kind, version) = kind.names();
        let body = json!({ "apiVersion": version, "kind": kind, "spec": spec });
        serde_json_canonicalizer::to_vec(&body).unwrap()
    }

    fn body_of_rekor2(&self, kind: Kind) -> Vec<u8> {
        let (member, der) = match self.leaf {
            Some(leaf) => ("x509Certificate", leaf.to_der()),
            None => ("publicKey", self.public_key.spki_der()),
        };
        let signature = json!({
            "content": STANDARD.encode(self.signature),
            "verifier": {
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                member: { "rawBytes": STANDARD.encode(der) },
            },
        });
        let digest = |bytes: &[u8]| {
            let digest = STANDARD.encode(HashAlgorithm::Sha256.digest(bytes));
            json!({ "algorithm": "SHA2_256", "digest": digest })
        };
        let (name, spec) = match kind {
            Kind::Dsse2 => (
                "dsse",
                json!({ "dsseV002": {
                "payloadHash": digest(self.payload), "signatures": [signature],
            } }),
            ),
            _ => (
                "hashedrekord",
                json!({ "hashedRekordV002": {
                "data": digest(self.signed), "signature": signature,
            } }),
            ),
        };
        let body = json!({ "apiVersion": "0.0.2", "kind": name, "spec": spec });
        serde_json_canonicalizer::to_vec(&body).unwrap()
    }
}

impl Case {
    pub(crate) fn verify(&self) -> Result<Accepted, Failure> {
        let bundle = Bundle::parse(&self.bundle.encode())?;
        let verifier = Verifier::new(self.root.clone());
        verifier.verify(&bundle, Artifact::Bytes(&self.artifact), &self.policy)
    }

    pub(crate) fn entry(&mut self) -> &mut json::TransparencyLogEntry {
        self.bundle
            .verification_material
            .tlog_entries
            .first_mut()
            .unwrap()
    }

    pub(crate) fn proof(&mut self) -> &mut json::InclusionProof {
        self.entry().inclusion_proof.as_mut().unwrap()
    }
}
