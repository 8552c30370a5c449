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

/// What an operation cannot do without.
#[derive(Clone, Copy)]
pub(crate) struct Floor {
    /// Until the answer, one after the other on one thread.
    pub(crate) latency_micros: f64,
    /// Of processor, beside HTTP.
    pub(crate) work_micros: f64,
}

impl Floors {
    /// One signature.
    pub(crate) const fn timestamp(&self) -> Floor {
        Floor {
            latency_micros: self.sign_micros,
            work_micros: self.sign_micros,
        }
    }

    /// Token, proof of possession and SCT are verified; precertificate, SCT and certificate are signed; the CT log signs a
    /// head and syncs once.
    pub(crate) fn certificate(&self) -> Floor {
        let work_micros = 3.0 * self.verify_micros + 4.0 * self.sign_micros;
        Floor {
            latency_micros: work_micros + self.sync_micros,
            work_micros,
        }
    }

    /// One verification, one head, one sync; under load the last two are shared by a round.
    pub(crate) fn entry(&self) -> Floor {
        let latency_micros = self.verify_micros + self.sign_micros + self.sync_micros;
        Floor {
            latency_micros,
            work_micros: self.verify_micros,
        }
    }
}

pub(crate) fn measure(folder: &Path) -> Result<Floors> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
        .ok()
        .context("no key")?;
    let message = [7_u8; 300];
    let signature = key.sign(&random, &message).ok().context("no signature")?;
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref());
    let mut file = File::create(folder.join("floor"))?;
    Ok(Floors {
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
            file.sync_data().context("fdatasync")
        })?,
    })
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
