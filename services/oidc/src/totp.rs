use std::fmt;

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use time::OffsetDateTime;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

/// What an account and an authenticator app share, from which codes follow with time (RFC 6238): SHA-1, six digits, steps of
/// 30 seconds, because these are the only ones that all apps know.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TotpSecret(Zeroizing<[u8; BYTES]>);

impl TotpSecret {
    pub(crate) fn new(bytes: [u8; BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The step whose code somebody typed, if it is that of `now` or one of its neighbours: clocks differ and people type
    /// slowly (RFC 6238 §5.2).
    pub(crate) fn step_of(&self, typed: &str, now: OffsetDateTime) -> Option<u64> {
        let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let step = u64::try_from(now.unix_timestamp()).ok()? / STEP;
        let near = step.saturating_sub(1)..=step.saturating_add(1);
        // All three are compared, so that the time tells nothing of which it was.
        near.fold(None, |found, step| {
            let same = self.code(step).as_bytes().ct_eq(digits.as_bytes());
            if bool::from(same) { Some(step) } else { found }
        })
    }

    /// As people type it into an app that has no camera.
    pub(crate) fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(self.0.as_slice()))
    }

    /// As apps read it from a QR code: for `account` at `host`.
    pub(crate) fn uri(&self, host: &str, account: &str) -> Zeroizing<String> {
        let encoded = |text: &str| {
            let text: String = byte_serialize(text.as_bytes()).collect();
            text.replace('+', "%20")
        };
        let (host, account, secret) = (encoded(host), encoded(account), self.base32());
        let secret = secret.as_str();
        Zeroizing::new(format!(
            "otpauth://totp/{host}:{account}?secret={secret}&issuer={host}"
        ))
    }

    /// RFC 4226 §5.3 over the number of the step.
    fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.0.as_slice());
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = tag.last().map_or(0, |last| usize::from(last & 0x0f));
        let chosen = tag.iter().skip(offset).take(4);
        let number = chosen.fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}

impl Serialize for TotpSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.base32())
    }
}

impl<'de> Deserialize<'de> for TotpSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).map(Zeroizing::new);
        let bytes = bytes
            .ok()
            .and_then(|bytes| bytes.as_slice().try_into().ok());
        let bytes = bytes.ok_or_else(|| serde::de::Error::custom("not 20 bytes in base32"))?;
        Ok(Self::new(bytes))
    }
}

/// RFC 4226 §4 recommends 160 bits.
pub(crate) const BYTES: usize = 20;
/// Seconds that a code lasts.
const STEP: u64 = 30;
/// How long a code could be typed a second time: its own step and its neighbours.
pub(crate) const REPEATABLE: time::Duration = time::Duration::seconds(3 * 30);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    fn secret() -> TotpSecret {
        TotpSecret::new(*b"12345678901234567890")
    }

    /// RFC 6238, appendix B, of whose eight digits the last six are ours.
    #[test]
    fn the_codes_of_the_rfc_are_taken_at_their_times() {
        for (seconds, code) in [
            (59_i64, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = u64::try_from(seconds).unwrap() / STEP;
            let taken = |offset| secret().step_of(code, at(seconds + offset));
            assert_eq!(taken(0), Some(step), "{seconds}");
            assert_eq!(taken(30), Some(step), "{seconds}");
            assert_eq!(taken(-30), Some(step), "{seconds}");
            assert_eq!(taken(60), None, "{seconds}");
            assert_eq!(taken(-60), None, "{seconds}");
        }
    }

    #[test]
    fn a_code_is_six_digits_with_or_without_a_blank() {
        assert!(secret().step_of("287 082", at(59)).is_some());
        for wrong in ["", "287081", "87082", "0287082", "94287082", "２８７０８２"] {
            assert_eq!(secret().step_of(wrong, at(59)), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_kept_as_apps_read_it_and_never_printed() {
        let text = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(secret().base32().as_str(), text);
        let kept = serde_json::to_string(&secret()).unwrap();
        assert_eq!(kept, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<TotpSecret>(&kept).unwrap(), secret());
        assert!(serde_json::from_str::<TotpSecret>("\"GEZDGNBV\"").is_err());
        assert!(!format!("{:?}", secret()).contains("GEZ"));
        let uri = secret().uri("id.example.com:8085", "a+b@example.com");
        assert_eq!(
            uri.as_str(),
            format!(
                "otpauth://totp/id.example.com%3A8085:a%2Bb%40example.com?secret={text}&issuer=id.example.com%3A8085"
            )
        );
    }
}
