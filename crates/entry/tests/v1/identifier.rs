use proptest::prelude::*;
use serde_json::json;
use sigstead_entry::v1::{EntryId, Error, TreeId, signed_entry_timestamp_input};
use sigstead_merkle::LeafHash;

use crate::world::{b64, good_hashedrekord, verify};

#[test]
fn the_number_of_a_tree_is_positive_and_fits_a_signed_one() {
    // The shards of the public instance.
    for (decimal, hex) in [
        ("1193050959916656506", "108e9186e8c5677a"),
        ("3904496407287907110", "362f8ecba72f4326"),
        ("2605736670972794746", "24296fb24b8ad77a"),
    ] {
        let id = TreeId::parse_decimal(decimal).unwrap();
        assert_eq!(id.to_string(), decimal);
        assert_eq!(id.to_hex16(), hex);
        assert_eq!(TreeId::parse_hex16(hex).unwrap(), id);
        assert_eq!(TreeId::try_from(id.get()).unwrap(), id);
    }
    assert_eq!(
        TreeId::parse_decimal("1").unwrap().to_hex16(),
        "0000000000000001"
    );
    for wrong in [
        "",
        "0",
        "-1",
        "+1",
        " 1",
        "1.0",
        "0x1",
        "9223372036854775808",
        "18446744073709551616",
    ] {
        assert!(
            matches!(TreeId::parse_decimal(wrong), Err(Error::TreeId)),
            "{wrong}"
        );
    }
    for wrong in [
        "",
        "1",
        "0000000000000000",
        "8000000000000000",
        "000000000000001g",
        "00000000000000001",
    ] {
        assert!(
            matches!(TreeId::parse_hex16(wrong), Err(Error::TreeId)),
            "{wrong}"
        );
    }
}

#[test]
fn an_entry_is_named_with_and_without_its_tree() {
    let leaf = "ab".repeat(32);
    let id = EntryId::parse(&leaf.to_uppercase()).unwrap();
    assert_eq!(id.tree_id, None);
    assert_eq!(id.leaf_hash, LeafHash::from_bytes([0xab; 32]));
    assert_eq!(id.to_string(), leaf);
    let full = format!("24296FB24B8AD77A{leaf}");
    let id = EntryId::parse(&full).unwrap();
    assert_eq!(id.tree_id.unwrap().to_string(), "2605736670972794746");
    assert_eq!(id.to_string(), full.to_lowercase());
    let long = "é".repeat(40);
    let no_tree = format!("{}{leaf}", "0".repeat(16));
    assert!(matches!(EntryId::parse(&no_tree), Err(Error::TreeId)));
    for wrong in [
        "",
        &leaf[1..],
        &full[1..],
        long.as_str(),
        "zz".repeat(32).as_str(),
    ] {
        assert!(
            matches!(EntryId::parse(wrong), Err(Error::EntryId)),
            "{wrong}"
        );
    }
}

#[test]
fn the_leaf_hash_is_that_of_the_canonical_body() {
    let verified = verify(&good_hashedrekord()).unwrap();
    assert_eq!(
        verified.leaf_hash(),
        LeafHash::of(verified.canonical_body())
    );
}

proptest! {
    #[test]
    fn every_identifier_is_read_as_it_was_written(number in 1..=i64::MAX as u64, leaf in any::<[u8; 32]>(), has_tree: bool) {
        let tree_id = TreeId::try_from(number).unwrap();
        let id = EntryId { tree_id: has_tree.then_some(tree_id), leaf_hash: LeafHash::from_bytes(leaf) };
        prop_assert_eq!(EntryId::parse(&id.to_string()).unwrap(), id);
    }

    #[test]
    fn text_of_any_kind_is_an_identifier_or_refused(text in ".{0,90}") {
        let _ = (EntryId::parse(&text), TreeId::parse_decimal(&text), TreeId::parse_hex16(&text));
    }

    #[test]
    fn the_promise_is_canonical_json(body: Vec<u8>, time in 0..1_u64 << 53, log_id: [u8; 32], index in 0..1_u64 << 53) {
        let value = json!({"logIndex": index, "logID": hex::encode(log_id), "integratedTime": time, "body": b64(&body)});
        let expected = serde_json_canonicalizer::to_vec(&value).unwrap();
        prop_assert_eq!(signed_entry_timestamp_input(&body, time, &log_id, index), expected);
    }
}
