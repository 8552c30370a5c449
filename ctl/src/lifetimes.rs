//! How long what the operator signs is valid.

use clap::Args;
use serde::{Deserialize, Serialize};
use sigstead_kit::Period;

use crate::profile::Profile;

/// The lifetimes of an instance. What is signed keeps the one that it was signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Lifetimes {
    pub(crate) root: Period,
    pub(crate) authority: Period,
    pub(crate) publication: Period,
}

/// Those that are asked for.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct LifetimeArguments {
    /// How long a root of the certificate authority or of the timestamp authority is valid.
    #[arg(long = "root-lifetime", value_name = "PERIOD", default_value_t = ROOT, value_parser = parse)]
    root: Period,

    /// How long what such a root signs is valid, the intermediate and the certificate of the timestamp authority; at most as
    /// long as the root.
    #[arg(long = "authority-lifetime", value_name = "PERIOD", default_value_t = AUTHORITY, value_parser = parse)]
    authority: Period,

    /// How long clients accept a publication of the trust root. Default: 365d, and 1095d of the profile airgap.
    #[arg(long = "publication-lifetime", value_name = "PERIOD", value_parser = parse)]
    publication: Option<Period>,
}

impl LifetimeArguments {
    /// The lifetimes of an instance of a profile.
    pub(crate) fn of(self, profile: Profile) -> Lifetimes {
        Lifetimes {
            root: self.root,
            authority: self.authority,
            publication: self.publication.unwrap_or_else(|| profile.publication()),
        }
    }
}

impl Lifetimes {
    /// Whether an instance has no others than those of instances that name none.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// As `init` takes them.
    pub(crate) fn as_arguments(&self) -> Vec<String> {
        [
            ("--root-lifetime", self.root),
            ("--authority-lifetime", self.authority),
            ("--publication-lifetime", self.publication),
        ]
        .into_iter()
        .flat_map(|(name, lifetime)| [name.to_owned(), lifetime.to_string()])
        .collect()
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            root: ROOT,
            authority: AUTHORITY,
            publication: Profile::Dev.publication(),
        }
    }
}

fn parse(text: &str) -> Result<Period, String> {
    let period: Period = text.parse().map_err(|error| format!("{error}"))?;
    if (SHORTEST..=LONGEST).contains(&period) {
        return Ok(period);
    }
    Err(format!("write a period from {SHORTEST} to {LONGEST}"))
}

const ROOT: Period = Period::from_days(3650);
const AUTHORITY: Period = Period::from_days(1825);
/// What ends sooner has ended before a client has it.
const SHORTEST: Period = Period::from_seconds(30);
/// The years of a certificate have four digits, and nobody plans for longer.
const LONGEST: Period = Period::from_days(36_500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_of_use_and_can_be_written() {
        for (text, expected) in [
            ("30s", true),
            ("10m", true),
            ("36500d", true),
            ("29s", false),
            ("36501d", false),
            ("never", false),
        ] {
            assert_eq!(parse(text).is_ok(), expected, "{text}");
        }
    }

    #[test]
    fn an_instance_that_names_none_has_those_that_it_always_had() {
        let none: Lifetimes = serde_json::from_str("{}").unwrap();
        assert!(none.is_default());
        let one: Lifetimes = serde_json::from_str(r#"{"authority": "365d"}"#).unwrap();
        let year = Period::from_days(365);
        assert_eq!((one.root, one.publication), (ROOT, year));
    }
}
