//! The time that a certificate is for.

use der::DateTime;
use der::asn1::{GeneralizedTime, UtcTime};
use time::OffsetDateTime;
use x509_cert::time::Time;

use crate::Error;
use crate::structure::ValiditySequence;

/// The first and the last second of a certificate; both belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: OffsetDateTime,
    /// The last second.
    pub not_after: OffsetDateTime,
}

impl Validity {
    /// Whether `at` lies in the validity, the ends included.
    #[must_use]
    pub fn covers(&self, at: OffsetDateTime) -> bool {
        // A certificate is valid through its last second, not only to its beginning.
        self.not_before <= at && at.unix_timestamp() <= self.not_after.unix_timestamp()
    }

    pub(crate) fn from_sequence(sequence: ValiditySequence) -> Result<Self, Error> {
        Ok(Self {
            not_before: from_time(sequence.not_before)?,
            not_after: from_time(sequence.not_after)?,
        })
    }

    /// Whole seconds: a fraction is cut, so that a certificate never begins after the moment it was asked for.
    pub(crate) fn to_sequence(self) -> Result<ValiditySequence, Error> {
        if self.not_after.unix_timestamp() < self.not_before.unix_timestamp() {
            return Err(Error::Profile("its validity ends before it begins"));
        }
        Ok(ValiditySequence {
            not_before: to_time(self.not_before)?,
            not_after: to_time(self.not_after)?,
        })
    }
}

fn from_time(time: Time) -> Result<OffsetDateTime, Error> {
    let malformed = Error::Malformed("a time of the certificate");
    let seconds = i64::try_from(time.to_unix_duration().as_secs());
    OffsetDateTime::from_unix_timestamp(seconds.map_err(|_| Error::Malformed("a time"))?)
        .map_err(|_| malformed)
}

/// `UTCTime` through 2049, `GeneralizedTime` from then on (RFC 5280 §4.1.2.5).
fn to_time(time: OffsetDateTime) -> Result<Time, Error> {
    let malformed = Error::structure("a time of the certificate");
    let seconds = u64::try_from(time.unix_timestamp())
        .map_err(|_| Error::Profile("its validity begins before 1970"))?;
    let date = DateTime::from_unix_duration(std::time::Duration::from_secs(seconds))
        .map_err(&malformed)?;
    if date.year() < 2050 {
        return UtcTime::from_date_time(date)
            .map(Time::UtcTime)
            .map_err(malformed);
    }
    Ok(Time::GeneralTime(GeneralizedTime::from_date_time(date)))
}
