//! A log with its tree in memory, and witnesses to submit it to.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sigstead_checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use sigstead_key::PublicKey;
use sigstead_merkle::{ConsistencyProof, LeafHash, NodeHash, NodeReader, TreeHead};
use sigstead_note::{KeyId, KeyName, NoteSignature, SignedNote, VerifierKey};
use sigstead_witness::{
    Answer, BoxError, ConsistencySource, Policy, Transport, TransportError, Witnesses,
};
use url::Url;

pub(crate) const ORIGIN: &str = "log.example.com";
/// Longer than any test runs: who waits for it does not end.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(3600);
/// The time of every cosignature.
pub(crate) const TIME: u64 = 1_679_315_147;

/// A key pair that is the same for the same number.
pub(crate) struct Pair(Ed25519KeyPair);

impl Pair {
    pub(crate) fn new(number: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap())
    }

    pub(crate) fn raw(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        let spki = [&[48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0], self.raw()];
        PublicKey::from_spki_der(&spki.concat()).unwrap()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }

    /// The verifier key of a name, for signatures of a type.
    pub(crate) fn vkey(&self, name: &str, signature_type: u8) -> String {
        let id = self.key_id(name, signature_type);
        let key = [&[signature_type], self.raw()].concat();
        format!("{name}+{id}+{}", STANDARD.encode(key))
    }

    fn key_id(&self, name: &str, signature_type: u8) -> KeyId {
        let name = KeyName::parse(name).unwrap();
        KeyId::truncate(&KeyId::hash(&name, signature_type, self.raw()))
    }

    /// A cosignature at a time, as c2sp.org/tlog-cosignature says.
    pub(crate) fn cosign(&self, name: &str, text: &str, time: u64) -> NoteSignature {
        let signed = self.sign(format!("cosignature/v1\ntime {time}\n{text}").as_bytes());
        NoteSignature {
            name: KeyName::parse(name).unwrap(),
            key_id: self.key_id(name, 4),
            signature: [time.to_be_bytes().as_slice(), &signed].concat(),
        }
    }
}

/// The lines of signatures, as a witness answers them.
pub(crate) fn lines(signatures: Vec<NoteSignature>) -> String {
    let text = "a\n".to_owned();
    let note = SignedNote { text, signatures }.encode();
    note.strip_prefix("a\n\n").unwrap().to_owned()
}

/// A log that has as many leaves as one asks for. Logs of another salt have other leaves.
pub(crate) struct Log {
    pub(crate) salt: u8,
    pub(crate) pair: Pair,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self::forked(0)
    }

    pub(crate) fn forked(salt: u8) -> Self {
        let pair = Pair::new(200);
        Self { salt, pair }
    }

    pub(crate) fn key(&self) -> VerifierKey {
        VerifierKey::new(KeyName::parse(ORIGIN).unwrap(), self.pair.public_key())
    }

    pub(crate) fn head(&self, size: u64) -> TreeHead {
        let root = sigstead_merkle::root_of(self, size).unwrap();
        TreeHead { size, root }
    }

    pub(crate) fn note(&self, head: &TreeHead) -> SignedNote {
        let text = Checkpoint::new(Origin::parse(ORIGIN).unwrap(), *head).text();
        let signature = NoteSignature {
            name: self.key().name().clone(),
            key_id: self.key().key_id(),
            signature: self.pair.sign(text.as_bytes()),
        };
        let signatures = vec![signature];
        SignedNote { text, signatures }
    }
}

impl NodeReader for Log {
    type Error = BoxError;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, BoxError> {
        if level == 0 {
            let leaf = [&[self.salt], index.to_be_bytes().as_slice()].concat();
            return Ok(LeafHash::of(&leaf).into());
        }
        let left = self.node(level - 1, 2 * index)?;
        let right = self.node(level - 1, 2 * index + 1)?;
        Ok(NodeHash::of_children(&left, &right))
    }
}

#[async_trait]
impl ConsistencySource for Log {
    async fn consistency(
        &self,
        old_size: u64,
        new: &TreeHead,
    ) -> Result<ConsistencyProof, BoxError> {
        assert!(
            0 < old_size && old_size < new.size,
            "nothing to prove from {old_size} to {}",
            new.size
        );
        Ok(sigstead_merkle::prove_consistency(self, old_size, new.size).unwrap())
    }
}

/// How a witness answers.
pub(crate) enum Manner {
    /// As the specification says.
    Strict,
    /// Never.
    Silent,
    /// The connection fails.
    Dead,
    /// One after the other, and then the last one for ever.
    InTurn(Vec<Answer>),
    /// Status 200 and what the function makes of the submitted note.
    Lines(fn(&Pair, &SignedNote) -> String),
}

/// A witness at `https://<name>/`, whose key has its name.
pub(crate) struct FakeWitness {
    pub(crate) name: String,
    pub(crate) pair: Pair,
    pub(crate) manner: Manner,
    /// The keys of the logs that it knows.
    pub(crate) logs: BTreeMap<String, VerifierKey>,
    pub(crate) seen: Mutex<TreeHead>,
    pub(crate) asked: AtomicUsize,
}

impl FakeWitness {
    pub(crate) fn new(name: &str, number: u8, manner: Manner) -> Self {
        Self {
            name: name.to_owned(),
            pair: Pair::new(number),
            manner,
            logs: [(ORIGIN.to_owned(), Log::new().key())].into(),
            seen: Mutex::new(TreeHead::empty()),
            asked: AtomicUsize::new(0),
        }
    }

    /// The line of a policy.
    pub(crate) fn line(&self) -> String {
        let (name, vkey) = (&self.name, self.pair.vkey(&self.name, 4));
        format!("witness {name} {vkey} https://{name}/\n")
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn answer(&self, body: &str) -> Option<Answer> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        match &self.manner {
            Manner::Strict => Some(self.answer_strictly(body)),
            Manner::Silent => pending().await,
            Manner::Dead => None,
            Manner::InTurn(answers) => Some(answers[asked.min(answers.len() - 1)].clone()),
            Manner::Lines(lines) => {
                let (_, note) = body.split_once("\n\n").unwrap();
                let lines = lines(&self.pair, &SignedNote::parse(note).unwrap());
                Some(answer(200, None, &lines))
            }
        }
    }

    // c2sp.org/tlog-witness §add-checkpoint, in its order.
    pub(crate) fn answer_strictly(&self, body: &str) -> Answer {
        let (request, note) = body.split_once("\n\n").unwrap();
        let mut request = request.split('\n');
        let old = request.next().unwrap().strip_prefix("old ").unwrap();
        let old_size: u64 = old.parse().unwrap();
        assert_eq!(old_size.to_string(), old);
        let hashes: Vec<_> = request.map(hash).collect();
        assert!(hashes.len() <= 63);
        let signed = SignedCheckpoint::parse(note).unwrap();
        let head = signed.checkpoint.head;
        let Some(key) = self.logs.get(signed.checkpoint.origin.as_str()) else {
            return answer(404, None, "unknown log\n");
        };
        if signed.verify(&signed.checkpoint.origin, key).is_err() {
            return answer(403, None, "unknown key\n");
        }
        if old_size > head.size {
            return answer(400, None, "old size\n");
        }
        let mut seen = self.seen.lock().unwrap();
        let same_size_other_root = old_size == head.size && seen.root != head.root;
        if old_size != seen.size || (same_size_other_root && old_size != 0) {
            return conflict(&format!("{}\n", seen.size));
        }
        let proof = ConsistencyProof {
            first_size: old_size,
            second_size: head.size,
            hashes,
        };
        if proof.verify(&seen.root, &head.root).is_err() {
            return answer(422, None, "proof\n");
        }
        *seen = head;
        let cosignature = self.pair.cosign(&self.name, &signed.note.text, TIME);
        answer(200, None, &lines(vec![cosignature]))
    }
}

fn hash(line: &str) -> NodeHash {
    let bytes = STANDARD.decode(line).unwrap();
    NodeHash::try_from(bytes.as_slice()).unwrap()
}

pub(crate) fn answer(status: u16, content_type: Option<&str>, body: &str) -> Answer {
    Answer {
        status,
        content_type: content_type.map(str::to_owned),
        body: body.as_bytes().to_vec(),
    }
}

pub(crate) fn conflict(body: &str) -> Answer {
    answer(409, Some("text/x.tlog.size"), body)
}

/// The way to the witnesses.
#[derive(Clone)]
pub(crate) struct Network(BTreeMap<String, Arc<FakeWitness>>);

impl Network {
    pub(crate) fn new(witnesses: Vec<FakeWitness>) -> Self {
        let named = |witness: FakeWitness| (witness.name.clone(), Arc::new(witness));
        Self(witnesses.into_iter().map(named).collect())
    }

    /// Strict witnesses `a`, `b` and so on.
    pub(crate) fn strict(count: u8) -> Self {
        let witness = |n| FakeWitness::new(&name(n), n, Manner::Strict);
        Self::new((0..count).map(witness).collect())
    }

    /// One witness `a`.
    pub(crate) fn single(manner: Manner) -> Self {
        Self::new(vec![FakeWitness::new("a", 0, manner)])
    }

    pub(crate) fn witness(&self, name: &str) -> &FakeWitness {
        &self.0[name]
    }

    /// A process that submits to all witnesses, of which `threshold` suffice (`0` stands for no quorum).
    pub(crate) fn witnesses(&self, threshold: usize, deadline: Duration) -> Witnesses {
        let policy = Policy::parse(&self.policy(threshold)).unwrap();
        Witnesses::new(policy, Arc::new(self.clone()), deadline).unwrap()
    }

    fn policy(&self, threshold: usize) -> String {
        let mut policy: String = self.0.values().map(|witness| witness.line()).collect();
        let names: Vec<_> = self.0.keys().map(String::as_str).collect();
        policy += &match threshold {
            0 => "quorum none\n".to_owned(),
            _ => format!(
                "group all-of-them {threshold} {}\nquorum all-of-them\n",
                names.join(" ")
            ),
        };
        policy
    }
}

#[async_trait]
impl Transport for Network {
    async fn post(&self, url: &Url, body: String) -> Result<Answer, TransportError> {
        assert_eq!(url.path(), "/add-checkpoint");
        let answer = self.0[url.host_str().unwrap()].answer(&body).await;
        answer.ok_or_else(|| TransportError::Exchange {
            url: url.to_string(),
            source: "connection refused".into(),
        })
    }
}

/// `a`, `b`, and so on.
pub(crate) fn name(number: u8) -> String {
    char::from(b'a' + number).to_string()
}
