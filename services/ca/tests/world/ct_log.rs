//! A CT log in memory, and what may be wrong with it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sigstead_ca::ct_log::{CtLogClient, CtLogError};
use sigstead_ct::{DigitallySigned, SignedCertificateTimestamp, SignedEntry, TimestampedEntry};
use sigstead_key::{Algorithm, LogId};
use sigstead_kit::{Clock, TestClock};
use sigstead_signer::Signer;
use sigstead_x509::Certificate;
use tokio::sync::{Notify, Semaphore};

/// What is wrong with a CT log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    Unreachable,
    RefusesChain,
    SignsWithAnotherKey,
    SignsAnotherEntry,
    ClockBehind,
    ClockALittleBehind,
    ClockAhead,
    /// Answers nothing, ever.
    Hangs,
    /// Answers after four tenths of a second.
    Slow,
    /// Answers once there is a permit at the gate.
    WaitsForTheGate,
}

/// A CT log in memory, for tests only.
pub struct MemoryCtLog {
    pub key: Arc<dyn Signer>,
    other_key: Arc<dyn Signer>,
    fault: Fault,
    clock: Arc<TestClock>,
    pub submissions: Mutex<Vec<Vec<Vec<u8>>>>,
    pub was_asked: AtomicBool,
    pub asked: Notify,
    pub gate: Semaphore,
}

impl MemoryCtLog {
    pub(super) fn new(fault: Fault, clock: Arc<TestClock>) -> Self {
        Self {
            key: sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap(),
            other_key: sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap(),
            fault,
            clock,
            submissions: Mutex::default(),
            was_asked: AtomicBool::new(false),
            asked: Notify::new(),
            gate: Semaphore::new(0),
        }
    }

    fn timestamp_millis(&self) -> u64 {
        let now = self.clock.now_millis();
        match self.fault {
            Fault::ClockBehind => now - 32_000,
            Fault::ClockALittleBehind => now - 29_000,
            Fault::ClockAhead => now + 31_000,
            _ => now,
        }
    }
}

#[async_trait]
impl CtLogClient for MemoryCtLog {
    async fn add_pre_chain(
        &self,
        chain: &[&[u8]],
    ) -> Result<SignedCertificateTimestamp, CtLogError> {
        self.was_asked.store(true, Ordering::SeqCst);
        self.asked.notify_waiters();
        match self.fault {
            Fault::Unreachable => return Err(CtLogError::Unreachable("nobody listens".into())),
            Fault::Hangs => std::future::pending().await,
            Fault::Slow => tokio::time::sleep(Duration::from_millis(400)).await,
            Fault::WaitsForTheGate => drop(self.gate.acquire().await.unwrap()),
            Fault::RefusesChain => {
                let message = "unknown root".to_owned();
                return Err(CtLogError::Refused {
                    status: 400,
                    message,
                });
            }
            _ => {}
        }
        let chain: Vec<Vec<u8>> = chain.iter().map(|der| der.to_vec()).collect();
        self.submissions.lock().unwrap().push(chain.clone());
        let key = if self.fault == Fault::SignsWithAnotherKey {
            &self.other_key
        } else {
            &self.key
        };
        Ok(sign_sct(
            &**key,
            self.key.public_key().log_id(),
            &chain,
            self.timestamp_millis(),
            self.fault,
        )
        .await)
    }
}

async fn sign_sct(
    key: &dyn Signer,
    log_id: LogId,
    chain: &[Vec<u8>],
    timestamp_millis: u64,
    fault: Fault,
) -> SignedCertificateTimestamp {
    let precertificate = Certificate::from_der(&chain[0]).unwrap();
    // The chain's second certificate signed the precertificate; the root would be the wrong issuer.
    let issuer = Certificate::from_der(
        &chain[if fault == Fault::SignsAnotherEntry {
            2
        } else {
            1
        }],
    )
    .unwrap();
    let entry = SignedEntry::Precertificate {
        issuer_key_hash: sigstead_ct::IssuerKeyHash::of(&issuer),
        tbs: sigstead_x509::strip_extension(precertificate.tbs_der(), &sigstead_x509::oid::POISON)
            .unwrap(),
    };
    let extensions = Vec::new();
    let stamped = TimestampedEntry {
        timestamp_millis,
        entry,
        extensions: extensions.clone(),
    };
    let signature = key.sign(&stamped.sct_input().unwrap()).await.unwrap();
    let signature = DigitallySigned::new(key.algorithm(), signature).unwrap();
    SignedCertificateTimestamp {
        log_id,
        timestamp_millis,
        extensions,
        signature,
    }
}
