//! Who does what the calendar says, one command after the other.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;
use sigstead_integration::{Instance, Rotated, pause, run, sigctl};

use crate::calendar::{Act, CALENDAR, Wish};
use crate::clients::Clients;
use crate::emergency::{self, Void};
use crate::load::Load;
use crate::office::Office;
use crate::world::World;

/// The operator of the instance.
pub(crate) struct Operator<'a> {
    world: &'a World,
    load: &'a Load,
    pub(crate) office: Office,
    clients: Clients,
    /// What is to be begun, and in which month.
    to_do: Vec<(u32, Act)>,
    under_way: BTreeMap<&'static str, UnderWay>,
    pub(crate) done: Vec<Done>,
    pub(crate) void: Option<Void>,
    /// In which months all services stood still.
    pub(crate) slept: Vec<RangeInclusive<u32>>,
}

/// A rotation that was begun.
struct UnderWay {
    due: u32,
    begun: u32,
    phase: Value,
    /// When there may be something to do.
    look: Instant,
    /// How long its commands took.
    took: Duration,
}

/// An act that is over.
pub(crate) struct Done {
    pub(crate) act: String,
    pub(crate) due: u32,
    pub(crate) begun: u32,
    pub(crate) took: Duration,
}

impl<'a> Operator<'a> {
    pub(crate) fn new(world: &'a World, load: &'a Load) -> Self {
        let last = world.last_month();
        let to_do = CALENDAR.iter().filter(|(month, _)| *month < last);
        Self {
            world,
            load,
            office: Office::new(&world.instance, world.pace),
            clients: Clients::new(&world.instance),
            to_do: to_do.copied().collect(),
            under_way: BTreeMap::new(),
            done: Vec::new(),
            void: None,
            slept: Vec::new(),
        }
    }

    /// Does all of it, until the years are over and so is what was begun in them.
    pub(crate) fn work(&mut self) -> Result<()> {
        loop {
            let month = self.world.month();
            let is_due = |(due, act): &(u32, Act)| *due <= month && self.may_begin(act);
            if let Some(place) = self.to_do.iter().position(is_due) {
                let (due, act) = self.to_do.remove(place);
                self.begin(due, act)?;
            } else if let Some(role) = self.to_look_at() {
                self.resume(role)?;
            } else if self.to_do.is_empty()
                && self.under_way.is_empty()
                && month >= self.world.last_month()
            {
                return Ok(());
            } else {
                pause();
            }
        }
    }

    /// Of what belongs to the same, one is under way at a time.
    fn may_begin(&self, act: &Act) -> bool {
        let is_free = |role: &str| !self.under_way.keys().any(|other| together(role, other));
        match act {
            Act::Rotation(role) | Act::Emergency(role) => is_free(role),
            Act::Ceremony(_) => true,
            Act::Sleep { .. } => self.under_way.is_empty(),
        }
    }

    fn begin(&mut self, due: u32, act: Act) -> Result<()> {
        let (begun, began) = (self.world.month(), Instant::now());
        let name = match act {
            Act::Rotation(role) => return self.start(role, due, TIMES),
            Act::Ceremony(wish) => {
                self.hold(wish)?;
                format!("ceremony {:?}", wish.note)
            }
            Act::Emergency(role) => {
                self.end_key(role, due)?;
                format!("emergency {role}")
            }
            Act::Sleep { months, then } => {
                self.sleep(months, then)?;
                format!("sleep of {months} months")
            }
        };
        self.note(name, (due, begun), began.elapsed());
        Ok(())
    }

    fn start(&mut self, role: &'static str, due: u32, times: [&str; 4]) -> Result<()> {
        let (begun, began) = (self.world.month(), Instant::now());
        let mut start = Rotated(role).command(&self.world.instance, "start", &times);
        let output = run(self.clients.of(role, start.arg(ACCEPTED)))?;
        let plan: Value = serde_json::from_slice(&output.stdout)?;
        if plan["phase"] == "retired" {
            // On a slow machine its times are over before it is begun.
            self.note(format!("rotation of {role}"), (due, begun), began.elapsed());
            return Ok(());
        }
        let under_way = UnderWay {
            due,
            begun,
            phase: plan["phase"].clone(),
            look: Instant::now() + WAIT,
            took: began.elapsed(),
        };
        self.under_way.insert(role, under_way);
        Ok(())
    }

    fn to_look_at(&self) -> Option<&'static str> {
        let now = Instant::now();
        let mut under_way = self.under_way.iter();
        let found = under_way.find(|(_, it)| it.look <= now);
        found.map(|(role, _)| *role)
    }

    fn resume(&mut self, role: &'static str) -> Result<()> {
        let began = Instant::now();
        let mut resume = Rotated(role).command(&self.world.instance, "resume", &[]);
        let output = self.clients.of(role, &mut resume).output()?;
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let under_way = self.under_way.get_mut(role).context("it is under way")?;
        under_way.took += began.elapsed();
        match output.status.code() {
            Some(0) => {
                let UnderWay {
                    due, begun, took, ..
                } = *under_way;
                self.under_way.remove(role);
                self.note(format!("rotation of {role}"), (due, begun), took);
            }
            Some(6) => {
                let wait = match plan["phase"] == under_way.phase {
                    true => SOON,
                    false => WAIT,
                };
                under_way.phase = plan["phase"].clone();
                under_way.look = Instant::now() + wait;
            }
            _ => anyhow::bail!("{role} resume: {plan}"),
        }
        Ok(())
    }

    fn hold(&mut self, wish: Wish) -> Result<()> {
        self.office.hold(&self.world.instance, wish)
    }

    /// What the key signs from now on counts no more, until another one signs.
    fn end_key(&mut self, role: &'static str, due: u32) -> Result<()> {
        let void = Void::begin();
        emergency::end(&self.world.instance, role, &void)?;
        self.start(role, due, AT_ONCE)?;
        emergency::until_it_signs(&self.world.instance)?;
        self.void = Some(void.end());
        Ok(())
    }

    /// Nobody asks for anything before people have signed the next root.
    fn sleep(&mut self, months: u32, then: Wish) -> Result<()> {
        let (world, load) = (self.world, self.load);
        let began = world.month();
        load.while_quiet(|| {
            world.instance.down()?;
            let until = world.month() + months;
            while world.month() < until {
                pause();
            }
            // What was published has ended, so that the service that shows it is not ready.
            let _ = up(&world.instance, "3").output()?;
            self.hold(then)?;
            run(sigctl()
                .args(["trust", "publish"])
                .arg(world.instance.directory()))?;
            run(&mut up(&world.instance, "30")).map(drop)
        })?;
        self.slept.push(began..=world.month());
        Ok(())
    }

    fn note(&mut self, act: String, (due, begun): (u32, u32), took: Duration) {
        let ended = self.world.month();
        let seconds = took.as_secs_f32();
        eprintln!("month {ended:>3}: {act}, due {due}, begun {begun}, {seconds:.1} s of commands");
        self.done.push(Done {
            act,
            due,
            begun,
            took,
        });
    }
}

/// Whether two rotations change the same.
fn together(role: &str, other: &str) -> bool {
    role == other || (role.starts_with("ca-") && other.starts_with("ca-"))
}

fn up(instance: &Instance, patience: &str) -> Command {
    let mut up = sigctl();
    up.args(["up", "--detach", "--wait", patience]);
    up.arg(instance.directory());
    up
}

/// Two months for clients, and two for what is under way with the old key.
const TIMES: [&str; 4] = ["--in", "10s", "--drain", "10s"];
const AT_ONCE: [&str; 4] = ["--in", "0s", "--drain", "10s"];
/// The least that the product asks for is days: what clients keep does not shrink with the year.
const ACCEPTED: &str = "--accept-short-times";
const WAIT: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_secs(2);
