//! Who may submit certificates.

use std::sync::Arc;

use sigstead_config::ctlog::Config;
use sigstead_kit::{Clock, PeerCertificate};
use sigstead_x509::Certificate;

use crate::Error;

/// Somebody who may submit.
#[derive(Debug)]
pub struct Submitter(());

/// Whom the log takes certificates from.
pub(crate) enum Submitters {
    /// From everybody: what a certificate is worth, its chain says.
    Everybody,
    /// From those whose certificate the listener has verified.
    Certified(Arc<dyn Clock>),
}

impl Submitters {
    pub(crate) fn new(config: &Config, clock: Arc<dyn Clock>) -> Self {
        match config.submitters.is_some() || config.submission.is_some() {
            false => Self::Everybody,
            true => Self::Certified(clock),
        }
    }

    /// Lets in who may submit, by the certificate that the connection was made with.
    pub(crate) fn admit(&self, shown: Option<&PeerCertificate>) -> Result<Submitter, Error> {
        let Self::Certified(clock) = self else {
            return Ok(Submitter(()));
        };
        let shown = shown.ok_or(Error::Submitter("no certificate was shown"))?;
        let certificate = Certificate::from_der(&shown.0)
            .map_err(|_| Error::Submitter("the certificate that was shown cannot be read"))?;
        // It was valid when the connection was made, which may be long ago.
        if certificate.not_after() < clock.now() {
            return Err(Error::Submitter("the certificate that was shown has ended"));
        }
        Ok(Submitter(()))
    }
}
