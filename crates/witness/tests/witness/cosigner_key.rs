use proptest::prelude::*;
use sigstead_note::{KeyId, KeyName, SignedNote};
use sigstead_witness::{CosignerKey, Error};

use crate::world::{Pair, TIME};

const TEXT: &str = "log.example.com\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

#[test]
fn refuses_what_is_not_a_key_of_a_witness() {
    let pair = Pair::new(1);
    let good = pair.vkey("witness.example.com/w1", 4);
    let (name, rest) = good.split_once('+').unwrap();
    let (id, key) = rest.split_once('+').unwrap();
    let table = [
        ("VerifierKey", String::new()),
        ("VerifierKey", name.to_owned()),
        ("VerifierKey", format!("{name}+{id}")),
        ("VerifierKey", format!("{name}+{id}+")),
        ("VerifierKey", format!("{name}+{id}+{key}=")),
        (
            "VerifierKey",
            format!("{name}+{id}+{}", &key[..key.len() - 1]),
        ),
        ("VerifierKey", format!("{name}+{id}+{key} ")),
        ("VerifierKey", format!("{name}+{}+{key}", &id[1..])),
        ("VerifierKey", format!("{name}+0{id}+{key}")),
        ("VerifierKey", format!("{name}+0x{}+{key}", &id[2..])),
        ("VerifierKey", format!("{name}+{}zz+{key}", &id[2..])),
        ("VerifierKey", format!("x+{good}")),
        ("KeyName", format!("+{id}+{key}")),
        ("KeyName", format!("a b+{id}+{key}")),
        ("KeyName", format!("a\nb+{id}+{key}")),
        ("KeyIdMismatch", format!("{name}2+{id}+{key}")),
        ("KeyIdMismatch", format!("{name}+00000000+{key}")),
        (
            "KeyIdMismatch",
            good.replace(key, &Pair::new(2).vkey(name, 4)[good.len() - key.len()..]),
        ),
        ("SignatureType", pair.vkey(name, 1)),
        ("SignatureType", pair.vkey(name, 6)),
        ("KeyMaterial", format!("{name}+{id}+BAAA")),
    ];
    for (expected, text) in table {
        let refused = CosignerKey::parse(&text).unwrap_err();
        assert!(
            format!("{refused:?}").starts_with(expected),
            "{text}: {refused:?}"
        );
    }
}

#[test]
fn shows_a_malformed_key_shortened() {
    let refused = CosignerKey::parse(&"x".repeat(10_000)).unwrap_err();
    assert!(refused.to_string().len() < 300);
}

#[test]
fn finds_its_own_cosignature_among_others() {
    let (name, pair) = ("w", Pair::new(1));
    let key = CosignerKey::parse(&pair.vkey(name, 4)).unwrap();
    let wrong = pair.cosign(name, "other\n", TIME);
    let right = pair.cosign(name, TEXT, TIME);
    let other = Pair::new(2).cosign(name, TEXT, TIME);
    let find = |signatures| {
        let text = TEXT.to_owned();
        key.find(&SignedNote { text, signatures })
    };
    assert!(find(vec![]).unwrap().is_none());
    assert!(find(vec![other.clone()]).unwrap().is_none());
    assert!(matches!(
        find(vec![other.clone(), wrong.clone()]),
        Err(Error::CosignatureInvalid { .. })
    ));
    let found = find(vec![other, wrong, right.clone()]).unwrap().unwrap();
    assert_eq!(found.line, right);
    assert_eq!(found.timestamp_seconds, TIME);
}

#[test]
fn refuses_the_line_of_another_key() {
    let pair = Pair::new(1);
    let key = CosignerKey::parse(&pair.vkey("w", 4)).unwrap();
    let mut line = pair.cosign("w", TEXT, TIME);
    line.key_id = KeyId::from_bytes([0; 4]);
    assert!(matches!(
        key.verify(TEXT, &line),
        Err(Error::OtherKey { .. })
    ));
    line = pair.cosign("w2", TEXT, TIME);
    assert!(matches!(
        key.verify(TEXT, &line),
        Err(Error::OtherKey { .. })
    ));
}

#[test]
fn refuses_cosignatures_of_another_length() {
    let pair = Pair::new(1);
    let key = CosignerKey::parse(&pair.vkey("w", 4)).unwrap();
    for length in [0, 1, 8, 64, 71] {
        let mut line = pair.cosign("w", TEXT, TIME);
        line.signature.truncate(length);
        let refused = key.verify(TEXT, &line);
        assert!(
            matches!(refused, Err(Error::CosignatureLength { .. })),
            "{length}"
        );
    }
}

proptest! {
    #[test]
    fn reads_what_it_writes(number: u8, name in "[!-*,-~]{1,40}") {
        let text = Pair::new(number).vkey(&name, 4);
        let key = CosignerKey::parse(&text).unwrap();
        prop_assert_eq!(key.name(), &KeyName::parse(&name).unwrap());
        prop_assert_eq!(key.to_string(), text.as_str());
        prop_assert_eq!(text.parse::<CosignerKey>().unwrap(), key);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,10}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{0,60}={0,2}") {
        if let Ok(key) = CosignerKey::parse(&text) {
            prop_assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn verifies_what_is_signed_and_nothing_else(text in "\\PC{0,40}\n", time in 1..=i64::MAX as u64, flip in 0..72_usize) {
        let pair = Pair::new(1);
        let key = CosignerKey::parse(&pair.vkey("w", 4)).unwrap();
        let mut line = pair.cosign("w", &text, time);
        prop_assert_eq!(key.verify(&text, &line).unwrap().timestamp_seconds, time);
        line.signature[flip] ^= 1;
        prop_assert!(key.verify(&text, &line).is_err());
    }
}
