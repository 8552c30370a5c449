//! The body of a log entry: it must be about this signature, by this signer, over this artifact, and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use sigstead_entry::Verifier as EntryVerifier;
use sigstead_key::{Algorithm, HashAlgorithm, PublicKey};
use sigstead_x509::Certificate;

use crate::failure::{Failing as _, ensure};
use crate::{Artifact, Bundle, Check, Content, Failure, Material};

/// What a log's entry is compared with.
pub(crate) struct Expected<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) artifact: Artifact<'a>,
    pub(crate) key: &'a PublicKey,
}

/// Which software keeps the log; the rules of checkpoints and promises follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogVersion {
    Rekor1,
    Rekor2,
}

impl Expected<'_> {
    /// Checks the body, and says which software writes such bodies.
    pub(crate) fn check(&self) -> Result<LogVersion, Failure> {
        let entry = &self.bundle.entry;
        let version = match (entry.kind.as_str(), entry.version.as_str()) {
            (sigstead_entry::KIND, sigstead_entry::API_VERSION) => {
                self.check_rebuilt()?;
                LogVersion::Rekor2
            }
            ("dsse", "0.0.2") => {
                self.check_rebuilt_dsse()?;
                LogVersion::Rekor2
            }
            ("hashedrekord", "0.0.1") => {
                self.check_hashedrekord(&self.parse()?)?;
                LogVersion::Rekor1
            }
            ("dsse", "0.0.1") => {
                self.check_dsse(&self.parse()?)?;
                LogVersion::Rekor1
            }
            ("intoto", "0.0.2") => {
                self.check_intoto(&self.parse()?)?;
                LogVersion::Rekor1
            }
            _ => return Err(Check::EntryKind.into()),
        };
        Ok(version)
    }

    /// Rekor v2: the body is not read but written again, so that nothing in it can be overlooked.
    fn check_rebuilt(&self) -> Result<(), Failure> {
        let verifier = match &self.bundle.material {
            Material::Certificate { leaf, .. } => {
                EntryVerifier::Certificate(leaf.to_der().to_vec())
            }
            Material::PublicKey => EntryVerifier::PublicKey(self.key.spki_der().to_vec()),
        };
        let algorithm = self.key.algorithm().hash();
        let digest = self.digest(algorithm)?;
        let signature = self.bundle.signature();
        let body = sigstead_entry::rebuild_hashedrekord(&digest, algorithm, signature, &verifier)
            .failing(Check::EntryBody)?;
        ensure(body == self.bundle.entry.body, Check::EntryBody)
    }

    /// The kind of the first servers of Rekor v2, for envelopes.
    fn check_rebuilt_dsse(&self) -> Result<(), Failure> {
        let Content::Envelope { payload, .. } = &self.bundle.content else {
            return Err(Check::EntryBody.into());
        };
        let (member, der) = match &self.bundle.material {
            Material::Certificate { leaf, .. } => ("x509Certificate", leaf.to_der()),
            Material::PublicKey => ("publicKey", self.key.spki_der()),
        };
        let algorithm = match self.key.algorithm() {
            Algorithm::Ed25519 => Algorithm::Ed25519Ph,
            algorithm => algorithm,
        };
        let digest = HashAlgorithm::Sha256.digest(payload);
        let expected = json!({ "apiVersion": "0.0.2", "kind": "dsse", "spec": { "dsseV002": {
            "payloadHash": { "algorithm": "SHA2_256", "digest": STANDARD.encode(digest) },
            "signatures": [{
                "content": STANDARD.encode(self.bundle.signature()),
                "verifier": {
                    "keyDetails": algorithm.key_details(),
                    member: { "rawBytes": STANDARD.encode(der) },
                },
            }],
        } } });
        let body = serde_json_canonicalizer::to_vec(&expected).failing(Check::EntryBody)?;
        ensure(body == self.bundle.entry.body, Check::EntryBody)
    }

    fn check_hashedrekord(&self, spec: &HashedRekord) -> Result<(), Failure> {
        let algorithm = match spec.data.hash.algorithm.as_str() {
            "sha256" => HashAlgorithm::Sha256,
            "sha384" => HashAlgorithm::Sha384,
            "sha512" => HashAlgorithm::Sha512,
            _ => return Err(Check::EntryBody.into()),
        };
        let digest = hex::encode(self.digest(algorithm)?);
        ensure(
            spec.data.hash.value.eq_ignore_ascii_case(&digest),
            Check::EntryBody,
        )?;
        self.check_signature(&spec.signature.content, &spec.signature.public_key.content)
    }

    fn check_dsse(&self, spec: &Dsse) -> Result<(), Failure> {
        self.check_payload(&spec.payload_hash)?;
        let [signature] = spec.signatures.as_slice() else {
            return Err(Check::EntryBody.into());
        };
        self.check_signature(&signature.signature, &signature.verifier)
    }

    fn check_intoto(&self, spec: &InToto) -> Result<(), Failure> {
        self.check_payload(&spec.content.payload_hash)?;
        let envelope = &spec.content.envelope;
        let Content::Envelope { payload_type, .. } = &self.bundle.content else {
            return Err(Check::EntryBody.into());
        };
        ensure(envelope.payload_type == *payload_type, Check::EntryBody)?;
        let [signature] = envelope.signatures.as_slice() else {
            return Err(Check::EntryBody.into());
        };
        // This kind has its signatures in base64 twice.
        let once = decode(&signature.sig)?;
        let once = std::str::from_utf8(&once).failing(Check::EntryBody)?;
        self.check_signature(once, &signature.public_key)
    }

    fn check_payload(&self, stated: &Hash) -> Result<(), Failure> {
        let Content::Envelope { payload, .. } = &self.bundle.content else {
            return Err(Check::EntryBody.into());
        };
        let digest = hex::encode(HashAlgorithm::Sha256.digest(payload));
        let is_same = stated.algorithm == "sha256" && stated.value.eq_ignore_ascii_case(&digest);
        ensure(is_same, Check::EntryBody)
    }

    fn check_signature(&self, signature: &str, verifier: &str) -> Result<(), Failure> {
        ensure(
            decode(signature)? == self.bundle.signature(),
            Check::EntryBody,
        )?;
        let verifier = decode(verifier)?;
        let pem = std::str::from_utf8(&verifier).failing(Check::EntryBody)?;
        let is_same = match &self.bundle.material {
            Material::Certificate { leaf, .. } => {
                let chain = Certificate::chain_from_pem(pem).failing(Check::EntryBody)?;
                chain.first() == Some(leaf.as_ref())
            }
            Material::PublicKey => PublicKey::from_pem(pem).failing(Check::EntryBody)? == *self.key,
        };
        ensure(is_same, Check::EntryBody)
    }

    fn digest(&self, algorithm: HashAlgorithm) -> Result<Vec<u8>, Failure> {
        self.bundle
            .content
            .digest(&self.artifact, algorithm)
            .failing(Check::ArtifactDigest)
    }

    /// The spec of a body whose kind and version are what the bundle says.
    fn parse<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Failure> {
        let entry = &self.bundle.entry;
        let body: Body<T> = serde_json::from_slice(&entry.body).failing(Check::EntryBody)?;
        let is_same = body.kind == entry.kind && body.api_version == entry.version;
        ensure(is_same, Check::EntryKind)?;
        Ok(body.spec)
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text).failing(Check::EntryBody)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body<T> {
    api_version: String,
    kind: String,
    spec: T,
}

#[derive(Deserialize)]
struct Hash {
    algorithm: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashedRekord {
    data: Data,
    signature: HashedRekordSignature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HashedRekordSignature {
    content: String,
    public_key: PublicKeyContent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicKeyContent {
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dsse {
    payload_hash: Hash,
    signatures: Vec<DsseSignature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DsseSignature {
    signature: String,
    verifier: String,
}

#[derive(Deserialize)]
struct InToto {
    content: InTotoContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InTotoContent {
    envelope: InTotoEnvelope,
    payload_hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InTotoEnvelope {
    payload_type: String,
    signatures: Vec<InTotoSignature>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InTotoSignature {
    sig: String,
    public_key: String,
}
