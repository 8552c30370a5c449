use prometheus::{IntCounterVec, Opts, Registry};

use crate::error::Error;

/// What the issuer counts.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    tokens: IntCounterVec,
    sign_ins: IntCounterVec,
    refusals: IntCounterVec,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Result<Self, Error> {
        let counter = |name, help, label| {
            let counter = IntCounterVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let register = || {
            sigstead_signer::register(registry)?;
            Ok(Self {
                tokens: counter("oidc_tokens_total", "Identity tokens issued.", "grant")?,
                sign_ins: counter("oidc_sign_ins_total", "Passwords judged.", "result")?,
                refusals: counter("oidc_refusals_total", "Requests refused.", "code")?,
            })
        };
        register().map_err(Error::Metrics)
    }

    pub(crate) fn token(&self, grant: &'static str) {
        self.tokens.with_label_values(&[grant]).inc();
    }

    pub(crate) fn sign_in(&self, result: &'static str) {
        self.sign_ins.with_label_values(&[result]).inc();
    }

    pub(crate) fn refusal(&self, code: &'static str) {
        self.refusals.with_label_values(&[code]).inc();
    }
}
