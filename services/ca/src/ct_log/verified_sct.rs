use sigstead_ct::{IssuerKeyHash, SignedCertificateTimestamp, SignedEntry};
use sigstead_key::PublicKey;
use sigstead_x509::{Certificate, Precertificate};
use time::OffsetDateTime;

use super::client::{CtLogError, Window};

/// An SCT that clients will accept in the certificate of one precertificate.
pub struct VerifiedSct {
    sct: SignedCertificateTimestamp,
    time: OffsetDateTime,
}

impl VerifiedSct {
    /// Verifies the log's answer for a precertificate.
    ///
    /// # Errors
    /// [`CtLogError::Unverified`] or [`CtLogError::OutOfTime`].
    pub fn verify(
        sct: SignedCertificateTimestamp,
        precertificate: &Precertificate,
        issuer: &Certificate,
        log_key: &PublicKey,
        window: Window,
    ) -> Result<Self, CtLogError> {
        let entry = SignedEntry::Precertificate {
            issuer_key_hash: IssuerKeyHash::of(issuer),
            tbs: precertificate
                .tbs_without_poison()
                .map_err(|error| CtLogError::Unverified(error.into()))?,
        };
        sct.verify(entry, log_key).map_err(CtLogError::Unverified)?;
        let nanoseconds = i128::from(sct.timestamp_millis) * 1_000_000;
        let timestamp = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
            .map_err(|_| CtLogError::Malformed("its time is beyond all calendars".to_owned()))?;
        if timestamp < window.not_before || timestamp > window.not_after {
            return Err(CtLogError::OutOfTime { timestamp, window });
        }
        Ok(Self {
            sct,
            time: timestamp,
        })
    }

    /// The log that promised.
    #[must_use]
    pub fn log_id(&self) -> &[u8] {
        self.sct.log_id.as_bytes()
    }

    /// When it promised.
    #[must_use]
    pub const fn time(&self) -> OffsetDateTime {
        self.time
    }

    /// The place in the log, if it tells.
    #[must_use]
    pub fn leaf_index(&self) -> Option<u64> {
        sigstead_ct::leaf_index_of(&self.sct.extensions).map(|index| index.value())
    }

    /// The list that the certificate embeds. It holds one SCT, because python and Rust clients take
    /// no more and no fewer.
    ///
    /// # Errors
    /// The SCT cannot be written.
    pub fn into_list(self) -> Result<Vec<u8>, CtLogError> {
        sigstead_ct::encode_list(&[self.sct]).map_err(CtLogError::Unverified)
    }
}
