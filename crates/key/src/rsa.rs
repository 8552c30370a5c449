//! RSA keys, and which of them are refused (rules 5 to 9 of the crate's list).
//!
//! None of it proves that a modulus is a product of two good primes. It finds what was made wrongly or on purpose so that
//! others can factor it, and costs less than verifying a signature does.

use std::sync::LazyLock;

use der::asn1::UintRef;
use der::{Decode as _, Sequence};
use num_bigint::BigUint;

use crate::algorithm::Algorithm;
use crate::error::Error;

/// RFC 8017 §A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

/// The algorithm of a key that is not refused.
pub(crate) fn algorithm(raw: &[u8]) -> Result<Algorithm, Error> {
    let key = RsaPublicKey::from_der(raw).map_err(|_| Error::Malformed("not an rsa key"))?;
    check_exponent(key.public_exponent.as_bytes())?;
    let modulus = key.modulus.as_bytes();
    // Before anything that costs more the longer the modulus is.
    let algorithm = of_size(modulus)?;
    let remainders = remainders(modulus);
    if remainders.iter().any(|(_, remainder)| *remainder == 0) {
        return Err(Error::Weak("its modulus has a small factor"));
    }
    if is_roca(&remainders) {
        return Err(Error::Weak(
            "its modulus has the fingerprint of a broken generator",
        ));
    }
    let modulus = BigUint::from_bytes_be(modulus);
    if is_power(&modulus, &remainders) {
        return Err(Error::Weak("its modulus is a power"));
    }
    if has_close_factors(&modulus) {
        return Err(Error::Weak(
            "the factors of its modulus are close to each other",
        ));
    }
    Ok(algorithm)
}

/// An even exponent is none; a small one makes forgeries of badly padded messages possible, and other clients refuse
/// it; a long one wastes the time of every verifier.
fn check_exponent(exponent: &[u8]) -> Result<(), Error> {
    let value = exponent
        .iter()
        .fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
    if exponent.len() > 4 || value < 65_537 || value % 2 == 0 {
        return Err(Error::Weak("its exponent"));
    }
    Ok(())
}

fn of_size(modulus: &[u8]) -> Result<Algorithm, Error> {
    let bits = modulus.len() * 8
        - modulus
            .first()
            .map_or(0, |byte| byte.leading_zeros() as usize);
    match bits {
        2048 => Ok(Algorithm::RsaPkcs1v15_2048Sha256),
        3072 => Ok(Algorithm::RsaPkcs1v15_3072Sha256),
        4096 => Ok(Algorithm::RsaPkcs1v15_4096Sha256),
        _ => Err(Error::Weak("rsa keys have 2048, 3072 or 4096 bits")),
    }
}

/// Each small prime, and what is left of the modulus when it is divided by it.
fn remainders(modulus: &[u8]) -> Vec<(u32, u32)> {
    let words: Vec<u32> = modulus
        .rchunks(4)
        .rev()
        .map(|chunk| {
            chunk
                .iter()
                .fold(0, |word, byte| (word << 8) | u32::from(*byte))
        })
        .collect();
    let mut remainders = Vec::with_capacity(SMALL_PRIMES.len());
    // Two primes at a time: their product still fits into a word.
    for primes in SMALL_PRIMES.chunks(2) {
        let product: u32 = primes.iter().product();
        let remainder = words.iter().fold(0_u64, |remainder, word| {
            ((remainder << 32) | u64::from(*word)) % u64::from(product)
        });
        for prime in primes {
            let remainder = u32::try_from(remainder % u64::from(*prime)).unwrap_or_default();
            remainders.push((*prime, remainder));
        }
    }
    remainders
}

/// The broken generator made primes that are powers of 65537 modulo the product of the first odd primes; so is then
/// their product, modulo each of these primes. For a modulus made otherwise that happens once in about 2^27 times.
fn is_roca(remainders: &[(u32, u32)]) -> bool {
    let mut fingerprint = remainders
        .iter()
        .filter(|(prime, _)| (3..=ROCA_LAST_PRIME).contains(prime));
    fingerprint.all(|(prime, remainder)| {
        let mut power = 1;
        loop {
            if power == *remainder {
                return true;
            }
            power = power * 65_537 % prime;
            if power == 1 {
                return false;
            }
        }
    })
}

/// Whether the modulus is a number to an odd prime power; squares have close factors. Only roots of more than twelve
/// bits are left, as smaller factors were looked for.
fn is_power(modulus: &BigUint, remainders: &[(u32, u32)]) -> bool {
    let most = u32::try_from(modulus.bits() / 12).unwrap_or(u32::MAX);
    let exponents = SMALL_PRIMES
        .iter()
        .filter(|exponent| (3..=most).contains(*exponent));
    exponents
        // A power has powers for remainders. The root is drawn only if no small prime tells the difference.
        .filter(|exponent| {
            remainders
                .iter()
                .filter(|(prime, _)| (prime - 1) % **exponent == 0)
                .all(|(prime, remainder)| power(*remainder, (prime - 1) / **exponent, *prime) == 1)
        })
        .any(|exponent| modulus.nth_root(*exponent).pow(*exponent) == *modulus)
}

fn power(base: u32, exponent: u32, modulus: u32) -> u32 {
    let (mut result, mut square, mut rest) = (1, base % modulus, exponent);
    while rest > 0 {
        if rest % 2 == 1 {
            result = result * square % modulus;
        }
        square = square * square % modulus;
        rest /= 2;
    }
    result
}

/// Fermat's method: an odd number is a difference of two squares, and the greater one is close to it if the factors are
/// close to each other.
fn has_close_factors(modulus: &BigUint) -> bool {
    let mut greater = modulus.sqrt();
    if &greater * &greater != *modulus {
        greater += 1_u32;
    }
    let mut lesser_square = &greater * &greater - modulus;
    for _ in 0..FERMAT_ROUNDS {
        if is_square(&lesser_square) {
            return true;
        }
        lesser_square += &greater * 2_u32 + 1_u32;
        greater += 1_u32;
    }
    false
}

fn is_square(number: &BigUint) -> bool {
    // Twelve of 64 remainders are those of squares, and few of those of the other divisor; a root costs much more.
    let low = number.iter_u64_digits().next().unwrap_or_default() % 64;
    if !(0..8).any(|root: u64| root * root % 64 == low || (root + 8) * (root + 8) % 64 == low) {
        return false;
    }
    let root = number.sqrt();
    &root * &root == *number
}

static SMALL_PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut primes: Vec<u32> = Vec::new();
    for number in 2..SMALL_PRIME_END {
        if primes.iter().all(|prime| number % prime != 0) {
            primes.push(number);
        }
    }
    primes
});

/// The square of such a prime fits into the words that remainders are computed in.
const SMALL_PRIME_END: u32 = 4096;

/// Enough primes to tell the broken generator from others.
const ROCA_LAST_PRIME: u32 = 167;

/// As many as other authorities make.
const FERMAT_ROUNDS: usize = 100;
