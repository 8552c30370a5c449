//! What witnesses answer: only a cosignature that verifies under the witness' key joins the checkpoint, whose text and own
//! signature stay as they are.
#![no_main]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use libfuzzer_sys::fuzz_target;
use sigstead_fuzz::{Numbers, parts};
use sigstead_merkle::{ConsistencyProof, TreeHead, prove_consistency};
use sigstead_note::SignedNote;
use sigstead_witness::{
    Answer, BoxError, ConsistencySource, Policy, Transport, TransportError, Witnesses,
};
use url::Url;

fuzz_target!(|data: &[u8]| {
    let [policy, checkpoint, answers @ ..] = &parts(data)[..] else {
        return;
    };
    let (Ok(policy), Ok(note)) = (str::from_utf8(policy), str::from_utf8(checkpoint)) else {
        return;
    };
    let (Ok(policy), Ok(note)) = (Policy::parse(policy), SignedNote::parse(note)) else {
        return;
    };
    let transport = Arc::new(Scripted(Mutex::new(answers.iter().map(answer).collect())));
    let Ok(witnesses) = Witnesses::new(policy, transport, Duration::from_secs(1)) else {
        return;
    };
    let head = TreeHead {
        size: SIZE,
        root: Numbers::root(SIZE),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let asked = witnesses.cosign_by_all(&head, &note, &Proofs);
    let outcome = runtime.expect("there is memory").block_on(asked);
    assert_eq!(outcome.note.text, note.text);
    assert_eq!(
        outcome.cosignatures.len() + outcome.failures.len(),
        witnesses.policy().witnesses().len()
    );
    let cosigned = outcome.cosignatures.keys().cloned().collect();
    assert_eq!(outcome.is_quorum_met, witnesses.policy().is_met(&cosigned));
    for witness in witnesses.policy().witnesses() {
        if outcome.cosignatures.contains_key(&witness.name) {
            let found = witness.key.find(&outcome.note).expect("it verified");
            assert!(found.is_some(), "a cosignature is missing from the note");
        }
    }
});

/// A status, a media type, and the rest is the body.
fn answer(part: &&[u8]) -> Answer {
    let (how, body) = part.split_at(part.len().min(1));
    let how = how.first().copied().unwrap_or_default();
    let statuses = [200, 409, 422, 404, 403, 500];
    Answer {
        status: statuses[usize::from(how & 15) % statuses.len()],
        content_type: (how & 16 == 0).then(|| "text/x.tlog.size".to_owned()),
        body: body.to_vec(),
    }
}

struct Scripted(Mutex<VecDeque<Answer>>);

#[async_trait]
impl Transport for Scripted {
    async fn post(&self, url: &Url, _body: String) -> Result<Answer, TransportError> {
        let mut answers = self.0.lock().expect("nobody panicked");
        answers.pop_front().ok_or_else(|| TransportError::TooLarge {
            url: url.to_string(),
        })
    }
}

struct Proofs;

#[async_trait]
impl ConsistencySource for Proofs {
    async fn consistency(
        &self,
        old_size: u64,
        new: &TreeHead,
    ) -> Result<ConsistencyProof, BoxError> {
        assert!(
            0 < old_size && old_size < new.size,
            "there is nothing to prove"
        );
        Ok(prove_consistency(&Numbers, old_size, new.size)?)
    }
}

/// Of the tree under the checkpoint.
const SIZE: u64 = 7;
