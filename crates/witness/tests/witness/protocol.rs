use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use proptest::prelude::*;
use sigstead_checkpoint::{Origin, SignedCheckpoint};
use sigstead_merkle::{ConsistencyProof, NodeHash, TreeHead};
use sigstead_note::SignedNote;
use sigstead_witness::{
    Answer, BoxError, ConsistencySource, Error, Failure, Outcome, Policy, Witnesses,
};

use crate::world::{
    FOR_EVER, FakeWitness, Log, Manner, Network, ORIGIN, Pair, TIME, answer, conflict, lines, name,
};

async fn cosign(witnesses: &Witnesses, log: &Log, size: u64) -> Outcome {
    let head = log.head(size);
    witnesses.cosign(&head, &log.note(&head), log).await
}

async fn cosign_by_all(witnesses: &Witnesses, log: &Log, size: u64) -> Outcome {
    let head = log.head(size);
    witnesses.cosign_by_all(&head, &log.note(&head), log).await
}

/// What the one witness `a` said.
fn failure(mut outcome: Outcome) -> Failure {
    assert!(outcome.cosignatures.is_empty());
    assert!(!outcome.is_quorum_met);
    let (name, failure) = outcome.failures.pop_first().unwrap();
    assert_eq!(name.as_str(), "a");
    failure
}

fn signers(outcome: &Outcome) -> String {
    outcome
        .cosignatures
        .keys()
        .map(|name| name.as_str())
        .collect()
}

#[tokio::test]
async fn appends_the_cosignatures_behind_the_signature_of_the_log() {
    let (log, network) = (Log::new(), Network::strict(3));
    let witnesses = network.witnesses(2, FOR_EVER);
    let note = log.note(&log.head(5));
    let outcome = cosign_by_all(&witnesses, &log, 5).await;
    assert!(outcome.is_quorum_met);
    assert!(outcome.failures.is_empty());
    let encoded = outcome.note.encode();
    assert!(encoded.starts_with(&note.encode()), "{encoded}");
    assert_eq!(outcome.note.signatures.len(), 4);
    let read = SignedCheckpoint::parse(&encoded).unwrap();
    read.verify(&Origin::parse(ORIGIN).unwrap(), &log.key())
        .unwrap();
    let cosigned = witnesses.policy().cosigned(&read.note);
    assert!(cosigned.iter().eq(outcome.cosignatures.keys()));
    assert!(witnesses.policy().is_met(&cosigned));
    let times = outcome.cosignatures.values();
    assert!(
        times
            .map(|cosignature| cosignature.timestamp_seconds)
            .eq([TIME; 3])
    );
}

#[tokio::test]
async fn replaces_a_cosignature_that_stands_on_the_note() {
    let (log, network) = (Log::new(), Network::strict(2));
    let witnesses = network.witnesses(2, FOR_EVER);
    let first = cosign(&witnesses, &log, 5).await;
    let again = witnesses.cosign(&log.head(5), &first.note, &log).await;
    assert_eq!(again.note, first.note);
    assert!(again.is_quorum_met);
}

#[tokio::test]
async fn asks_once_from_where_each_witness_is() {
    let (log, network) = (Log::new(), Network::strict(2));
    let witnesses = network.witnesses(2, FOR_EVER);
    for (size, asked) in [(3, 1), (3, 2), (4, 3), (100, 4), (101, 5)] {
        assert!(cosign(&witnesses, &log, size).await.is_quorum_met, "{size}");
        assert_eq!(network.witness("a").asked(), asked, "{size}");
    }
}

#[tokio::test]
async fn learns_from_the_witness_where_it_is_after_a_restart() {
    let (log, network) = (Log::new(), Network::strict(1));
    cosign(&network.witnesses(1, FOR_EVER), &log, 7).await;
    for size in [7, 9] {
        let asked = network.witness("a").asked();
        let restarted = network.witnesses(1, FOR_EVER);
        assert!(cosign(&restarted, &log, size).await.is_quorum_met);
        assert_eq!(network.witness("a").asked(), asked + 2);
    }
}

#[tokio::test]
async fn follows_a_witness_that_has_lost_its_memory() {
    let (log, network) = (Log::new(), Network::strict(1));
    let witnesses = network.witnesses(1, FOR_EVER);
    cosign(&witnesses, &log, 7).await;
    *network.witness("a").seen.lock().unwrap() = TreeHead::empty();
    assert!(cosign(&witnesses, &log, 9).await.is_quorum_met);
}

#[tokio::test]
async fn a_witness_that_has_seen_more_gives_away_an_old_copy() {
    let (log, network) = (Log::new(), Network::strict(1));
    cosign(&network.witnesses(1, FOR_EVER), &log, 9).await;
    let restored = network.witnesses(1, FOR_EVER);
    let failure = failure(cosign(&restored, &log, 7).await);
    assert!(matches!(failure, Failure::Ahead { size: 9, ours: 7 }));
    assert!(failure.is_alarm());
    assert!(failure.to_string().contains("this is an old copy"));
    let cosigned = network.witness("a").seen.lock().unwrap().size;
    assert_eq!(cosigned, 9, "the witness keeps what it has seen");
}

#[tokio::test]
async fn an_older_checkpoint_of_the_same_process_is_no_alarm() {
    let (log, network) = (Log::new(), Network::strict(1));
    let witnesses = network.witnesses(1, FOR_EVER);
    cosign(&witnesses, &log, 9).await;
    let failure = failure(cosign(&witnesses, &log, 7).await);
    assert!(matches!(failure, Failure::Superseded { size: 9 }));
    assert!(!failure.is_alarm());
}

#[tokio::test]
async fn a_forked_log_is_an_alarm() {
    let network = Network::strict(1);
    cosign(&network.witnesses(1, FOR_EVER), &Log::new(), 7).await;
    let fork = Log::forked(1);
    let same_size = failure(cosign(&network.witnesses(1, FOR_EVER), &fork, 7).await);
    assert!(matches!(same_size, Failure::Forked { size: 7 }));
    assert!(same_size.is_alarm());
    let larger = failure(cosign(&network.witnesses(1, FOR_EVER), &fork, 9).await);
    assert!(matches!(larger, Failure::Inconsistent));
    assert!(larger.is_alarm());
}

#[tokio::test]
async fn a_refused_proof_between_equal_sizes_is_a_fork() {
    // As litewitness answers.
    let answers = vec![
        conflict("5\n"),
        answer(422, None, "bad consistency proof\n"),
    ];
    let network = Network::single(Manner::InTurn(answers));
    let refused = failure(cosign(&network.witnesses(1, FOR_EVER), &Log::new(), 5).await);
    assert!(matches!(refused, Failure::Forked { size: 5 }));
}

#[tokio::test]
async fn does_not_wait_for_more_than_the_quorum() {
    let witness = |n, manner| FakeWitness::new(&name(n), n, manner);
    let network = Network::new(vec![
        witness(0, Manner::Silent),
        witness(1, Manner::Strict),
        witness(2, Manner::Strict),
    ]);
    let outcome = cosign(&network.witnesses(2, FOR_EVER), &Log::new(), 5).await;
    assert!(outcome.is_quorum_met);
    assert_eq!(signers(&outcome), "bc");
    assert!(outcome.failures.is_empty(), "a was not waited for");
}

#[tokio::test]
async fn waits_for_every_witness_where_none_is_needed() {
    let network = Network::strict(3);
    let outcome = cosign(&network.witnesses(0, FOR_EVER), &Log::new(), 5).await;
    assert!(outcome.is_quorum_met);
    assert_eq!(signers(&outcome), "abc");
}

#[tokio::test]
async fn says_who_failed_and_keeps_what_the_others_signed() {
    let witness = |n, manner| FakeWitness::new(&name(n), n, manner);
    let network = Network::new(vec![
        witness(0, Manner::Silent),
        witness(1, Manner::Dead),
        witness(2, Manner::Strict),
    ]);
    let deadline = Duration::from_millis(20);
    let outcome = cosign(&network.witnesses(2, deadline), &Log::new(), 5).await;
    assert!(!outcome.is_quorum_met);
    assert_eq!(signers(&outcome), "c");
    assert_eq!(outcome.note.signatures.len(), 2);
    let failures: Vec<_> = outcome.failures.values().map(ToString::to_string).collect();
    assert_eq!(
        failures,
        [
            "the witness did not answer within 20 ms",
            "the witness cannot be reached"
        ]
    );
}

#[tokio::test]
async fn says_what_the_witness_does_not_know() {
    let mut stranger = FakeWitness::new("a", 0, Manner::Strict);
    stranger.logs.clear();
    let network = Network::new(vec![stranger]);
    let refused = failure(cosign(&network.witnesses(1, FOR_EVER), &Log::new(), 5).await);
    assert!(matches!(refused, Failure::LogUnknown));

    let network = Network::strict(1);
    let mut log = Log::new();
    log.pair = Pair::new(201);
    let refused = failure(cosign(&network.witnesses(1, FOR_EVER), &log, 5).await);
    assert!(matches!(refused, Failure::LogKeyUnknown));
}

/// What a witness answers, and the name of the failure that it is.
fn wrong_answers() -> Vec<(&'static str, Answer)> {
    let ok = |body: &str| answer(200, None, body);
    let signed = "\u{2014} a AAAAAAAA\n";
    vec![
        ("Malformed", ok("")),
        ("Malformed", ok("\n")),
        ("Malformed", ok("no line")),
        ("Malformed", ok("<html></html>\n")),
        ("Malformed", ok(signed.trim_end())),
        ("Malformed", ok(&format!("{signed}\n"))),
        ("Malformed", ok(&format!("\n{signed}"))),
        ("Malformed", ok(&format!("more text\n\n{signed}"))),
        ("Malformed", ok(&signed.repeat(101))),
        (
            "Malformed",
            Answer {
                body: vec![0xff; 9],
                ..ok("")
            },
        ),
        ("Unsigned", ok(signed)),
        ("Status", answer(201, None, signed)),
        ("Status", answer(301, None, "")),
        ("Status", answer(400, None, "")),
        ("Status", answer(500, None, "")),
        ("Status", answer(409, None, "6\n")),
        ("Status", answer(409, Some("text/plain"), "6\n")),
        ("Status", conflict("")),
        ("Status", conflict("06\n")),
        ("Status", conflict("+6\n")),
        ("Status", conflict("-1\n")),
        ("Status", conflict("6\n\n")),
        ("Status", conflict("18446744073709551616\n")),
        // The size that was submitted: nothing is learnt.
        ("Status", conflict("0\n")),
        ("Ahead", conflict("18446744073709551615\n")),
        ("Ahead", conflict("6\n")),
    ]
}

#[tokio::test]
async fn refuses_what_is_not_an_answer() {
    for (expected, wrong) in wrong_answers() {
        let shown = format!("{wrong:?}");
        let network = Network::single(Manner::InTurn(vec![wrong]));
        let refused = failure(cosign(&network.witnesses(1, FOR_EVER), &Log::new(), 5).await);
        assert!(
            format!("{refused:?}").starts_with(expected),
            "{shown}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn reads_a_size_whatever_its_media_type_looks_like() {
    for media_type in ["Text/X.tlog.size; charset=utf-8", " text/x.tlog.size"] {
        for size in ["6\n", "6"] {
            let ahead = answer(409, Some(media_type), size);
            let network = Network::single(Manner::InTurn(vec![ahead]));
            let refused = failure(cosign(&network.witnesses(1, FOR_EVER), &Log::new(), 5).await);
            assert!(matches!(refused, Failure::Ahead { size: 6, ours: 5 }));
        }
    }
}

#[tokio::test]
async fn gives_up_on_a_witness_that_is_elsewhere_each_time() {
    let network = Network::single(Manner::InTurn(vec![
        conflict("1\n"),
        conflict("2\n"),
        conflict("3\n"),
    ]));
    let refused = failure(cosign(&network.witnesses(1, FOR_EVER), &Log::new(), 50).await);
    assert!(matches!(refused, Failure::Unsettled { tries: 3 }));
    assert_eq!(network.witness("a").asked(), 3);
}

#[tokio::test]
async fn takes_only_a_cosignature_of_the_witness_key_on_this_text() {
    type Lines = fn(&Pair, &SignedNote) -> String;
    let table: [(&str, Lines); 8] = [
        ("Unsigned", |pair, note| {
            lines(vec![pair.cosign("b", &note.text, TIME)])
        }),
        ("Unsigned", |_, note| {
            lines(vec![Pair::new(9).cosign("a", &note.text, TIME)])
        }),
        ("Unsigned", |_, note| lines(note.signatures.clone())),
        ("BadSignature", |pair, _| {
            lines(vec![pair.cosign("a", "other\n", TIME)])
        }),
        ("BadSignature", |pair, note| {
            lines(vec![pair.cosign("a", &note.text, 0)])
        }),
        ("BadSignature", |pair, note| {
            lines(vec![pair.cosign("a", &note.text, 1 << 63)])
        }),
        ("BadSignature", |pair, note| {
            let mut other_time = pair.cosign("a", &note.text, TIME);
            other_time.signature[7] ^= 1;
            lines(vec![other_time])
        }),
        ("BadSignature", |pair, note| {
            let mut long = pair.cosign("a", &note.text, TIME);
            long.signature.push(0);
            lines(vec![long])
        }),
    ];
    for (expected, wrong) in table {
        let network = Network::single(Manner::Lines(wrong));
        let refused = failure(cosign(&network.witnesses(1, FOR_EVER), &Log::new(), 5).await);
        assert!(format!("{refused:?}").starts_with(expected), "{refused:?}");
    }
}

#[tokio::test]
async fn ignores_the_lines_of_others_beside_the_right_one() {
    let network = Network::single(Manner::Lines(|pair, note| {
        let mut mldsa = pair.cosign("a", &note.text, TIME);
        mldsa.key_id = sigstead_note::KeyId::from_bytes(*b"mlds");
        mldsa.signature = vec![7; 8 + 2420];
        lines(vec![
            mldsa,
            Pair::new(9).cosign("b", &note.text, TIME),
            pair.cosign("a", "other\n", TIME),
            pair.cosign("a", &note.text, TIME),
        ])
    }));
    let outcome = cosign(&network.witnesses(1, FOR_EVER), &Log::new(), 5).await;
    assert!(outcome.is_quorum_met);
    assert_eq!(
        outcome.note.signatures.len(),
        2,
        "nothing else is taken over"
    );
}

struct Broken(u64);

#[async_trait]
impl ConsistencySource for Broken {
    async fn consistency(
        &self,
        first_size: u64,
        new: &TreeHead,
    ) -> Result<ConsistencyProof, BoxError> {
        let (second_size, lines) = match self.0 {
            0 => return Err("the disk is gone".into()),
            1 => (new.size + 1, 0),
            _ => (new.size, 64),
        };
        let hashes = vec![NodeHash::from_bytes([7; 32]); lines];
        Ok(ConsistencyProof {
            first_size,
            second_size,
            hashes,
        })
    }
}

#[tokio::test]
async fn sends_no_proof_that_it_does_not_have() {
    for kind in 0..3 {
        let (log, network) = (Log::new(), Network::strict(1));
        let witnesses = network.witnesses(1, FOR_EVER);
        cosign(&witnesses, &log, 5).await;
        let head = log.head(9);
        let outcome = witnesses
            .cosign(&head, &log.note(&head), &Broken(kind))
            .await;
        let refused = failure(outcome);
        assert!(matches!(refused, Failure::Proof { old_size: 5, .. }));
        assert_eq!(network.witness("a").asked(), 1);
    }
}

#[tokio::test]
async fn needs_to_know_where_each_witness_is() {
    let vkey = Pair::new(1).vkey("w", 4);
    let policy = Policy::parse(&format!("witness w {vkey}\nquorum w\n")).unwrap();
    let refused = Witnesses::new(policy, Arc::new(Network::strict(0)), FOR_EVER);
    assert!(matches!(refused.err(), Some(Error::UrlMissing(name)) if name == "w"));
}

#[tokio::test]
async fn a_submission_may_run_on_a_task_of_its_own() {
    let (log, network) = (Log::new(), Network::strict(2));
    let witnesses = network.witnesses(2, FOR_EVER);
    let task = tokio::spawn(async move { cosign(&witnesses, &log, 5).await.is_quorum_met });
    assert!(task.await.unwrap());
}

#[derive(Debug, Clone)]
enum Step {
    Grow(u64),
    Restart,
    Forget(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..40_u64).prop_map(Step::Grow),
        1 => Just(Step::Restart),
        1 => (0..3_u8).prop_map(Step::Forget),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn strict_witnesses_cosign_every_honest_growth(steps in prop::collection::vec(step(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (log, network) = (Log::new(), Network::strict(3));
        let mut witnesses = network.witnesses(3, FOR_EVER);
        let mut size = 0;
        for step in steps {
            match step {
                Step::Grow(by) => size += by,
                Step::Restart => witnesses = network.witnesses(3, FOR_EVER),
                Step::Forget(n) => {
                    *network.witness(&name(n)).seen.lock().unwrap() = TreeHead::empty();
                }
            }
            let outcome = runtime.block_on(cosign(&witnesses, &log, size));
            prop_assert!(outcome.is_quorum_met, "{:?}", outcome.failures);
            prop_assert_eq!(outcome.note.signatures.len(), 4);
        }
    }
}
