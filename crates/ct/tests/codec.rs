//! What is written is read back, and nothing else is read.

use proptest::prelude::*;
use sigstead_ct::{
    DigitallySigned, Error, IssuerKeyHash, SignedCertificateTimestamp, SignedEntry, TileLeaf,
    TimestampedEntry, TreeHeadSignature, leaf_index_extension, leaf_index_of, tree_head_input,
};
use sigstead_key::{Algorithm, LogId};
use sigstead_merkle::{LeafHash, LeafIndex, TreeHead};

fn entry() -> impl Strategy<Value = (SignedEntry, Option<Vec<u8>>)> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..300);
    let certificate = bytes().prop_map(|der| (SignedEntry::Certificate(der), None));
    let precertificate = (any::<[u8; 32]>(), bytes(), bytes()).prop_map(|(hash, tbs, der)| {
        let issuer_key_hash = IssuerKeyHash(hash);
        (
            SignedEntry::Precertificate {
                issuer_key_hash,
                tbs,
            },
            Some(der),
        )
    });
    prop_oneof![certificate, precertificate]
}

prop_compose! {
    fn leaf()(
        timestamp_millis: u64,
        (entry, precertificate) in entry(),
        extensions in prop::collection::vec(any::<u8>(), 0..20),
        chain in prop::collection::vec(any::<[u8; 32]>(), 0..4),
    ) -> TileLeaf {
        let timestamped_entry = TimestampedEntry { timestamp_millis, entry, extensions };
        TileLeaf { timestamped_entry, precertificate, chain }
    }
}

proptest! {
    #[test]
    fn a_leaf_is_read_back_and_never_from_a_part(leaf in leaf(), behind: u8) {
        let mut bytes = leaf.encode().unwrap();
        prop_assert_eq!(&TileLeaf::decode(&bytes).unwrap(), &leaf);
        prop_assert!(TileLeaf::decode(&bytes[..bytes.len() - 1]).is_err());
        let length = bytes.len();
        bytes.push(behind);
        prop_assert!(TileLeaf::decode(&bytes).is_err());
        prop_assert_eq!(TileLeaf::decode_first(&bytes).unwrap(), (leaf, length));
    }

    #[test]
    fn any_bytes_are_a_leaf_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(leaf) = TileLeaf::decode(&bytes) {
            prop_assert_eq!(leaf.encode().unwrap(), bytes);
        }
    }

    #[test]
    fn an_sct_is_read_back(id: [u8; 32], time: u64, signature in prop::collection::vec(any::<u8>(), 0..80)) {
        let sct = SignedCertificateTimestamp {
            log_id: LogId::from_bytes(id),
            timestamp_millis: time,
            extensions: leaf_index_extension(LeafIndex::new(time % (1 << 40))).unwrap(),
            signature: DigitallySigned::new(Algorithm::EcdsaP256Sha256, signature).unwrap(),
        };
        let bytes = sct.encode().unwrap();
        prop_assert_eq!(SignedCertificateTimestamp::parse(&bytes).unwrap(), sct);
        prop_assert!(SignedCertificateTimestamp::parse(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn an_index_is_read_back(index in 0..1_u64 << 40) {
        let extension = leaf_index_extension(LeafIndex::new(index)).unwrap();
        prop_assert_eq!(leaf_index_of(&extension), Some(LeafIndex::new(index)));
    }
}

#[test]
fn writes_the_bytes_of_the_specifications() {
    let entry = TimestampedEntry {
        timestamp_millis: 0x0102_0304,
        entry: SignedEntry::Certificate(b"der".to_vec()),
        extensions: leaf_index_extension(LeafIndex::new(0x0a_0b0c_0d0e)).unwrap(),
    };
    let content = b"\0\0\0\0\x01\x02\x03\x04\0\0\0\0\x03der\0\x08\0\0\x05\x0a\x0b\x0c\x0d\x0e";
    let signed = [&[0, 0], &content[..]].concat();
    assert_eq!(entry.sct_input().unwrap(), signed);
    assert_eq!(entry.merkle_tree_leaf().unwrap(), signed);
    assert_eq!(entry.leaf_hash().unwrap(), LeafHash::of(&signed));

    let leaf = TileLeaf {
        timestamped_entry: TimestampedEntry {
            timestamp_millis: 1,
            entry: SignedEntry::Precertificate {
                issuer_key_hash: IssuerKeyHash([7; 32]),
                tbs: b"tbs".to_vec(),
            },
            extensions: Vec::new(),
        },
        precertificate: Some(b"pre".to_vec()),
        chain: vec![[9; 32]],
    };
    let expected = [
        &b"\0\0\0\0\0\0\0\x01\0\x01"[..],
        &[7; 32],
        b"\0\0\x03tbs\0\0\0\0\x03pre\0\x20",
        &[9; 32],
    ];
    assert_eq!(leaf.encode().unwrap(), expected.concat());

    let head = TreeHead {
        size: 5,
        root: TreeHead::empty().root,
    };
    let input = [
        b"\0\x01\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\x05",
        &head.root.as_bytes()[..],
    ];
    assert_eq!(tree_head_input(&head, 7), input.concat());
    let signature = TreeHeadSignature {
        timestamp_millis: 7,
        signature: DigitallySigned::new(Algorithm::EcdsaP256Sha256, b"s".to_vec()).unwrap(),
    };
    let bytes = b"\0\0\0\0\0\0\0\x07\x04\x03\0\x01s";
    assert_eq!(signature.encode().unwrap(), bytes);
    assert_eq!(TreeHeadSignature::parse(bytes).unwrap(), signature);
    for length in 0..bytes.len() {
        assert!(TreeHeadSignature::parse(&bytes[..length]).is_err());
    }
    assert!(TreeHeadSignature::parse(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn refuses_leaves_that_contradict_themselves() {
    let certificate = TimestampedEntry {
        timestamp_millis: 1,
        entry: SignedEntry::Certificate(Vec::new()),
        extensions: Vec::new(),
    };
    let with = |timestamped_entry, precertificate| {
        TileLeaf {
            timestamped_entry,
            precertificate,
            chain: Vec::new(),
        }
        .encode()
    };
    assert!(with(certificate.clone(), Some(Vec::new())).is_err());
    let precertificate = TimestampedEntry {
        entry: SignedEntry::Precertificate {
            issuer_key_hash: IssuerKeyHash([0; 32]),
            tbs: Vec::new(),
        },
        ..certificate.clone()
    };
    assert!(with(precertificate, None).is_err());
    let long = TimestampedEntry {
        extensions: vec![0; 1 << 16],
        ..certificate.clone()
    };
    assert!(matches!(with(long, None), Err(Error::TooLong(_))));
    let entry = SignedEntry::Certificate(vec![0; 1 << 24]);
    assert!(matches!(entry.identity(), Err(Error::TooLong(_))));
    let mut bytes = with(certificate, None).unwrap();
    bytes[9] = 2;
    assert!(TileLeaf::decode(&bytes).is_err(), "unknown entry type");
    let uneven = [&[0_u8; 8][..], &[0, 0, 0, 0, 0, 0, 0], &[0, 31], &[0; 31]].concat();
    assert!(TileLeaf::decode(&uneven).is_err(), "half a fingerprint");
}

#[test]
fn finds_the_index_among_other_extensions_only_when_it_is_well_formed() {
    let index = leaf_index_extension(LeafIndex::new(3)).unwrap();
    let behind = [&[1, 0, 1, 9], &index[..]].concat();
    assert_eq!(leaf_index_of(&behind), Some(LeafIndex::new(3)));
    for extensions in [
        &[][..],
        &[0],
        &[0, 0, 4, 0, 0, 0, 0],
        &[1, 0, 2, 0],
        &index[..7],
    ] {
        assert_eq!(leaf_index_of(extensions), None, "{extensions:?}");
    }
    assert!(matches!(
        leaf_index_extension(LeafIndex::new(1 << 40)),
        Err(Error::TooLong(_))
    ));
}

#[test]
fn knows_which_keys_sign_scts() {
    for algorithm in Algorithm::ALL {
        let is_known = algorithm == Algorithm::EcdsaP256Sha256 || algorithm.is_rsa();
        let signed = DigitallySigned::new(algorithm, Vec::new());
        assert_eq!(signed.is_ok(), is_known, "{algorithm:?}");
    }
}
