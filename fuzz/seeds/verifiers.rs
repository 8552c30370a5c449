//! Whole logs for the verifier of logs, answers of witnesses, and indexes that are damaged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sigstead_entry::Verifier;
use sigstead_fuzz::join;
use sigstead_key::Algorithm;
use sigstead_merkle::{LeafHash, NodeHash, RootHash, TreeHead};
use sigstead_note::{KeyId, KeyName, SignedNote};
use sigstead_tiles::{EntryBundle, Tile};

use crate::documents::{ARTIFACT, verified};
use crate::logs::{checkpoint, head};
use crate::world::{World, key, sign};
use crate::{Seed, with_miss};

pub(crate) fn seeds(world: &World) -> Vec<Seed> {
    [logs(world), answers(world), indexes()].concat()
}

/// Logs of two entries, with a ledger of the first and an observation of the whole.
fn logs(world: &World) -> Vec<Seed> {
    let holder = Verifier::PublicKey(world.holder.public_key().spki_der().to_vec());
    let bodies: Vec<_> = [(); 2]
        .map(|()| verified(&sign(&world.holder, ARTIFACT), holder.clone()))
        .map(|entry| entry.canonical_body().to_vec())
        .into();
    let body_v1 = |kind| json!({"apiVersion": "0.0.1", "kind": kind, "spec": {}}).to_string();
    let bodies_v1 = ["hashedrekord", "dsse"].map(|kind| body_v1(kind).into_bytes());
    let versions = [
        (0, "v2", "log.example.com", bodies),
        (1, "v1", "log.example.com - 7", bodies_v1.into()),
    ];
    let seeds = versions.map(|(face, name, origin, bodies)| {
        with_miss(
            "logcheck",
            name,
            parts_of(world, &[face, 2], origin, bodies),
        )
    });
    seeds.concat()
}

fn parts_of(world: &World, how: &[u8], origin: &str, bodies: Vec<Vec<u8>>) -> Vec<u8> {
    let leaves: Vec<_> = bodies.iter().map(|body| LeafHash::of(body)).collect();
    let nodes: Vec<NodeHash> = leaves.iter().map(|leaf| (*leaf).into()).collect();
    let root = NodeHash::of_children(&nodes[0], &nodes[1]);
    let head = TreeHead {
        size: 2,
        root: RootHash::from_bytes(*root.as_bytes()),
    };
    let checkpoint = checkpoint(world, origin, head);
    let proof = [STANDARD.encode(nodes[1].as_bytes())];
    let ack = json!({
        "index": 0, "body": STANDARD.encode(&bodies[0]), "checkpoint": checkpoint, "proof": proof,
    });
    let observed = json!({"time_millis": 1, "checkpoint": checkpoint});
    let tile = Tile::new(nodes).expect("a tile").encode();
    let bundle = EntryBundle::new(bodies).expect("a bundle").encode();
    join(&[
        how,
        world.log.public_key().to_pem().as_bytes(),
        origin.as_bytes(),
        checkpoint.as_bytes(),
        &bundle,
        &tile,
        ack.to_string().as_bytes(),
        observed.to_string().as_bytes(),
    ])
}

/// A policy of one witness, a checkpoint, and what the witness answers to it.
fn answers(world: &World) -> Vec<Seed> {
    let witness = key(Algorithm::Ed25519);
    let name = KeyName::parse("witness.example.com").expect("a name");
    let raw = witness.public_key().raw_ed25519().expect("it is one");
    let id = KeyId::truncate(&KeyId::hash(&name, COSIGNATURE_V1, &raw));
    let material = STANDARD.encode([&[COSIGNATURE_V1], raw.as_slice()].concat());
    let policy = format!("witness w {name}+{id}+{material} https://w.example/\nquorum w\n");
    let note = checkpoint(world, "log.example.com", head(7));
    let text = SignedNote::parse(&note).expect("it was written").text;
    let time = 1_700_000_000_u64;
    let signed = sign(
        &witness,
        format!("cosignature/v1\ntime {time}\n{text}").as_bytes(),
    );
    let line = [id.as_bytes().as_slice(), &time.to_be_bytes(), &signed].concat();
    let line = format!("\0\u{2014} {name} {}\n", STANDARD.encode(line));
    let seed = |answers: &[&str]| {
        let before = [policy.as_bytes(), note.as_bytes()];
        let answers = answers.iter().map(|answer| answer.as_bytes());
        join(&before.into_iter().chain(answers).collect::<Vec<_>>())
    };
    let (behind, ahead) = ("\u{1}3\n", "\u{1}9\n");
    let mut seeds = with_miss("witness_answer", "cosigned", seed(&[&line]));
    seeds.push(Seed::new(
        "witness_answer",
        "behind",
        seed(&[behind, &line]),
    ));
    seeds.push(Seed::new("witness_answer", "ahead", seed(&[ahead, &line])));
    seeds.push(Seed::new("witness_answer", "refused", seed(&["\u{2}"])));
    seeds
}

fn indexes() -> Vec<Seed> {
    let script: Vec<u8> = (0..=255)
        .map(|number: u8| number.wrapping_mul(89))
        .collect();
    let harms: [(&str, &[u8]); 4] = [
        ("whole", &[]),
        ("removed", &[1, 0, 0, 0]),
        ("cut", &[0, 1, 7, 0x40]),
        ("flipped", &[0, 0, 40, 0x83, 1, 2, 3, 0xc1]),
    ];
    harms
        .map(|(name, harm)| Seed::new("index", name, join(&[&script, harm])))
        .into()
}

const COSIGNATURE_V1: u8 = 0x04;
