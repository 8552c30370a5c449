use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time in a configuration file: a whole number and one of the units `ms`, `s`, `m`,
/// `h`, `d`, as in `250ms`, `10m`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(Duration);

impl Period {
    /// A period of milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// A period of seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// A period of minutes.
    #[must_use]
    pub const fn from_minutes(minutes: u64) -> Self {
        Self::from_seconds(minutes * 60)
    }

    /// A period of hours.
    #[must_use]
    pub const fn from_hours(hours: u64) -> Self {
        Self::from_minutes(hours * 60)
    }

    /// A period of days of 24 hours.
    #[must_use]
    pub const fn from_days(days: u64) -> Self {
        Self::from_hours(days * 24)
    }

    /// The period as the standard library has it.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// The period as the calendar library has it.
    #[must_use]
    pub fn time(self) -> time::Duration {
        time::Duration::try_from(self.0).unwrap_or(time::Duration::MAX)
    }
}

impl From<Period> for Duration {
    fn from(period: Period) -> Self {
        period.0
    }
}

/// A text that is not a period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a length of time: write a whole number and a unit (ms, s, m, h, d), as in 10m"
)]
pub struct ParsePeriodError(String);

impl FromStr for Period {
    type Err = ParsePeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParsePeriodError(text.to_owned());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let (_, millis) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wrong)?;
        number
            .checked_mul(*millis)
            .map(Self::from_millis)
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        // The largest unit that divides the period, so that what was read is what is written.
        let (name, size) = UNITS
            .iter()
            .rev()
            .find(|(_, size)| millis != 0 && millis.is_multiple_of(u128::from(*size)))
            .unwrap_or(&SECOND);
        write!(f, "{}{name}", millis / u128::from(*size))
    }
}

impl JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"})
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

const SECOND: (&str, u64) = ("s", 1_000);
const UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    SECOND,
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_in_its_largest_unit() {
        for (text, seconds, written) in [
            ("10m", 600, "10m"),
            ("7d", 604_800, "7d"),
            ("24h", 86_400, "1d"),
            ("90s", 90, "90s"),
            ("0s", 0, "0s"),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.duration().as_secs(), seconds);
            assert_eq!(period.to_string(), written);
        }
        assert_eq!("250ms".parse::<Period>().unwrap().to_string(), "250ms");
    }

    #[test]
    fn refuses_what_has_no_unit_no_number_or_no_end() {
        for text in [
            "",
            "10",
            "m",
            "1.5h",
            "-1s",
            "1 h",
            "1w",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
