//! A body must be about this signature, by this signer, over this artifact, and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sigstead_entry::Verifier as EntryVerifier;
use sigstead_key::{Algorithm, HashAlgorithm, PublicKey};
use sigstead_x509::Certificate;

use crate::body::{Body, rekor1};
use crate::bundle::{Bundle, Content, Material};
use crate::bundle_entry::LogEntry;
use crate::check::Check;
use crate::content::Signed;
use crate::failure::{Failing as _, Failure, ensure};

/// What a log's entry is compared with.
pub(crate) struct Expected<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) signed: &'a Signed<'a>,
    pub(crate) key: &'a PublicKey,
}

impl Expected<'_> {
    /// Checks what an entry says.
    pub(crate) fn check(&self, entry: &LogEntry, body: &Body) -> Result<(), Failure> {
        match body {
            Body::HashedRekord1(spec) => self.check_hashedrekord(spec),
            Body::Dsse1(spec) => self.check_dsse(spec),
            Body::InToto1(spec) => self.check_intoto(spec),
            Body::HashedRekord2 => self.check_rebuilt(entry),
            Body::Dsse2 => self.check_rebuilt_dsse(entry),
        }
    }

    /// Rekor v2: the body is not read but written again, so that nothing in it can be overlooked.
    fn check_rebuilt(&self, entry: &LogEntry) -> Result<(), Failure> {
        let verifier = match &self.bundle.material {
            Material::Certificate(leaf) => EntryVerifier::Certificate(leaf.to_der().to_vec()),
            Material::PublicKey => EntryVerifier::PublicKey(self.key.spki_der().to_vec()),
        };
        let algorithm = self.key.algorithm().hash();
        let digest = self.signed.digest(algorithm)?;
        let signature = self.bundle.signature();
        let body = sigstead_entry::rebuild_hashedrekord(digest, algorithm, signature, &verifier)
            .failing(Check::EntryBody)?;
        ensure(body == entry.body, Check::EntryBody)
    }

    fn check_rebuilt_dsse(&self, entry: &LogEntry) -> Result<(), Failure> {
        let Content::Envelope { payload, .. } = &self.bundle.content else {
            return Err(Check::EntryBody.into());
        };
        let (member, der) = match &self.bundle.material {
            Material::Certificate(leaf) => ("x509Certificate", leaf.to_der()),
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
        ensure(body == entry.body, Check::EntryBody)
    }

    /// A signature over an artifact only: the bytes that an envelope's signature is over could be an artifact, and its
    /// signer did not mean to attest anything.
    fn check_hashedrekord(&self, spec: &rekor1::HashedRekord) -> Result<(), Failure> {
        let Content::Message { .. } = &self.bundle.content else {
            return Err(Failure::unlike(
                Check::EntryBody,
                "an entry of kind dsse or intoto for an envelope",
                "hashedrekord",
            ));
        };
        let hash = &spec.data.hash;
        hash.check(self.signed.digest(hash.algorithm()?)?)?;
        self.check_signature(&spec.signature.content, &spec.signature.public_key.content)
    }

    fn check_dsse(&self, spec: &rekor1::Dsse) -> Result<(), Failure> {
        self.check_payload(&spec.payload_hash)?;
        let [signature] = spec.signatures.as_slice() else {
            return Err(Check::EntryBody.into());
        };
        self.check_signature(&signature.signature, &signature.verifier)
    }

    fn check_intoto(&self, spec: &rekor1::InToto) -> Result<(), Failure> {
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

    fn check_payload(&self, stated: &rekor1::Hash) -> Result<(), Failure> {
        let Content::Envelope { payload, .. } = &self.bundle.content else {
            return Err(Check::EntryBody.into());
        };
        // The only one that Rekor v1 makes of a payload.
        ensure(
            stated.algorithm()? == HashAlgorithm::Sha256,
            Check::EntryBody,
        )?;
        stated.check(&HashAlgorithm::Sha256.digest(payload))
    }

    fn check_signature(&self, signature: &str, verifier: &str) -> Result<(), Failure> {
        let signature = decode(signature)?;
        ensure(signature == self.bundle.signature(), Check::EntryBody)?;
        let verifier = decode(verifier)?;
        let pem = std::str::from_utf8(&verifier).failing(Check::EntryBody)?;
        let is_same = match &self.bundle.material {
            Material::Certificate(leaf) => {
                let chain = Certificate::chain_from_pem(pem).failing(Check::EntryBody)?;
                chain.first() == Some(leaf.as_ref())
            }
            Material::PublicKey => PublicKey::from_pem(pem).failing(Check::EntryBody)? == *self.key,
        };
        ensure(is_same, Check::EntryBody)
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text).failing(Check::EntryBody)
}
