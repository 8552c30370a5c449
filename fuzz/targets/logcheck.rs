//! The verifier of logs: no log and no ledger stops it, and what it calls sound is the tree that our own crates compute.
#![no_main]

use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;
use sigstead_checkpoint::SignedCheckpoint;
use sigstead_fuzz::parts;
use sigstead_logcheck::{Face, Log, LogKey, Memory, Request, check};
use sigstead_merkle::{LeafHash, NodeHash, NodeReader, root_of};
use sigstead_tiles::EntryBundle;

fuzz_target!(|data: &[u8]| {
    let [
        how,
        key,
        origin,
        checkpoint,
        bundle,
        tile,
        ledger,
        observed,
        ..,
    ] = parts(data)[..]
    else {
        return;
    };
    let ([face, width, ..], Ok(key), Ok(origin)) = (how, text(key), text(origin)) else {
        return;
    };
    let face = [Face::RekorV2, Face::RekorV1, Face::StaticCt][usize::from(face % 3)];
    let Ok(log) = LogKey::from_pem(key).and_then(|key| Log::new(face, origin, key)) else {
        return;
    };
    let folder = if face == Face::StaticCt {
        "data"
    } else {
        "entries"
    };
    let mut source = Memory {
        listed: face != Face::RekorV1,
        ..Memory::default()
    };
    let file = |folder: &str| format!("tile/{folder}/000.p/{width}");
    source
        .files
        .insert("checkpoint".to_owned(), checkpoint.to_vec());
    source.files.insert(file(folder), bundle.to_vec());
    source.files.insert(file("0"), tile.to_vec());
    let mut request = Request::new(log);
    request.ledger = Some(Box::new(ledger));
    request.observed = Some(Box::new(observed));
    let Ok(report) = block_on(check(&source, request)) else {
        return;
    };
    if report.is_sound() && face != Face::StaticCt {
        hold(checkpoint, bundle);
    }
});

/// Computes the tree once more with the crates of the server.
fn hold(checkpoint: &[u8], bundle: &[u8]) {
    let signed = text(checkpoint).expect("it was read");
    let signed = SignedCheckpoint::parse(signed).expect("it was read");
    let head = signed.checkpoint.head;
    let width = u16::try_from(head.size).expect("one bundle holds it");
    let leaves = match width {
        0 => Vec::new(),
        _ => {
            let bundle = EntryBundle::parse(bundle, width).expect("it was read");
            bundle
                .entries()
                .iter()
                .map(|leaf| LeafHash::of(leaf).into())
                .collect()
        }
    };
    let root = root_of(&Leaves(leaves), head.size);
    assert_eq!(root.expect("every leaf is there"), head.root);
}

struct Leaves(Vec<NodeHash>);

impl NodeReader for Leaves {
    type Error = std::num::TryFromIntError;

    fn node(&self, level: u8, index: u64) -> Result<NodeHash, Self::Error> {
        if level == 0 {
            return Ok(self.0[usize::try_from(index)?]);
        }
        let left = self.node(level - 1, index * 2)?;
        let right = self.node(level - 1, index * 2 + 1)?;
        Ok(NodeHash::of_children(&left, &right))
    }
}

fn text(bytes: &[u8]) -> Result<&str, std::str::Utf8Error> {
    std::str::from_utf8(bytes)
}
