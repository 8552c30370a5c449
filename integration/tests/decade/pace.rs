//! How fast time goes by.

use std::time::Duration;

/// How many years there are, and how long a month is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) years: u32,
    month: Duration,
    /// By how much lifetimes are longer than they are in months of this length.
    slack: u32,
}

impl Pace {
    /// As `make decade` asks for it. Without that it is two years, in which lifetimes are so long that the speed of the machine
    /// decides nothing.
    pub(crate) fn of_environment() -> Self {
        let years = number("SIGSTEAD_DECADE_YEARS");
        let month = number("SIGSTEAD_DECADE_MONTH").unwrap_or(MONTH);
        Self {
            years: years.unwrap_or(2),
            month: Duration::from_secs(month.into()),
            slack: if years.is_some() { 1 } else { 10 },
        }
    }

    /// How many months are over.
    pub(crate) fn months(self, age: Duration) -> u32 {
        let months = age.as_secs() / self.month.as_secs();
        u32::try_from(months).unwrap()
    }

    /// So many months, as commands take it.
    pub(crate) fn lifetime(self, months: u32) -> String {
        format!("{}s", (self.month * months * self.slack).as_secs())
    }
}

/// A number of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "a test has no other configuration"
)]
fn number(name: &str) -> Option<u32> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap())
}

/// Of so many seconds, that a year is a minute.
const MONTH: u32 = 5;
