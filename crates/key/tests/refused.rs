//! Keys that are refused, by the numbers of the crate's list, and signatures that only a lax reader takes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ed25519_dalek::{Digest as _, Sha512, SigningKey, VerifyingKey};
use num_bigint::BigUint;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use sigstead_key::{Algorithm, Error, PublicKey};

/// RFC 5480 §2.1.1.1.
const P256: &str = "06082a8648ce3d030107";
/// RFC 3279 §2.3.1, with its NULL.
const RSA: &str = "06092a864886f70d010101";
/// RFC 8410 §3.
const ED25519: &str = "06032b6570";
/// RFC 3279 §2.3.5.
const EC: &str = "06072a8648ce3d0201";

/// A `SubjectPublicKeyInfo` of an algorithm, given in hexadecimal, and a key.
fn spki(algorithm: &str, key: &[u8]) -> Vec<u8> {
    let algorithm = element(0x30, &hex::decode(algorithm).unwrap());
    let key = element(0x03, &[&[0], key].concat());
    element(0x30, &[algorithm, key].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut element = vec![tag];
    match *significant.as_slice() {
        [] => element.push(0),
        [short @ 0..0x80] => element.push(short),
        _ => {
            element.push(0x80 | u8::try_from(significant.len()).unwrap());
            element.extend(significant);
        }
    }
    element.extend(content);
    element
}

fn integer(number: &BigUint) -> Vec<u8> {
    let mut content = number.to_bytes_be();
    if content[0] & 0x80 != 0 {
        content.insert(0, 0);
    }
    element(0x02, &content)
}

fn rsa(modulus: &BigUint, exponent: u64) -> Vec<u8> {
    let key = [integer(modulus), integer(&exponent.into())].concat();
    spki(&format!("{RSA}0500"), &element(0x30, &key))
}

/// The modulus of a good key.
fn modulus(algorithm: Algorithm) -> BigUint {
    let signer = sigstead_signer::ephemeral(algorithm).unwrap();
    let spki = signer.public_key().spki_der();
    let octets = match algorithm {
        Algorithm::RsaPkcs1v15_2048Sha256 => 256,
        _ => 512,
    };
    // The modulus stands before the exponent, which is 65537 in five octets.
    let end = spki.len() - 5;
    BigUint::from_bytes_be(&spki[end - octets..end])
}

/// The first number from `start` on in steps of two that no prime below 4096 divides.
fn without_small_factors(start: BigUint) -> BigUint {
    let mut number = start | BigUint::from(1_u32);
    while (3..4096_u32).any(|divisor| &number % divisor == BigUint::ZERO) {
        number += 2_u32;
    }
    number
}

/// Why a key is weak, or what else was said of it.
fn weakness(spki: &[u8]) -> String {
    match PublicKey::from_spki_der(spki) {
        Err(Error::Weak(reason)) => reason.to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn refuses_points_in_other_forms_and_off_the_curve() {
    let secret = p256::SecretKey::from_slice(&[7; 32]).unwrap();
    let point = secret.public_key().to_sec1_point(false).as_bytes().to_vec();
    let compressed = secret.public_key().to_sec1_point(true).as_bytes().to_vec();
    let of = |key: &[u8]| PublicKey::from_spki_der(&spki(&format!("{EC}{P256}"), key));
    assert!(of(&point).is_ok());
    let mut hybrid = point.clone();
    hybrid[0] = 6 | (point[64] & 1);
    let mut off_curve = point.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    let nested = spki(&format!("{EC}{P256}"), &point);
    for (case, key) in [
        ("compressed", compressed),
        ("hybrid", hybrid),
        ("off the curve", off_curve),
        ("at infinity", vec![0]),
        ("the origin", [vec![4], vec![0; 64]].concat()),
        ("another key information", nested),
        ("one octet more", [point.clone(), vec![0]].concat()),
        ("one octet less", point[..64].to_vec()),
        ("nothing", Vec::new()),
    ] {
        assert!(matches!(of(&key), Err(Error::Malformed(_))), "{case}");
    }
}

#[test]
fn refuses_other_encodings_of_a_good_key() {
    let secret = SigningKey::from_bytes(&[7; 32]);
    let edwards = secret.verifying_key().to_bytes();
    let point = p256::SecretKey::from_slice(&[7; 32]).unwrap().public_key();
    let point = point.to_sec1_point(false).as_bytes().to_vec();
    let modulus = modulus(Algorithm::RsaPkcs1v15_2048Sha256);
    let pkcs1 = element(
        0x30,
        &[integer(&modulus), integer(&65_537_u32.into())].concat(),
    );
    for (case, good, bad) in [
        (
            "ed25519 with null",
            ED25519.to_owned(),
            format!("{ED25519}0500"),
        ),
        (
            "a curve that is null",
            format!("{EC}{P256}"),
            format!("{EC}0500"),
        ),
        ("no curve", format!("{EC}{P256}"), EC.to_owned()),
        ("rsa without null", format!("{RSA}0500"), RSA.to_owned()),
        (
            "rsa with a curve",
            format!("{RSA}0500"),
            format!("{RSA}{P256}"),
        ),
    ] {
        let key = match &good {
            good if good.starts_with(RSA) => pkcs1.as_slice(),
            good if good.starts_with(EC) => &point,
            _ => &edwards,
        };
        assert!(
            PublicKey::from_spki_der(&spki(&good, key)).is_ok(),
            "{case}"
        );
        assert!(
            PublicKey::from_spki_der(&spki(&bad, key)).is_err(),
            "{case}"
        );
    }
    let whole = spki(ED25519, &edwards);
    for (case, bytes) in [
        ("trailing octet", [whole.clone(), vec![0]].concat()),
        ("missing octet", whole[..whole.len() - 1].to_vec()),
        ("a length in two octets", {
            let mut long = whole.clone();
            long.insert(1, 0x81);
            long
        }),
        ("another key information", spki(ED25519, &whole)),
        ("nothing", Vec::new()),
    ] {
        assert!(PublicKey::from_spki_der(&bytes).is_err(), "{case}");
    }
}

#[test]
fn refuses_curves_and_algorithms_that_the_registry_does_not_list() {
    for (case, algorithm) in [
        ("secp256k1", format!("{EC}06052b8104000a")),
        ("p-224", format!("{EC}06052b81040021")),
        ("x25519", "06032b656e".to_owned()),
        ("ed448", "06032b6571".to_owned()),
        ("rsassa-pss", "06092a864886f70d01010a".to_owned()),
    ] {
        let found = PublicKey::from_spki_der(&spki(&algorithm, &[4; 65]));
        assert_eq!(found, Err(Error::Unsupported), "{case}");
    }
}

#[test]
fn refuses_edwards_points_of_small_order() {
    let low = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let high = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    let zeros = "00".repeat(31);
    let ones = "ff".repeat(30);
    for (case, raw) in [
        ("order 1", format!("01{zeros}")),
        ("order 2", format!("ec{ones}7f")),
        ("order 4", format!("{zeros}00")),
        ("order 4, negative", format!("{zeros}80")),
        ("order 8", low.to_owned()),
        ("order 8, negative", low.replace("fc05", "fc85")),
        ("order 8, the other", high.to_owned()),
        ("order 8, the other, negative", high.replace("037a", "03fa")),
    ] {
        let key = spki(ED25519, &hex::decode(raw).unwrap());
        assert_eq!(weakness(&key), "its point is of small order", "{case}");
    }
}

#[test]
fn refuses_edwards_points_that_are_not_reduced() {
    let mut only_spelled_wrongly = 0;
    // The 19 coordinates from the prime 2^255 - 19 to 2^255, with either sign.
    for (last, sign) in (0xed..=0xff).flat_map(|last| [(last, 0x7f), (last, 0xff)]) {
        let mut raw = [0xff; 32];
        (raw[0], raw[31]) = (last, sign);
        assert!(PublicKey::from_spki_der(&spki(ED25519, &raw)).is_err());
        let lax = VerifyingKey::from_bytes(&raw);
        only_spelled_wrongly += usize::from(lax.is_ok_and(|key| !key.is_weak()));
    }
    assert!(only_spelled_wrongly > 0);
    // Neither does zero have a sign.
    let mut raw = [0; 32];
    (raw[0], raw[31]) = (1, 0x80);
    assert!(PublicKey::from_spki_der(&spki(ED25519, &raw)).is_err());
}

#[test]
fn refuses_a_signature_whose_point_is_of_small_order() {
    let seed = [7; 32];
    let key = SigningKey::from_bytes(&seed).verifying_key();
    // RFC 8032 §5.1.5: the secret number, and §5.1.6 with the identity for the commitment.
    let mut secret: [u8; 64] = Sha512::digest(seed).into();
    secret[0] &= 0xf8;
    secret[31] = (secret[31] & 0x7f) | 0x40;
    let secret = BigUint::from_bytes_le(&secret[..32]);
    let mut identity = [0; 32];
    identity[0] = 1;
    let hashed = Sha512::digest([&identity[..], key.as_bytes(), b"message"].concat());
    let order = "7237005577332262213973186563042994240857116359379907606001950938285454250989";
    let order: BigUint = order.parse().unwrap();
    let response = (BigUint::from_bytes_le(&hashed) * secret % order).to_bytes_le();
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&identity);
    signature[32..32 + response.len()].copy_from_slice(&response);
    let lax = ed25519_dalek::Signature::from_bytes(&signature);
    assert!(ed25519_dalek::Verifier::verify(&key, b"message", &lax).is_ok());
    let ours = PublicKey::from_spki_der(&spki(ED25519, key.as_bytes())).unwrap();
    assert_eq!(
        ours.verify(b"message", &signature),
        Err(Error::SignatureInvalid)
    );
}

#[test]
fn refuses_rsa_keys_of_other_sizes_and_exponents() {
    let good = modulus(Algorithm::RsaPkcs1v15_2048Sha256);
    assert!(PublicKey::from_spki_der(&rsa(&good, 65_537)).is_ok());
    assert!(PublicKey::from_spki_der(&rsa(&good, 0xffff_ffff)).is_ok());
    for exponent in [1, 2, 3, 17, 65_535, 65_536, 65_538, 0x1_0000_0001] {
        assert_eq!(
            weakness(&rsa(&good, exponent)),
            "its exponent",
            "{exponent}"
        );
    }
    for bits in [1024, 2047, 2049, 2560, 8192] {
        let modulus = without_small_factors(BigUint::from(1_u32) << (bits - 1));
        let expected = "rsa keys have 2048, 3072 or 4096 bits";
        assert_eq!(weakness(&rsa(&modulus, 65_537)), expected, "{bits}");
    }
}

#[test]
fn refuses_rsa_moduli_with_a_small_factor() {
    for factor in [2_u32, 3, 251, 4093] {
        let modulus = (BigUint::from(1_u32) << 2047_u32) / factor + 1_u32;
        let found = weakness(&rsa(&(modulus * factor), 65_537));
        assert_eq!(found, "its modulus has a small factor", "{factor}");
    }
}

#[test]
fn refuses_rsa_moduli_that_are_powers() {
    for (bits, exponent) in [
        (2048_u64, 3_u32),
        (3072, 3),
        (4096, 3),
        (2048, 5),
        (4096, 31),
        (2048, 101),
    ] {
        let most: BigUint = (BigUint::from(1_u32) << bits) - 1_u32;
        let root = most.nth_root(exponent);
        // A little below the greatest root, so that there is room for the search.
        let root = without_small_factors(&root - (&root >> 14_u32));
        let modulus = root.pow(exponent);
        assert_eq!(modulus.bits(), bits, "the test's own number");
        let found = weakness(&rsa(&modulus, 65_537));
        assert_eq!(
            found, "its modulus is a power",
            "{bits} bits, to the {exponent}"
        );
    }
}

#[test]
fn refuses_rsa_moduli_whose_factors_are_close() {
    let start = (BigUint::from(3_u32) << 1022_u32) + (BigUint::from(1_u32) << 700_u32);
    let lesser = without_small_factors(start);
    let step = |distance: u32| without_small_factors(&lesser + (BigUint::from(1_u32) << distance));
    for (case, greater, is_refused) in [
        ("a square", lesser.clone(), true),
        (
            "next to each other",
            without_small_factors(&lesser + 2_u32),
            true,
        ),
        ("in the first half", step(513), true),
        ("half as long as they are", step(560), false),
    ] {
        let found = PublicKey::from_spki_der(&rsa(&(&lesser * &greater), 65_537));
        assert_eq!(found.is_err(), is_refused, "{case}: {found:?}");
    }
}

#[test]
fn refuses_rsa_moduli_of_the_broken_generator() {
    let primes = (3..=167_u32).filter(|number| (2..*number).all(|divisor| number % divisor != 0));
    let product: BigUint = primes.product();
    let power = BigUint::from(65_537_u32).modpow(&BigUint::from(4_711_u32), &product);
    let mut modulus = (BigUint::from(3_u32) << 2046_u32) / &product * &product + power;
    while modulus.clone() % 2_u32 == BigUint::ZERO
        || (3..4096_u32).any(|divisor| &modulus % divisor == BigUint::ZERO)
    {
        modulus += &product;
    }
    let found = weakness(&rsa(&modulus, 65_537));
    assert_eq!(
        found,
        "its modulus has the fingerprint of a broken generator"
    );
}

#[test]
fn takes_every_key_that_is_made_here() {
    for algorithm in [
        Algorithm::RsaPkcs1v15_2048Sha256,
        Algorithm::RsaPkcs1v15_4096Sha256,
        Algorithm::Ed25519,
        Algorithm::EcdsaP521Sha512,
    ] {
        let signer = sigstead_signer::ephemeral(algorithm).unwrap();
        let spki = signer.public_key().spki_der();
        assert!(PublicKey::from_spki_der(spki).is_ok(), "{algorithm:?}");
    }
}
