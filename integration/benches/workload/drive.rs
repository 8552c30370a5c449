//! The generator: closed loop, where each client sends when its last request is answered, and open loop, where requests
//! arrive when they arrive.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connection::{Connection, Target};
use super::machine::Moment;
use super::measured::{Measured, Tally};
use super::usage::Usage;

/// What is sent, and where.
pub(crate) struct Load {
    pub(crate) target: Target,
    pub(crate) bodies: Arc<[Vec<u8>]>,
    /// Whether each body may be sent once only.
    pub(crate) once: bool,
}

/// How requests come.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Arrivals {
    /// Closed loop with so many clients.
    Clients(usize),
    /// Poisson arrivals, so many each second. Latency counts from the arrival, so that a stall is felt by all who arrive
    /// in it (no coordinated omission).
    PerSecond(f64),
}

/// How long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
}

impl Span {
    /// More entries than the fastest log at hand takes in the span.
    pub(crate) fn entries(self, arrivals: Arrivals) -> usize {
        let per_second = match arrivals {
            Arrivals::Clients(1) => 6_000.0,
            Arrivals::Clients(_) => 32_000.0,
            Arrivals::PerSecond(rate) => rate * 1.2 + 100.0,
        };
        (per_second * (self.warm_up + self.window).as_secs_f64()) as usize
    }
}

/// Runs a load against processes.
pub(crate) async fn drive(
    load: &Load,
    arrivals: Arrivals,
    span: Span,
    usage: &Usage,
) -> Result<Measured> {
    let sender = Arc::new(Sender {
        target: load.target.clone(),
        bodies: Arc::clone(&load.bodies),
        once: load.once,
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        ran_out: AtomicBool::new(false),
    });
    let cpu_before = usage.cpu_millis()?;
    let mut running = match arrivals {
        Arrivals::Clients(clients) => closed(&sender, clients),
        Arrivals::PerSecond(rate) => open(&sender, rate, span),
    };
    sleep(span.warm_up).await;
    let (begin, before) = (Instant::now(), Moment::now(usage)?);
    sleep(span.window).await;
    let (end, after) = (Instant::now(), Moment::now(usage)?);
    sender.stop.store(true, Ordering::Relaxed);
    running.finish().await?;
    let mut measured = Measured::of(running.tallies(), begin, end);
    measured.account(&before, &after, usage)?;
    measured.settle(settle(usage).await? - cpu_before);
    measured.ran_out = sender.ran_out.load(Ordering::Relaxed);
    Ok(measured)
}

/// Waits until what was put off is done, if it ever is, and gives the processor time that the processes have then used.
async fn settle(usage: &Usage) -> Result<f64> {
    let (start, mut before) = (Instant::now(), usage.cpu_millis()?);
    loop {
        sleep(SETTLE_STEP).await;
        let now = usage.cpu_millis()?;
        let is_calm = now - before <= SETTLE_STEP.as_secs_f64() * 1e3 * CALM;
        if is_calm || start.elapsed() > SETTLE_LIMIT {
            return Ok(now);
        }
        before = now;
    }
}

struct Sender {
    target: Target,
    bodies: Arc<[Vec<u8>]>,
    once: bool,
    next: AtomicUsize,
    stop: AtomicBool,
    ran_out: AtomicBool,
}

impl Sender {
    fn next(&self) -> Option<(usize, &[u8])> {
        let position = self.next.fetch_add(1, Ordering::Relaxed);
        if self.once && position >= self.bodies.len() {
            self.ran_out.store(true, Ordering::Relaxed);
            return None;
        }
        let position = position % self.bodies.len();
        Some((position, self.bodies.get(position)?))
    }

    /// A connection; if it cannot be made now, the first request tries again, and tells the error.
    async fn connect(&self) -> Connection {
        let mut connection = Connection::new(self.target.clone());
        let _ = connection.open().await;
        connection
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Sends the next request and notes its answer.
    async fn send(
        &self,
        connection: &mut Connection,
        arrived: Option<Instant>,
        tally: &Mutex<Tally>,
    ) -> bool {
        let Some((number, body)) = self.next() else {
            return false;
        };
        let start = Instant::now();
        let answer = connection.exchange(body).await;
        let millis = arrived.unwrap_or(start).elapsed().as_secs_f64() * 1e3;
        // Arrivals belong to the moment that they came, clients to the moment that they were served.
        let at = arrived.unwrap_or_else(Instant::now);
        let failed = {
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.note(at, millis, number, answer)
        };
        if failed {
            sleep(Duration::from_millis(5)).await;
        }
        true
    }
}

struct Running {
    tasks: JoinSet<()>,
    tallies: Vec<Arc<Mutex<Tally>>>,
}

impl Running {
    /// What was sent may still be answered for a moment; the rest is cut off.
    async fn finish(&mut self) -> Result<()> {
        let drained = timeout(DRAIN, async {
            while let Some(ended) = self.tasks.join_next().await {
                ended.context("a client broke")?;
            }
            anyhow::Ok(())
        });
        if let Ok(ended) = drained.await {
            return ended;
        }
        self.tasks.shutdown().await;
        Ok(())
    }

    fn tallies(&self) -> Vec<Tally> {
        self.tallies
            .iter()
            .map(|tally| std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner)))
            .collect()
    }
}

fn closed(sender: &Arc<Sender>, clients: usize) -> Running {
    let mut running = Running {
        tasks: JoinSet::new(),
        tallies: Vec::new(),
    };
    for _ in 0..clients {
        let (sender, tally) = (Arc::clone(sender), Arc::<Mutex<Tally>>::default());
        running.tallies.push(Arc::clone(&tally));
        running.tasks.spawn(async move {
            let mut connection = sender.connect().await;
            while !sender.is_over() && sender.send(&mut connection, None, &tally).await {}
        });
    }
    running
}

fn open(sender: &Arc<Sender>, rate: f64, span: Span) -> Running {
    let (arrive, arrivals) = mpsc::channel(WAITING);
    let arrivals = Arc::new(tokio::sync::Mutex::new(arrivals));
    let mut running = Running {
        tasks: JoinSet::new(),
        tallies: Vec::new(),
    };
    for _ in 0..CONNECTIONS {
        let (sender, tally) = (Arc::clone(sender), Arc::<Mutex<Tally>>::default());
        running.tallies.push(Arc::clone(&tally));
        let arrivals = Arc::clone(&arrivals);
        running.tasks.spawn(async move {
            let mut connection = sender.connect().await;
            loop {
                let arrived = arrivals.lock().await.recv().await;
                let Some(arrived) = arrived else { break };
                if !sender.send(&mut connection, Some(arrived), &tally).await {
                    break;
                }
            }
        });
    }
    let total = span.warm_up + span.window;
    // A thread of its own: the timer of the runtime counts in milliseconds, which is more than some answers take.
    std::thread::spawn(move || poisson(rate, total, &arrive));
    running
}

/// Announces arrivals at exponential distances.
fn poisson(rate: f64, total: Duration, arrive: &mpsc::Sender<Instant>) {
    let start = Instant::now();
    let (mut due, mut state) = (Duration::ZERO, 0x5eed_u64);
    loop {
        due += Duration::from_secs_f64(-uniform(&mut state).ln() / rate);
        if due > total {
            return;
        }
        while let Some(left) = due.checked_sub(start.elapsed()) {
            std::thread::park_timeout(left);
        }
        if arrive.blocking_send(start + due).is_err() {
            return;
        }
    }
}

/// The next number above 0 and not above 1, of splitmix64.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    ((mixed >> 11) + 1) as f64 / (1_u64 << 53) as f64
}

const SETTLE_STEP: Duration = Duration::from_millis(400);
const SETTLE_LIMIT: Duration = Duration::from_secs(20);
/// The share of a processor that servers without work may use.
const CALM: f64 = 0.1;
const DRAIN: Duration = Duration::from_secs(3);
const CONNECTIONS: usize = 1_024;
/// Arrivals that found no free connection yet.
const WAITING: usize = 1 << 20;
