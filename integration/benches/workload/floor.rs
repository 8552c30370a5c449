//! What no program can do without, measured on one thread of the same machine in the same run.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};

/// Medians, in microseconds.
pub(crate) struct Floors {
    pub(crate) verify_micros: f64,
    pub(crate) sign_micros: f64,
    pub(crate) sync_micros: f64,
}

impl Floors {
    /// Measures them; the file of the disk's floor goes into the folder.
    pub(crate) fn measure(folder: &Path) -> Result<Self> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .ok()
            .context("no key")?;
        let message = [7_u8; 300];
        let signature = key.sign(&random, &message).ok().context("no signature")?;
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref());
        let mut file = File::create(folder.join("floor"))?;
        Ok(Self {
            verify_micros: median(2_000, || {
                public
                    .verify(&message, signature.as_ref())
                    .ok()
                    .context("verification")
            })?,
            sign_micros: median(2_000, || {
                key.sign(&random, &message)
                    .ok()
                    .context("signing")
                    .map(drop)
            })?,
            sync_micros: median(300, || {
                file.write_all(&[1; 1024])?;
                sigstead_durable::sync_content(&file).context("fdatasync")
            })?,
        })
    }

    pub(crate) fn print(&self) {
        println!("\nfloors of this run, one thread");
        println!("  P-256 verify        {:>9.1} us", self.verify_micros);
        println!("  P-256 sign          {:>9.1} us", self.sign_micros);
        println!("  append + fdatasync  {:>9.1} us", self.sync_micros);
    }
}

fn median(times: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut micros = Vec::with_capacity(times);
    for _ in 0..times {
        let start = Instant::now();
        work()?;
        micros.push(start.elapsed().as_secs_f64() * 1e6);
    }
    micros.sort_by(f64::total_cmp);
    micros.get(times / 2).copied().context("nothing measured")
}
