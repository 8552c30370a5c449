//! What one run showed.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;

use super::machine::Moment;
use super::usage::Usage;

/// Every how many answers one is kept, to be verified when the clock has stopped.
const SAMPLE: usize = 100;

/// What one client saw.
#[derive(Default)]
pub(crate) struct Tally {
    answered: Vec<(Instant, f64)>,
    refused: BTreeMap<String, usize>,
    samples: Vec<Sample>,
}

/// One answer and the number of the request.
pub(crate) struct Sample {
    pub(crate) number: usize,
    pub(crate) answer: Vec<u8>,
}

impl Tally {
    /// Notes an answer and says whether it is an error.
    pub(crate) fn note(
        &mut self,
        at: Instant,
        millis: f64,
        number: usize,
        answer: Result<(u16, &[u8])>,
    ) -> bool {
        let refused = match answer {
            Ok((200..300, body)) => {
                self.answered.push((at, millis));
                if number.is_multiple_of(SAMPLE) {
                    self.samples.push(Sample {
                        number,
                        answer: body.to_vec(),
                    });
                }
                return false;
            }
            Ok((status, _)) => format!("status {status}"),
            Err(error) => error.to_string(),
        };
        *self.refused.entry(refused).or_default() += 1;
        true
    }
}

/// Of the window, but for the samples and what was refused, which are of the whole run.
#[derive(Default)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p50_millis: f64,
    pub(crate) p90_millis: f64,
    pub(crate) p99_millis: f64,
    pub(crate) p999_millis: f64,
    pub(crate) max_millis: f64,
    /// Of processor, per answer.
    pub(crate) cpu_millis: f64,
    /// The same for the whole run, and for what the processes still did when it was over: some work is put off.
    pub(crate) cpu_in_all_millis: f64,
    /// The most that the processes ever held, each at its own moment.
    pub(crate) peak_mib: f64,
    /// Share of the machine that programs used which were neither measured nor measuring.
    pub(crate) foreign: f64,
    /// Share of the machine that its host took.
    pub(crate) steal: f64,
    /// Answers in warm-up, window and after.
    pub(crate) answered_in_all: usize,
    pub(crate) refused: BTreeMap<String, usize>,
    pub(crate) samples: Vec<Sample>,
    /// Whether the generator had nothing left to send before the end; the rate is then too low.
    pub(crate) ran_out: bool,
}

impl Measured {
    pub(crate) fn of(tallies: Vec<Tally>, begin: Instant, end: Instant) -> Self {
        let mut measured = Self::default();
        let mut millis = Vec::new();
        for tally in tallies {
            measured.answered_in_all += tally.answered.len();
            measured.samples.extend(tally.samples);
            for (what, times) in tally.refused {
                *measured.refused.entry(what).or_default() += times;
            }
            let counted = tally
                .answered
                .iter()
                .filter(|(at, _)| (begin..end).contains(at));
            millis.extend(counted.map(|(_, millis)| *millis));
        }
        millis.sort_by(f64::total_cmp);
        measured.per_second = millis.len() as f64 / (end - begin).as_secs_f64();
        measured.p50_millis = quantile(&millis, 0.50);
        measured.p90_millis = quantile(&millis, 0.90);
        measured.p99_millis = quantile(&millis, 0.99);
        measured.p999_millis = quantile(&millis, 0.999);
        measured.max_millis = millis.last().copied().unwrap_or(f64::NAN);
        measured.cpu_millis = 1.0 / millis.len() as f64;
        measured
    }

    /// Adds what processes and machine did in the window.
    pub(crate) fn account(&mut self, before: &Moment, after: &Moment, usage: &Usage) -> Result<()> {
        let spent = before.until(after);
        self.cpu_millis *= spent.processes_millis;
        self.foreign = spent.foreign;
        self.steal = spent.steal;
        self.peak_mib = usage.peak_mib()?;
        Ok(())
    }

    /// Adds what the processes used from the first request until they were done.
    pub(crate) fn settle(&mut self, processes_millis: f64) {
        self.cpu_in_all_millis = processes_millis / self.answered_in_all as f64;
    }

    /// How many requests failed.
    pub(crate) fn errors(&self) -> usize {
        self.refused.values().sum()
    }
}

/// The value at a share of a sorted list.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = (sorted.len() as f64 * share) as usize;
    sorted.get(position).copied().unwrap_or(f64::NAN)
}
