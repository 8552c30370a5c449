//! What signatures cost by themselves, in processor time, with every processor at it: that is how they are made and
//! verified under load, where two threads share the units of a core.

use anyhow::{Context as _, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};

use crate::variant::{Curve, TokenAlgorithm, Variant};

/// Microseconds of processor for each certificate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signatures {
    /// The token, the proof of possession, the precertificate at the log and the SCT are verified; precertificate, SCT
    /// and certificate are signed.
    pub(crate) needed_micros: f64,
    /// An authority verifies both of its own signatures before they leave it.
    pub(crate) own_micros: f64,
}

impl Signatures {
    /// Measures them.
    pub(crate) fn measure(variant: Variant) -> Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let costs = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads)
                .map(|_| scope.spawn(|| Costs::measure(variant)))
                .collect();
            let joined = running.into_iter().map(|thread| {
                let ended = thread.join();
                ended.unwrap_or_else(|_| anyhow::bail!("a measurement broke"))
            });
            joined.collect::<Result<Vec<_>>>()
        })?;
        let mean =
            |cost: fn(&Costs) -> f64| costs.iter().map(cost).sum::<f64>() / costs.len() as f64;
        Ok(Self {
            needed_micros: mean(|costs| {
                costs.token
                    + costs.possession
                    + costs.issued_verified
                    + costs.promise_verified
                    + 2.0 * costs.issued_signed
                    + costs.promise_signed
            }),
            own_micros: mean(|costs| 2.0 * costs.issued_verified),
        })
    }
}

/// Of one thread, in microseconds.
struct Costs {
    token: f64,
    /// With a key that comes with it.
    possession: f64,
    issued_signed: f64,
    issued_verified: f64,
    promise_signed: f64,
    promise_verified: f64,
}

impl Costs {
    fn measure(variant: Variant) -> Result<Self> {
        let (sign, verify): (&EcdsaSigningAlgorithm, &'static dyn VerificationAlgorithm) =
            match variant.authority {
                Curve::P256 => (&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_ASN1),
                Curve::P384 => (&ECDSA_P384_SHA384_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1),
            };
        let (issued_signed, issued_verified) = elliptic(sign, verify)?;
        let (promise_signed, promise_verified) =
            elliptic(&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_ASN1)?;
        Ok(Self {
            token: match variant.token {
                TokenAlgorithm::Rs256 => rsa()?,
                TokenAlgorithm::Es256 => promise_verified,
            },
            possession: possession()?,
            issued_signed,
            issued_verified,
            promise_signed,
            promise_verified,
        })
    }
}

/// Signing and verifying, with a key that is known.
fn elliptic(
    sign: &'static EcdsaSigningAlgorithm,
    verify: &'static dyn VerificationAlgorithm,
) -> Result<(f64, f64)> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate(sign).ok().context("no key")?;
    let signature = key.sign(&random, &MESSAGE).ok().context("no signature")?;
    let public = ParsedPublicKey::new(verify, key.public_key().as_ref());
    let public = public.ok().context("no public key")?;
    let signed = cost(|| key.sign(&random, &MESSAGE).is_ok())?;
    let verified = cost(|| public.verify_sig(&MESSAGE, signature.as_ref()).is_ok())?;
    Ok((signed, verified))
}

fn possession() -> Result<f64> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
    let key = key.ok().context("no key")?;
    let signature = key.sign(&random, &MESSAGE).ok().context("no signature")?;
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref());
    cost(|| public.verify(&MESSAGE, signature.as_ref()).is_ok())
}

fn rsa() -> Result<f64> {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).ok();
    let key = key.context("no key")?;
    let mut signature = vec![0; key.public_modulus_len()];
    let signed = key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        &MESSAGE,
        &mut signature,
    );
    signed.ok().context("no signature")?;
    let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    let public = public.ok().context("no public key")?;
    cost(|| public.verify_sig(&MESSAGE, &signature).is_ok())
}

/// Microseconds that this thread had a processor for, each time.
fn cost(mut work: impl FnMut() -> bool) -> Result<f64> {
    let before = on_processor()?;
    for _ in 0..TIMES {
        anyhow::ensure!(work(), "a signature fails");
    }
    Ok((on_processor()? - before) / 1_000.0 / TIMES as f64)
}

/// Nanoseconds of this thread.
fn on_processor() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = text.split(' ').next().context("no time")?;
    Ok(nanos.parse()?)
}

/// So many that a tick of the kernel's clock is little beside them.
const TIMES: usize = 3_000;
/// As long as what is signed of a certificate.
const MESSAGE: [u8; 700] = [7; 700];
