//! What is stamped.

use der::asn1::{GeneralizedTime, Int};
use der::{Any, Decode as _, Encode as _};
use sigstead_x509::Certificate;
use time::OffsetDateTime;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use crate::asn1::{self, Accuracy};
use crate::{Error, Policy, TimeStampReq};

/// The number of a timestamp: positive, at most 160 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SerialNumber([u8; 20]);

impl SerialNumber {
    /// A number of random bits; the top bit is cleared, so that it is positive, and the next is set, so that it is
    /// never shorter.
    #[must_use]
    pub const fn from_random(mut random: [u8; 20]) -> Self {
        random[0] = (random[0] & 0x3f) | 0x40;
        Self(random)
    }
}

/// The statement that a digest existed at a time (RFC 3161 §2.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TstInfo {
    der: Vec<u8>,
    time: OffsetDateTime,
    wants_certificates: bool,
}

impl TstInfo {
    /// The statement that answers a request. Fractions of a second are cut off, never rounded up: a timestamp must not
    /// lie after its moment.
    ///
    /// # Errors
    /// If the time cannot be written.
    pub fn new(
        request: &TimeStampReq,
        policy: Policy,
        serial: SerialNumber,
        time: OffsetDateTime,
        authority: &Certificate,
    ) -> Result<Self, Error> {
        let malformed = |_| Error::Malformed("timestamp");
        let name = Name::from_der(authority.subject_der()).map_err(malformed)?;
        let info = asn1::TstInfo {
            version: 1,
            policy: policy.0,
            message_imprint: request.imprint.clone(),
            serial_number: Int::new(&serial.0).map_err(malformed)?,
            gen_time: Any::encode_from(&generalized(time)?).map_err(malformed)?,
            accuracy: Some(Accuracy {
                seconds: Some(1),
                millis: None,
                micros: None,
            }),
            ordering: false,
            nonce: request.nonce().map(|nonce| nonce.0.clone()),
            tsa: Some(GeneralName::DirectoryName(name)),
            extensions: None,
        };
        Ok(Self {
            der: info.to_der().map_err(malformed)?,
            time,
            wants_certificates: request.wants_certificates(),
        })
    }

    /// The statement's bytes.
    #[must_use]
    pub fn to_der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) const fn time(&self) -> OffsetDateTime {
        self.time
    }

    pub(crate) const fn wants_certificates(&self) -> bool {
        self.wants_certificates
    }
}

fn generalized(time: OffsetDateTime) -> Result<GeneralizedTime, Error> {
    let seconds = u64::try_from(time.unix_timestamp()).map_err(|_| Error::Malformed("time"))?;
    GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(seconds))
        .map_err(|_| Error::Malformed("time"))
}
