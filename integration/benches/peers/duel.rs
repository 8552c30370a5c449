//! Pairs: ours and a peer under the same load, one after the other.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::arguments::Arguments;
use crate::contestant::{Contestant, Trace};
use crate::opponent::{NO_TIMERS, OPPONENTS, Opponent};
use crate::report::{self, Goals};
use crate::sync_calls::SyncCalls;
use crate::v1::check_v1;
use crate::workload::answers::check_v2;
use crate::workload::{Arrivals, Floors, Load, Measured, Moment, Span, drive};
use crate::world::{Face, World};

/// Where they meet.
pub(crate) struct Ring {
    world: World,
    arguments: Arguments,
}

/// A contestant and the load that it gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Corner {
    pub(crate) contestant: Contestant,
    pub(crate) arrivals: Arrivals,
    span: Span,
}

/// Both runs of a pair.
pub(crate) struct Pair {
    pub(crate) ours: Measured,
    pub(crate) peer: Measured,
    /// The peer's processor time per insert over ours.
    pub(crate) cpu: f64,
}

impl Pair {
    /// Of the two figures of processor time a peer gets the one against us, because servers that never rest would pay for
    /// the waiting. Our own logs are compared by all that they do.
    fn new(contestant: Contestant, ours: Measured, peer: Measured) -> Self {
        let cpu = if matches!(contestant, Contestant::Grown(_)) {
            peer.cpu_in_all_millis / ours.cpu_in_all_millis
        } else {
            peer.cpu_millis.min(peer.cpu_in_all_millis)
                / ours.cpu_millis.max(ours.cpu_in_all_millis)
        };
        Self { ours, peer, cpu }
    }
}

/// The client count at which a contestant took the most, and how much that was.
#[derive(Debug, Clone, Copy)]
struct Best {
    clients: usize,
    per_second: f64,
}

impl Ring {
    pub(crate) const fn new(world: World, arguments: Arguments) -> Self {
        Self { world, arguments }
    }

    pub(crate) async fn fight(&self) -> Result<()> {
        let start = Instant::now();
        Moment::others(IDLE_PROOF).await?.print();
        report::disk(self.world.path());
        Floors::measure(self.world.path())?.print();
        report::legend();
        for opponent in OPPONENTS {
            let name = opponent.peer.name();
            if !self.arguments.wants(name) {
                continue;
            }
            println!("\n== {} beside {name}", opponent.ours().name());
            if !opponent.note.is_empty() {
                println!("{}", opponent.note);
            }
            // A peer that does not run, or a face that we do not have, must not hide the figures of the others.
            if let Err(error) = self.meet(&opponent).await {
                println!("{name}: cut short: {error:#}");
            }
        }
        println!(
            "\n{} s in all; goals decide no exit status",
            start.elapsed().as_secs()
        );
        Ok(())
    }

    async fn meet(&self, opponent: &Opponent) -> Result<()> {
        let (ours, peer) = (opponent.ours(), opponent.peer);
        self.idle(peer).await?;
        if let Err(error) = self.idle(ours).await {
            println!(
                "{} does not run, so the peer runs alone: {error:#}",
                ours.name()
            );
            return self.alone(opponent).await;
        }
        report::header();
        for clients in self.arguments.clients(opponent.clients) {
            let goals = if clients == 1 {
                opponent.goals_alone
            } else {
                Goals::NONE
            };
            let what = format!("at {clients} clients");
            self.pairs(opponent, &what, [Arrivals::Clients(clients); 2], goals)
                .await?;
        }
        if let Some(counts) = opponent.search {
            let ours_best = self.search(opponent, ours, &OURS_SEARCH).await?;
            let best = self.search(opponent, peer, counts).await?;
            let what = format!(
                "at their best ({} and {} clients)",
                ours_best.clients, best.clients
            );
            let loads = [ours_best.clients, best.clients].map(Arrivals::Clients);
            self.pairs(opponent, &what, loads, opponent.goals_best)
                .await?;
            if self.arguments.open {
                let rate = best.per_second / 2.0;
                let what = format!("open loop, {rate:.0} arrivals each second");
                let loads = [Arrivals::PerSecond(rate); 2];
                self.pairs(opponent, &what, loads, Goals::NONE).await?;
            }
        }
        if self.arguments.sync_calls {
            self.sync_calls(opponent).await?;
        }
        Ok(())
    }

    /// What a contestant holds when it has taken one entry, and how soon it did.
    async fn idle(&self, contestant: Contestant) -> Result<()> {
        let start = Instant::now();
        let running = contestant.start(&self.world, Trace::Off).await?;
        let (ready, resident) = (start.elapsed(), running.usage().resident_mib()?);
        println!(
            "idle   {:<14} {resident:.1} MiB resident; first entry {} ms after the start",
            contestant.name(),
            ready.as_millis()
        );
        Ok(())
    }

    /// Figures of the peer, with nothing to compare them with.
    async fn alone(&self, opponent: &Opponent) -> Result<()> {
        report::header();
        for clients in self.arguments.clients(opponent.clients) {
            let corner = self.corner(opponent, opponent.peer, Arrivals::Clients(clients));
            report::row(&corner, &self.run(&corner).await?);
        }
        if self.arguments.sync_calls {
            let (peer, clients) = (opponent.peer, opponent.traced_clients);
            let calls =
                SyncCalls::count(&self.world, peer, clients, opponent.traced_span()).await?;
            report::sync_calls(peer, clients, &calls);
        }
        Ok(())
    }

    /// Pairs in the order A B B A, and their ratios.
    async fn pairs(
        &self,
        opponent: &Opponent,
        what: &str,
        [ours, peer]: [Arrivals; 2],
        goals: Goals,
    ) -> Result<()> {
        let ours = self.corner(opponent, opponent.ours(), ours);
        let peer = self.corner(opponent, opponent.peer, peer);
        println!("-- {what}");
        let mut pairs = Vec::new();
        for number in 0..self.arguments.pairs {
            self.await_idle().await?;
            let order = if number.is_multiple_of(2) {
                [ours, peer]
            } else {
                [peer, ours]
            };
            let mut runs = HashMap::new();
            for corner in order {
                let measured = self.run(&corner).await?;
                report::row(&corner, &measured);
                runs.insert(corner.contestant, measured);
            }
            let mut take = |corner: Corner| runs.remove(&corner.contestant).context("no run");
            pairs.push(Pair::new(opponent.peer, take(ours)?, take(peer)?));
        }
        report::ratios(&format!("{} {what}", opponent.peer.name()), &pairs, goals);
        Ok(())
    }

    /// The count of clients with the highest rate.
    async fn search(
        &self,
        opponent: &Opponent,
        contestant: Contestant,
        counts: &[usize],
    ) -> Result<Best> {
        println!(
            "-- search of the best client count of {}",
            contestant.name()
        );
        let mut best = None::<Best>;
        for clients in counts {
            let measured = self.probe(opponent, contestant, *clients).await?;
            // Beyond one error in a thousand a contestant is past its best.
            let errors = measured.errors() as f64;
            let bears = errors <= measured.answered_in_all as f64 / 1_000.0;
            let per_second = measured.per_second;
            if bears && best.is_none_or(|best| per_second > best.per_second) {
                best = Some(Best {
                    clients: *clients,
                    per_second,
                });
            }
        }
        best.context("no client count without errors")
    }

    async fn probe(
        &self,
        opponent: &Opponent,
        contestant: Contestant,
        clients: usize,
    ) -> Result<Measured> {
        let mut corner = self.corner(opponent, contestant, Arrivals::Clients(clients));
        corner.span.warm_up = corner.span.warm_up.min(PROBE.warm_up);
        corner.span.window = corner.span.window.min(PROBE.window);
        let measured = self.run(&corner).await?;
        report::row(&corner, &measured);
        Ok(measured)
    }

    /// One run with an empty store, whose answers are then verified.
    async fn run(&self, corner: &Corner) -> Result<Measured> {
        let (contestant, face) = (corner.contestant, corner.contestant.face());
        let entries = self
            .world
            .entries(face, corner.span.entries(corner.arrivals))?;
        let running = contestant.start(&self.world, Trace::Off).await?;
        let load = Load {
            target: running.target.clone(),
            bodies: entries,
            once: true,
        };
        let measured = drive(&load, corner.arrivals, corner.span, &running.usage()).await?;
        let log = &self.world.log_spki;
        for sample in &measured.samples {
            match face {
                Face::V1 => check_v1(&sample.answer, sample.number, log),
                Face::V2 => check_v2(&sample.answer, sample.number, log),
            }
            .with_context(|| format!("the answer to entry {} is wrong", sample.number))?;
        }
        Ok(measured)
    }

    async fn sync_calls(&self, opponent: &Opponent) -> Result<()> {
        for contestant in [opponent.ours(), opponent.peer] {
            let (clients, span) = (opponent.traced_clients, opponent.traced_span());
            let calls = SyncCalls::count(&self.world, contestant, clients, span).await?;
            report::sync_calls(contestant, clients, &calls);
        }
        Ok(())
    }

    /// Each side runs as long as its own timers need to show themselves.
    fn corner(&self, opponent: &Opponent, contestant: Contestant, arrivals: Arrivals) -> Corner {
        let least = if contestant == opponent.peer {
            opponent.least
        } else {
            NO_TIMERS
        };
        Corner {
            contestant,
            arrivals,
            span: Span {
                warm_up: self.arguments.warm_up.max(least.warm_up),
                window: self.arguments.window.max(least.window),
            },
        }
    }

    /// Waits, if that is wanted, until nobody else uses the machine.
    async fn await_idle(&self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < self.arguments.wait {
            let others = Moment::others(IDLE_PROOF).await?;
            if others.is_idle() {
                return Ok(());
            }
        }
        ensure!(
            self.arguments.wait.is_zero(),
            "the machine does not become idle within {} s",
            self.arguments.wait.as_secs()
        );
        Ok(())
    }
}

const IDLE_PROOF: Duration = Duration::from_secs(3);
const OURS_SEARCH: [usize; 4] = [16, 64, 256, 1_024];
const PROBE: Span = Span {
    warm_up: Duration::from_secs(3),
    window: Duration::from_secs(4),
};
