//! Signatures: bent, cut, of another form, of another key, of another token.

use crate::case::{Case, Change, Expected, case, refused};
use crate::draft::{Base, Draft};
use crate::key::{Keys, Signing, encode};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let fails = || refused("signature", "the token's signature does not verify");
    for signing in ALL {
        let mut with = |name: &str, change: fn(Vec<u8>) -> Vec<u8>, expected| {
            let name = format!("signature: {signing:?}, {name}");
            cases.push(case(
                name,
                Base::People,
                Change::Signature(signing, change),
                expected,
            ));
        };
        with("as it is", |signature| signature, Expected::Accepted);
        with("all zeros", |signature| vec![0; signature.len()], fails());
        with("all ones", |signature| vec![0xff; signature.len()], fails());
        with(
            "one byte short",
            |signature| signature[..signature.len() - 1].to_vec(),
            fails(),
        );
        with(
            "half of it",
            |signature| signature[..signature.len() / 2].to_vec(),
            fails(),
        );
        with(
            "a zero behind",
            |signature| [&signature[..], &[0]].concat(),
            fails(),
        );
        with(
            "a zero before",
            |signature| [&[0], &signature[..]].concat(),
            fails(),
        );
        with(
            "first bit turned",
            |signature| turned(signature, 0),
            fails(),
        );
        with(
            "last bit turned",
            |signature| turned(signature, usize::MAX),
            fails(),
        );
        with("twice", |signature| signature.repeat(2), fails());
    }
    for (name, change) in ECDSA {
        let name = format!("signature: Es256, {name}");
        cases.push(case(
            name,
            Base::People,
            Change::Signature(Signing::Es256, *change),
            fails(),
        ));
    }
    let texts: [(&str, Spoil); 8] = [
        ("padded", |keys, draft| draft.sign(keys) + "=="),
        ("a line feed behind", |keys, draft| draft.sign(keys) + "\n"),
        ("bits left over that are not zero", |keys, draft| {
            let token = draft.sign(keys);
            // 64 bytes are 86 letters, of the last of which two bits count.
            let (rest, last) = token.split_at(token.len() - 1);
            let other = match last {
                "A" => "B",
                "Q" => "R",
                "g" => "h",
                _ => "x",
            };
            format!("{rest}{other}")
        }),
        ("one letter", |keys, draft| {
            without_signature(&draft.sign(keys)) + "A"
        }),
        ("no base64", |keys, draft| {
            without_signature(&draft.sign(keys)) + "!!!!"
        }),
        ("of another token", |keys, draft| {
            let other = Base::Names.draft().sign(keys);
            without_signature(&draft.sign(keys)) + other.rsplit('.').next().unwrap()
        }),
        ("of the payload alone", |keys, draft| {
            let signature = keys.sign(Signing::Es256, encode(&draft.payload).as_bytes());
            without_signature(&draft.sign(keys)) + &encode(signature)
        }),
        ("of a key that no issuer publishes", |keys, draft| {
            let mut draft = draft.clone();
            draft.signing = Signing::Stranger;
            draft.sign(keys)
        }),
    ];
    for (name, text) in texts {
        cases.push(case(
            format!("signature: {name}"),
            Base::People,
            Change::Text(text),
            fails(),
        ));
    }
    cases.push(case(
        "signature: payload changed behind it",
        Base::People,
        Change::Text(|keys, draft| {
            let mut claims = Base::People.claims();
            claims["email"] = "mallory@example.com".into();
            let forged = Draft::of(Signing::Es256, &claims).sign(keys);
            let token = draft.sign(keys);
            let parts: Vec<&str> = token.split('.').collect();
            let payload = forged.split('.').nth(1).unwrap();
            format!("{}.{payload}.{}", parts[0], parts[2])
        }),
        fails(),
    ));
    // RFC 7518 §3.4 does not say which of the two values of s counts. What it signs is the same.
    cases.push(case(
        "signature: Es256, the other s",
        Base::People,
        Change::Signature(Signing::Es256, |signature| {
            [&signature[..32], &minus(&ORDER, &signature[32..])].concat()
        }),
        Expected::Accepted,
    ));
    cases
}

const ALL: [Signing; 10] = [
    Signing::Rs256,
    Signing::Rs384,
    Signing::Rs512,
    Signing::Ps256,
    Signing::Ps384,
    Signing::Ps512,
    Signing::Es256,
    Signing::Es384,
    Signing::Es512,
    Signing::EdDsa,
];

/// What becomes of a signature.
type Bend = fn(Vec<u8>) -> Vec<u8>;
/// What becomes of a token.
type Spoil = fn(&Keys, &Draft) -> String;

const ECDSA: &[(&str, Bend)] = &[
    ("r is zero", |signature| {
        [&[0; 32], &signature[32..]].concat()
    }),
    ("s is zero", |signature| {
        [&signature[..32], &[0; 32]].concat()
    }),
    ("r is the order", |signature| {
        [&ORDER[..], &signature[32..]].concat()
    }),
    ("s is the order", |signature| {
        [&signature[..32], &ORDER[..]].concat()
    }),
    ("both are the order", |_| ORDER.repeat(2)),
    ("r and s are one", |_| {
        let one = [&[0; 31][..], &[1]].concat();
        one.repeat(2)
    }),
    ("r and s exchanged", |signature| {
        [&signature[32..], &signature[..32]].concat()
    }),
    ("in DER", |signature| der(&signature)),
    ("of 96 bytes", |signature| widened(&signature, 48)),
    ("of 132 bytes", |signature| widened(&signature, 66)),
];

/// The order of P-256 (SEC 2 §2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn turned(mut signature: Vec<u8>, at: usize) -> Vec<u8> {
    let at = at.min(signature.len() - 1);
    signature[at] ^= 1;
    signature
}

fn without_signature(token: &str) -> String {
    format!("{}.", token.rsplit_once('.').unwrap().0)
}

fn widened(signature: &[u8], bytes: usize) -> Vec<u8> {
    let zeros = vec![0; bytes - 32];
    [&zeros[..], &signature[..32], &zeros, &signature[32..]].concat()
}

/// `ECDSA-Sig-Value` (RFC 5480 appendix A).
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |value: &[u8]| {
        let mut value: Vec<u8> = value
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect();
        if value.first().is_none_or(|first| first & 0x80 != 0) {
            value.insert(0, 0);
        }
        [&[2, u8::try_from(value.len()).unwrap()], &value[..]].concat()
    };
    let both = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [&[0x30, u8::try_from(both.len()).unwrap()], &both[..]].concat()
}

/// The difference of two numbers of 32 bytes, the first the larger.
fn minus(larger: &[u8; 32], smaller: &[u8]) -> [u8; 32] {
    let mut difference = *larger;
    let mut borrow = 0;
    for (left, right) in difference.iter_mut().zip(smaller).rev() {
        let found = i16::from(*left) - i16::from(*right) - borrow;
        borrow = i16::from(found < 0);
        *left = u8::try_from(found.rem_euclid(256)).unwrap();
    }
    difference
}
