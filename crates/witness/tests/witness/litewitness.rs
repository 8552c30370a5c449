//! What litewitness, the witness of filippo.io/torchwood v0.9.0, answered to this crate in November 2026.

use sigstead_note::SignedNote;
use sigstead_witness::{CosignerKey, Policy};

const VKEY: &str = "witness.example.com/w1+9bcc7f54+BPYHgEhDhsUEdNWsQcCe6nMsZ5LEytOM4lICb0547T3e";
const LOG: &str = "log.example.com+8163c202+AZf/yIPIC+5yN++V2bm3A9StY+YKIeYFhnaCt1uLP0MD";
const NOTE: &str = "\
log.example.com
3
ztz7gYivEQ39o4O8v5wWG9qE4xH9JihtJNPthjBC/7k=

\u{2014} log.example.com gWPCAoPxzjgBx/ynj2xCcAQ/GtRYlxcWfe30VCAjnNOwAwBHunI9MYNPkOtTU7RcIIwY648HdTY7vK/4o0Qu4lUeXgY=
\u{2014} witness.example.com/w1 m8x/VAAAAABrA/sDIP9u8FSaLj+/+ECNQu2rw4hYsfy/swktaRhmUA1fJs0kQtvElZotlizCeyxq4wSWMCWUHEO8gvES2KdmZW1BBg==
";

#[test]
fn verifies_the_cosignature_of_another_implementation() {
    let note = SignedNote::parse(NOTE).unwrap();
    let key = CosignerKey::parse(VKEY).unwrap();
    assert_eq!(key.key_id().to_string(), "9bcc7f54");
    let cosignature = key.find(&note).unwrap().unwrap();
    assert_eq!(cosignature.timestamp_seconds, 1_795_422_979);
}

#[test]
fn counts_it_under_a_policy() {
    let policy = format!("log {LOG}\nwitness w1 {VKEY}\nquorum w1\n");
    let policy = Policy::parse(&policy).unwrap();
    let note = SignedNote::parse(NOTE).unwrap();
    note.verify(&policy.logs()[0].key).unwrap();
    assert!(policy.is_met(&policy.cosigned(&note)));
    let larger = SignedNote::parse(&NOTE.replace("\n3\n", "\n4\n")).unwrap();
    assert!(!policy.is_met(&policy.cosigned(&larger)));
}
