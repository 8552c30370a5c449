//! The log: entries that each come once, in a closed and in an open loop, and at several sizes.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigstead_integration::Instance;

use crate::table::{Table, usage};
use crate::workload::answers::check_v2;
use crate::workload::{
    Arrivals, Connection, Load, Measured, SigningKey, Span, Target, drive, v2_entries,
};

/// The log of an instance, and the entries that it has not taken yet.
pub(crate) struct Log<'a> {
    instance: &'a Instance,
    target: Target,
    key: SigningKey,
    /// The log's own, to verify answers with.
    log: Vec<u8>,
    taken: usize,
}

impl<'a> Log<'a> {
    pub(crate) async fn new(instance: &'a Instance) -> Result<Self> {
        let checkpoint = checkpoint(instance).await?;
        let origin = checkpoint.lines().next().context("no checkpoint")?;
        Ok(Self {
            instance,
            target: Target::new(&instance.url("tlog"), "POST", "/api/v2/log/entries")?,
            key: SigningKey::generate()?,
            log: public_key(instance, origin)?,
            taken: 0,
        })
    }

    /// The closed loop at each count of clients, then arrivals at shares of the highest rate that it saw.
    pub(crate) async fn measure(
        &mut self,
        table: &mut Table,
        clients: &[usize],
        span: Span,
    ) -> Result<()> {
        let mut best = 0.0_f64;
        for count in clients {
            let arrivals = Arrivals::Clients(*count);
            let measured = self.run(arrivals, span).await?;
            best = best.max(measured.per_second);
            table.entries("v2 entry with proof", arrivals, &measured);
        }
        for share in [0.1, 0.5, 0.8] {
            let arrivals = Arrivals::PerSecond(best * share);
            let measured = self.run(arrivals, span).await?;
            table.entries("v2 entry, open loop", arrivals, &measured);
        }
        Ok(())
    }

    /// The same load at several sizes of the log, which grows by real entries in between.
    pub(crate) async fn sizes(
        &mut self,
        table: &mut Table,
        sizes: &[u64],
        span: Span,
    ) -> Result<()> {
        for size in sizes {
            self.grow(*size).await?;
            for arrivals in [Arrivals::Clients(1), Arrivals::Clients(64)] {
                let at = self.size().await?;
                let measured = self.run(arrivals, span).await?;
                table.entries(&format!("v2 entry, log of {at}"), arrivals, &measured);
            }
        }
        Ok(())
    }

    async fn run(&mut self, arrivals: Arrivals, span: Span) -> Result<Measured> {
        let load = self.load(span.entries(arrivals))?;
        let usage = usage(self.instance, &["tlog"])?;
        let first = self.taken - load.bodies.len();
        let measured = drive(&load, arrivals, span, &usage).await?;
        for sample in &measured.samples {
            let number = first + sample.number;
            check_v2(&sample.answer, number, &self.log)
                .with_context(|| format!("the answer to entry {number} is wrong"))?;
        }
        Ok(measured)
    }

    /// Entries that nobody has sent before.
    fn load(&mut self, count: usize) -> Result<Load> {
        let first = self.taken;
        self.taken += count;
        Ok(Load {
            target: self.target.clone(),
            bodies: v2_entries(&self.key, first..self.taken)?.into(),
            once: true,
        })
    }

    /// Fills the log up to a size.
    async fn grow(&mut self, size: u64) -> Result<()> {
        const CLIENTS: usize = 64;
        loop {
            let missing = size.saturating_sub(self.size().await?);
            if missing == 0 {
                return Ok(());
            }
            let load = Arc::new(self.load(usize::try_from(missing)?.min(200_000))?);
            let mut tasks = tokio::task::JoinSet::new();
            for client in 0..CLIENTS {
                let load = Arc::clone(&load);
                tasks.spawn(async move {
                    let mut connection = Connection::new(load.target.clone());
                    for body in load.bodies.iter().skip(client).step_by(CLIENTS) {
                        connection.exchange(body).await?;
                    }
                    anyhow::Ok(())
                });
            }
            while let Some(ended) = tasks.join_next().await {
                ended??;
            }
        }
    }

    /// What the log's checkpoint says.
    async fn size(&self) -> Result<u64> {
        let checkpoint = checkpoint(self.instance).await?;
        let size = checkpoint.lines().nth(1).context("no checkpoint")?;
        Ok(size.parse()?)
    }
}

/// The key of the Rekor v2 log in the trust root of the client kit: the one whose `baseUrl` names the log's origin.
fn public_key(instance: &Instance, origin: &str) -> Result<Vec<u8>> {
    let root = std::fs::read(instance.kit("trusted_root.json"))?;
    let root: serde_json::Value = serde_json::from_slice(&root)?;
    let logs = root["tlogs"].as_array().context("no log is trusted")?;
    let is_it = |log: &&serde_json::Value| {
        let url = log["baseUrl"].as_str().unwrap_or_default();
        url.rsplit('/').next() == Some(origin)
    };
    let log = logs.iter().find(is_it).context("the log is not trusted")?;
    let key = log["publicKey"]["rawBytes"].as_str().context("no key")?;
    Ok(STANDARD.decode(key)?)
}

/// The published checkpoint.
async fn checkpoint(instance: &Instance) -> Result<String> {
    let target = Target::new(&instance.url("tlog"), "GET", "/api/v2/checkpoint")?;
    let mut connection = Connection::new(target);
    let (_, checkpoint) = connection.exchange(b"").await?;
    Ok(String::from_utf8_lossy(checkpoint).into_owned())
}

/// The sizes of `--sizes`.
pub(crate) const SIZES: [u64; 3] = [1_000, 100_000, 1_000_000];

/// The span of a run in seconds.
pub(crate) const fn span(seconds: u64) -> Span {
    Span {
        warm_up: Duration::from_millis(500),
        window: Duration::from_secs(seconds),
    }
}
