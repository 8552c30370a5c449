//! The instance of which a year is a minute, and its time.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sigstead_integration::Instance;

use crate::calendar::YEAR;
use crate::pace::Pace;

/// The instance, and when its time began.
pub(crate) struct World {
    pub(crate) instance: Instance,
    pub(crate) pace: Pace,
    /// The root of TUF with which clients began.
    pub(crate) first_root: PathBuf,
    began: Instant,
}

impl World {
    /// Makes and starts it. Lifetimes are those of `sigctl init`, a year of it a minute, but for what has a floor, and for roots:
    /// the calendar does not replace that of the timestamp authority, so that they live for longer than the instance (docs/decade.md).
    pub(crate) fn start(pace: Pace) -> Self {
        let [root, authority, publication] = [15, 5, 1].map(|years| pace.lifetime(years * YEAR));
        let lifetimes = [
            ["--root-lifetime", &root],
            ["--authority-lifetime", &authority],
            ["--publication-lifetime", &publication],
        ];
        let instance = Instance::create("decade", &lifetimes.concat()).unwrap();
        for (service, settings) in SETTINGS {
            let path = instance.directory().join(service).join("config.yaml");
            let written = std::fs::read_to_string(&path).unwrap();
            let mut lines: Vec<_> = written.lines().map(str::to_owned).collect();
            for (name, value) in *settings {
                let mut named = lines.iter_mut();
                let line = named.find(|line| line.starts_with(&format!("{name}:")));
                *line.unwrap() = format!("{name}: {value}");
            }
            std::fs::write(&path, lines.join("\n")).unwrap();
        }
        instance.up().unwrap();
        let first_root = instance.work().join("first-root.json");
        std::fs::copy(instance.kit("root.json"), &first_root).unwrap();
        Self {
            instance,
            pace,
            first_root,
            began: Instant::now(),
        }
    }

    /// The month that it is.
    pub(crate) fn month(&self) -> u32 {
        self.pace.months(self.began.elapsed())
    }

    /// How long it has lived.
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// The first month in which it lives no more.
    pub(crate) fn last_month(&self) -> u32 {
        self.pace.years * YEAR
    }
}

/// What has a floor: a token and a certificate live for a minute, and a client must be able to finish with the timestamp that
/// it fetched.
const SETTINGS: &[(&str, &[(&str, &str)])] = &[
    ("ca", &[("certificate_lifetime", "1m")]),
    ("oidc", &[("token_lifetime", "1m")]),
    (
        "tuf",
        &[
            ("snapshot_validity", "1m"),
            ("timestamp_validity", "20s"),
            ("resign_before", "10s"),
        ],
    ),
];
