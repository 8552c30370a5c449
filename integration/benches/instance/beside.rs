//! This build beside another, in short rounds that alternate, so that what else the machine does befalls both alike.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sigstead_integration::Instance;

use crate::compared::compare;
use crate::requests;
use crate::table::usage;
use crate::workload::{Arrivals, Load, Measured, SigningKey, Span, Target, drive, v2_entries};

/// What is measured, with a count of clients.
#[derive(Clone, Copy)]
struct Figure {
    what: What,
    clients: usize,
}

#[derive(Clone, Copy)]
enum What {
    Timestamp,
    Certificate,
    Entry,
}

/// What to compare, and how long.
pub(crate) struct Comparison {
    /// The folder of the programs A.
    pub(crate) ours: PathBuf,
    /// The folder of the programs B.
    pub(crate) other: PathBuf,
    pub(crate) rounds: usize,
    pub(crate) window: Duration,
    /// The figures whose names begin so; all if it is empty.
    pub(crate) only: String,
}

/// Measures the figures in pairs and prints how A compares with B.
pub(crate) async fn beside(comparison: &Comparison) -> Result<()> {
    let Comparison {
        ours,
        other,
        rounds,
        window,
        only,
    } = comparison;
    let (a, b) = (Side::start(ours)?, Side::start(other)?);
    let mut entries = Entries::new()?;
    let span = Span {
        warm_up: WARM_UP,
        window: *window,
    };
    println!("A: {}\nB: {}", ours.display(), other.display());
    println!(
        "{rounds} pairs; ratio: the median of the pairs, above 1 A is better; +-: half the distance of the quartiles"
    );
    for figure in FIGURES {
        if !figure.what.name().starts_with(only) {
            continue;
        }
        let mut pairs = Vec::with_capacity(*rounds);
        for round in 0..*rounds {
            let bodies = entries.next(figure, span)?;
            let (first, second) = if round.is_multiple_of(2) {
                (&a, &b)
            } else {
                (&b, &a)
            };
            let first = first.run(figure, &bodies, span).await?;
            let second = second.run(figure, &bodies, span).await?;
            pairs.push(if round.is_multiple_of(2) {
                (first, second)
            } else {
                (second, first)
            });
        }
        compare(figure.what.name(), figure.clients, &pairs);
    }
    Ok(())
}

/// An instance of one build, which runs as long as the other.
struct Side {
    instance: Instance,
    timestamps: Load,
    certificates: Load,
    entries: Target,
}

impl Side {
    fn start(programs: &Path) -> Result<Self> {
        let instance = Instance::create_with(programs, "bench", &[])
            .with_context(|| format!("no instance of {}", programs.display()))?;
        instance.up()?;
        Ok(Self {
            timestamps: requests::timestamps(&instance)?,
            certificates: requests::certificates(&instance)?,
            entries: Target::new(&instance.url("tlog"), "POST", "/api/v2/log/entries")?,
            instance,
        })
    }

    async fn run(&self, figure: Figure, entries: &Arc<[Vec<u8>]>, span: Span) -> Result<Measured> {
        let usage = usage(&self.instance, figure.what.services())?;
        let arrivals = Arrivals::Clients(figure.clients);
        let entries = Load {
            target: self.entries.clone(),
            bodies: Arc::clone(entries),
            once: true,
        };
        let load = match figure.what {
            What::Timestamp => &self.timestamps,
            What::Certificate => &self.certificates,
            What::Entry => &entries,
        };
        drive(load, arrivals, span, &usage).await
    }
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp",
            Self::Certificate => "certificate with SCT",
            Self::Entry => "v2 entry with proof",
        }
    }

    const fn services(self) -> &'static [&'static str] {
        match self {
            Self::Timestamp => &["tsa"],
            Self::Certificate => &["ca", "ctlog"],
            Self::Entry => &["tlog"],
        }
    }
}

/// Entries that each side takes once.
struct Entries {
    key: SigningKey,
    taken: usize,
}

impl Entries {
    fn new() -> Result<Self> {
        Ok(Self {
            key: SigningKey::generate()?,
            taken: 0,
        })
    }

    /// More than a log takes in the span; none for what takes no entries.
    fn next(&mut self, figure: Figure, span: Span) -> Result<Arc<[Vec<u8>]>> {
        let count = match figure.what {
            What::Entry => span.entries(Arrivals::Clients(figure.clients)),
            What::Timestamp | What::Certificate => 0,
        };
        let first = self.taken;
        self.taken += count;
        Ok(v2_entries(&self.key, first..self.taken)?.into())
    }
}

const FIGURES: [Figure; 6] = [
    Figure::of(What::Timestamp, 1),
    Figure::of(What::Timestamp, 16),
    Figure::of(What::Certificate, 1),
    Figure::of(What::Certificate, 64),
    Figure::of(What::Entry, 1),
    Figure::of(What::Entry, 64),
];

impl Figure {
    const fn of(what: What, clients: usize) -> Self {
        Self { what, clients }
    }
}

const WARM_UP: Duration = Duration::from_millis(300);
