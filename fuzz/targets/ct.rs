//! The TLS structures of certificate transparency: what is read is written back byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_ct::{
    DigitallySigned, SignedCertificateTimestamp, TileLeaf, TreeHeadSignature, encode_list,
    leaf_index_of, parse_list,
};

fuzz_target!(|data: &[u8]| {
    if let Ok(sct) = SignedCertificateTimestamp::parse(data) {
        assert_eq!(sct.encode().expect("it was short enough"), data);
        let _ = leaf_index_of(&sct.extensions);
    }
    if let Ok(scts) = parse_list(data)
        && !scts.is_empty()
    {
        assert_eq!(encode_list(&scts).expect("it was short enough"), data);
    }
    if let Ok(signed) = DigitallySigned::parse(data) {
        assert_eq!(signed.encode().expect("it was short enough"), data);
    }
    if let Ok(signature) = TreeHeadSignature::parse(data) {
        assert_eq!(signature.encode().expect("it was short enough"), data);
    }
    let _ = leaf_index_of(data);
    let mut rest = data;
    while let Ok((leaf, length)) = TileLeaf::decode_first(rest) {
        let (own, behind) = rest.split_at(length);
        assert!(!own.is_empty());
        assert_eq!(leaf.encode().expect("it was short enough"), own);
        assert_eq!(TileLeaf::decode(own).ok().as_ref(), Some(&leaf));
        assert!(leaf.timestamped_entry.leaf_hash().is_ok());
        rest = behind;
    }
});
