//! The time of a timestamp (RFC 3161 §2.4.2): a `GeneralizedTime` in UTC, with or without a fraction of a second.

use der::asn1::GeneralizedTime;
use der::{Any, Decode as _, Encode as _, Tag, Tagged as _};
use time::{Duration, OffsetDateTime};

use crate::error::Error;

/// Reads the time. What is finer than a nanosecond is cut off.
pub(crate) fn read(value: &Any) -> Result<OffsetDateTime, Error> {
    let text = std::str::from_utf8(value.value()).map_err(|_| MALFORMED)?;
    let Some(text) = text
        .strip_suffix('Z')
        .filter(|_| value.tag() == Tag::GeneralizedTime)
    else {
        return Err(MALFORMED);
    };
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, nanoseconds(fraction).ok_or(MALFORMED)?),
        None => (text, 0),
    };
    let whole = Any::new(Tag::GeneralizedTime, format!("{whole}Z").as_bytes())
        .and_then(|whole| whole.to_der())
        .and_then(|der| GeneralizedTime::from_der(&der));
    let since_epoch = whole.map_err(|_| MALFORMED)?.to_unix_duration();
    Ok(OffsetDateTime::UNIX_EPOCH + since_epoch + Duration::nanoseconds(fraction))
}

/// RFC 3161 §2.4.2: a fraction has digits, and does not end with a zero.
fn nanoseconds(fraction: &str) -> Option<i64> {
    let is_written = !fraction.is_empty()
        && !fraction.ends_with('0')
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let digits: String = fraction
        .chars()
        .chain("000000000".chars())
        .take(9)
        .collect();
    digits.parse().ok().filter(|_| is_written)
}

const MALFORMED: Error = Error::Malformed("time of the timestamp");

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Option<i128> {
        let value = Any::new(Tag::GeneralizedTime, text.as_bytes()).unwrap();
        read(&value).ok().map(OffsetDateTime::unix_timestamp_nanos)
    }

    #[test]
    fn reads_fractions_of_a_second() {
        let second = 1_700_000_000_000_000_000;
        for (text, expected) in [
            ("20231114221320Z", Some(second)),
            ("20231114221320.5Z", Some(second + 500_000_000)),
            ("20231114221320.123456789Z", Some(second + 123_456_789)),
            ("20231114221320.1234567899Z", Some(second + 123_456_789)),
            ("20231114221320.0000000001Z", Some(second)),
            ("20231114221320.50Z", None),
            ("20231114221320.Z", None),
            ("20231114221320,5Z", None),
            ("20231114221320.+5Z", None),
            ("20231114221320", None),
            ("20231114221320+0000", None),
            ("202311142213Z", None),
            ("20231314221320Z", None),
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
        let other = Any::new(Tag::Utf8String, &b"20231114221320Z"[..]).unwrap();
        assert!(read(&other).is_err());
    }
}
