//! Witnesses in memory that do as C2SP tlog-witness says, and can be cut off.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sigstead_checkpoint::SignedCheckpoint;
use sigstead_key::Algorithm;
use sigstead_merkle::{ConsistencyProof, NodeHash, TreeHead};
use sigstead_note::{KeyId, KeyName, NoteSignature, SignedNote};
use sigstead_signer::Signer;
use sigstead_witness::{Answer, CosignerKey, Policy, Transport, TransportError, Witnesses};

use sigstead_sequencer::{Cosigning, WithoutQuorum};

/// Witnesses `w0`, `w1` and so on, of which two suffice.
#[derive(Clone)]
pub(crate) struct Network(Arc<Inner>);

struct Inner {
    witnesses: BTreeMap<String, FakeWitness>,
    cut: Mutex<Vec<&'static str>>,
    refused: AtomicUsize,
}

struct FakeWitness {
    name: KeyName,
    signer: Arc<dyn Signer>,
    seen: tokio::sync::Mutex<TreeHead>,
}

impl Network {
    pub(crate) fn new(count: usize) -> Self {
        let named = |number| {
            let name = format!("w{number}");
            (name.clone(), FakeWitness::new(&name))
        };
        Self(Arc::new(Inner {
            witnesses: (0..count).map(named).collect(),
            cut: Mutex::default(),
            refused: AtomicUsize::new(0),
        }))
    }

    pub(crate) fn cosigning(&self, without_quorum: WithoutQuorum) -> Cosigning {
        let lines = self.0.witnesses.values().map(|each| {
            let (name, vkey) = (each.name.as_str(), each.vkey());
            format!("witness {name} {vkey} https://{name}/\n")
        });
        let names: Vec<_> = self.0.witnesses.keys().map(String::as_str).collect();
        let lines: String = lines.collect();
        let policy = format!("{lines}group two 2 {}\nquorum two\n", names.join(" "));
        let policy = Policy::parse(&policy).unwrap();
        let deadline = Duration::from_secs(60);
        Cosigning {
            witnesses: Witnesses::new(policy, Arc::new(self.clone()), deadline).unwrap(),
            without_quorum,
        }
    }

    /// These do not answer any more; the others do again.
    pub(crate) fn cut<const N: usize>(&self, names: [&'static str; N]) {
        *self.0.cut.lock().unwrap() = names.to_vec();
    }

    /// How often somebody asked in vain.
    pub(crate) fn refused(&self) -> usize {
        self.0.refused.load(Ordering::SeqCst)
    }

    /// How many of the witnesses have cosigned a note.
    pub(crate) fn count_valid(&self, note: &[u8]) -> usize {
        let note = SignedNote::parse(std::str::from_utf8(note).unwrap()).unwrap();
        let keys = self.0.witnesses.values().map(FakeWitness::key);
        keys.filter(|key| key.find(&note).unwrap().is_some())
            .count()
    }
}

#[async_trait]
impl Transport for Network {
    async fn post(&self, url: &url::Url, body: String) -> Result<Answer, TransportError> {
        let name = url.host_str().unwrap();
        let is_cut = self.0.cut.lock().unwrap().contains(&name);
        if is_cut {
            self.0.refused.fetch_add(1, Ordering::SeqCst);
            return Err(TransportError::Exchange {
                url: url.to_string(),
                source: "cut off".into(),
            });
        }
        Ok(self.0.witnesses[name].answer(&body).await)
    }
}

impl FakeWitness {
    fn new(name: &str) -> Self {
        Self {
            name: KeyName::parse(name).unwrap(),
            signer: sigstead_signer::ephemeral(Algorithm::Ed25519).unwrap(),
            seen: tokio::sync::Mutex::new(TreeHead::empty()),
        }
    }

    fn raw(&self) -> Vec<u8> {
        self.signer.public_key().raw_ed25519().unwrap().to_vec()
    }

    fn key_id(&self) -> KeyId {
        KeyId::truncate(&KeyId::hash(&self.name, COSIGNATURE, &self.raw()))
    }

    fn vkey(&self) -> String {
        let key = [&[COSIGNATURE], self.raw().as_slice()].concat();
        let (name, id) = (self.name.as_str(), self.key_id());
        format!("{name}+{id}+{}", STANDARD.encode(key))
    }

    fn key(&self) -> CosignerKey {
        CosignerKey::parse(&self.vkey()).unwrap()
    }

    // c2sp.org/tlog-witness §add-checkpoint.
    async fn answer(&self, body: &str) -> Answer {
        let (request, note) = body.split_once("\n\n").unwrap();
        let mut request = request.lines();
        let old = request.next().unwrap().strip_prefix("old ").unwrap();
        let first_size: u64 = old.parse().unwrap();
        let signed = SignedCheckpoint::parse(note).unwrap();
        let head = signed.checkpoint.head;
        let mut seen = self.seen.lock().await;
        if first_size != seen.size {
            return answer(409, Some("text/x.tlog.size"), format!("{}\n", seen.size));
        }
        let proof = ConsistencyProof {
            first_size,
            second_size: head.size,
            hashes: request.map(hash).collect(),
        };
        if proof.verify(&seen.root, &head.root).is_err() {
            return answer(422, None, String::new());
        }
        *seen = head;
        answer(200, None, self.cosign(&signed.note.text).await)
    }

    async fn cosign(&self, text: &str) -> String {
        let message = format!("cosignature/v1\ntime {TIME}\n{text}");
        let signature = self.signer.sign(message.as_bytes()).await.unwrap();
        let line = NoteSignature {
            name: self.name.clone(),
            key_id: self.key_id(),
            signature: [TIME.to_be_bytes().as_slice(), &signature].concat(),
        };
        let (text, signatures) = ("a\n".to_owned(), vec![line]);
        let note = SignedNote { text, signatures }.encode();
        note.strip_prefix("a\n\n").unwrap().to_owned()
    }
}

fn hash(line: &str) -> NodeHash {
    let bytes = STANDARD.decode(line).unwrap();
    NodeHash::try_from(bytes.as_slice()).unwrap()
}

fn answer(status: u16, content_type: Option<&str>, body: String) -> Answer {
    Answer {
        status,
        content_type: content_type.map(str::to_owned),
        body: body.into_bytes(),
    }
}

/// The signature type of Ed25519 cosignatures (C2SP tlog-cosignature).
const COSIGNATURE: u8 = 4;
const TIME: u64 = 1_790_000_000;
