//! Pairs: ours and a peer under the same load, one after the other.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::arguments::Arguments;
use crate::certificates::check_certificate;
use crate::contestant::Contestant;
use crate::opponent::{Best, NO_TIMERS, OPPONENTS, Opponent};
use crate::pair::{Corner, Pair};
use crate::processes::Trace;
use crate::report::{self, Goals};
use crate::signatures::Signatures;
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
        let clients = match opponent.best {
            Best::Unasked => None,
            Best::At(clients) => Some(clients),
            Best::Among(counts) => {
                let best = self.search(opponent, ours, &OURS_SEARCH).await?;
                Some([best, self.search(opponent, peer, counts).await?])
            }
        };
        if let Some(clients) = clients {
            self.at_their_best(opponent, clients).await?;
        }
        if self.arguments.sync_calls {
            self.sync_calls(opponent).await?;
        }
        Ok(())
    }

    /// Ours and the peer with the client counts at which they do most, then both at half of what the peer did.
    async fn at_their_best(&self, opponent: &Opponent, clients: [usize; 2]) -> Result<()> {
        let [ours, peer] = clients;
        let what = format!("at their best ({ours} and {peer} clients)");
        let loads = clients.map(Arrivals::Clients);
        let rate = self
            .pairs(opponent, &what, loads, opponent.goals_best)
            .await?;
        if self.arguments.open {
            let rate = rate / 2.0;
            let what = format!("open loop, {rate:.0} arrivals each second");
            let loads = [Arrivals::PerSecond(rate); 2];
            self.pairs(opponent, &what, loads, Goals::NONE).await?;
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

    /// Pairs in the order A B B A, and their ratios. Gives how many answers a second the peer gave at most.
    async fn pairs(
        &self,
        opponent: &Opponent,
        what: &str,
        [ours, peer]: [Arrivals; 2],
        goals: Goals,
    ) -> Result<f64> {
        let ours = self.corner(opponent, opponent.ours(), ours);
        let peer = self.corner(opponent, opponent.peer, peer);
        println!("-- {what}");
        let (mut pairs, mut signatures) = (Vec::new(), Vec::new());
        for number in 0..self.arguments.pairs {
            self.await_idle().await?;
            let order = if number.is_multiple_of(2) {
                [ours, peer]
            } else {
                [peer, ours]
            };
            if let Face::Certificate(variant) = ours.contestant.face() {
                signatures.push(Signatures::measure(variant)?);
            }
            let mut runs = HashMap::new();
            for corner in order {
                let measured = self.run(&corner).await?;
                report::row(&corner, &measured);
                runs.insert(corner.contestant, measured);
            }
            let mut take = |corner: Corner| runs.remove(&corner.contestant).context("no run");
            pairs.push(Pair::new(opponent.peer, take(ours)?, take(peer)?));
        }
        let what = format!("{} {what}", opponent.peer.name());
        report::ratios(&what, &pairs, goals);
        if !signatures.is_empty() {
            report::efficiency(&what, &pairs, &signatures);
        }
        let rates = pairs.iter().map(|pair| pair.peer.per_second);
        Ok(rates.fold(0.0, f64::max))
    }

    /// The count of clients with the highest rate.
    async fn search(
        &self,
        opponent: &Opponent,
        contestant: Contestant,
        counts: &[usize],
    ) -> Result<usize> {
        println!(
            "-- search of the best client count of {}",
            contestant.name()
        );
        let mut best = None::<(usize, f64)>;
        for clients in counts {
            let measured = self.probe(opponent, contestant, *clients).await?;
            // Beyond one error in a thousand a contestant is past its best.
            let errors = measured.errors() as f64;
            let bears = errors <= measured.answered_in_all as f64 / 1_000.0;
            let per_second = measured.per_second;
            if bears && best.is_none_or(|(_, most)| per_second > most) {
                best = Some((*clients, per_second));
            }
        }
        best.map(|(clients, _)| clients)
            .context("no client count without errors")
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
            once: face.is_once(),
        };
        let measured = drive(&load, corner.arrivals, corner.span, &running.usage()).await?;
        for sample in &measured.samples {
            self.check(face, &load, sample.number, &sample.answer)
                .with_context(|| format!("the answer to entry {} is wrong", sample.number))?;
        }
        Ok(measured)
    }

    fn check(&self, face: Face, load: &Load, number: usize, answer: &[u8]) -> Result<()> {
        let log = &self.world.log_spki;
        match face {
            Face::V1 => check_v1(answer, number, log),
            Face::V2 => check_v2(answer, number, log),
            Face::Certificate(variant) => {
                let request = load.bodies.get(number).context("no such request")?;
                let authority = self.world.authority(variant.authority);
                check_certificate(answer, request, authority, log)
            }
        }
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
