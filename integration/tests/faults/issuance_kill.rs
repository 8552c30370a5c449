//! The certificate authority is killed at every step of an issuance (`kill -9`): the record says what happened, and nothing
//! half-issued is visible.
//!
//! Each state of the record is one write, and those that are waited for a sync, which is where strace ends the process:
//! before the state is written, and after that before anybody was told.

use std::fmt;

use serde_json::Value;
use sigstead_integration::Instance;

use crate::authority_kill::Kill;
use crate::caller::{Caller, Certified, newest};
use crate::tools::program;

const PERSON: &str = "person@example.com";

/// Where the process ends, and what is known afterwards.
struct Step {
    call: &'static str,
    when: usize,
    /// What the record says, if it says anything.
    told: Option<Told>,
    /// Whether the CT log has a precertificate; not known where the log is asked while the record is written.
    is_logged: Option<bool>,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.call, self.when)
    }
}

impl Step {
    /// Whether the process ended at another sync than the step means: the state before the log is asked has one of its own
    /// if the log takes longer than a second.
    fn is_early(&self, new: &[&Value]) -> bool {
        self.call == "fdatasync" && self.when == 2 && new.iter().all(|each| each["stage"] == "log")
    }
}

struct Told {
    outcome: &'static str,
    stage: &'static str,
}

/// How often a step is tried on a machine that is so slow.
const ATTEMPTS: usize = 5;

const fn told(outcome: &'static str, stage: &'static str) -> Option<Told> {
    Some(Told { outcome, stage })
}

const STEPS: [Step; 5] = [
    // Before the record.
    Step {
        call: "write",
        when: 1,
        told: None,
        is_logged: Some(false),
    },
    // It is written, and the authority does not know.
    Step {
        call: "fdatasync",
        when: 1,
        told: told("interrupted", "precertificate"),
        is_logged: Some(false),
    },
    // The log is being asked.
    Step {
        call: "write",
        when: 2,
        told: told("interrupted", "precertificate"),
        is_logged: None,
    },
    // The certificate is signed.
    Step {
        call: "write",
        when: 3,
        told: told("interrupted", "log"),
        is_logged: Some(true),
    },
    // The record tells of a certificate that nobody was given, and never the other way round.
    Step {
        call: "fdatasync",
        when: 2,
        told: told("issued", "answer"),
        is_logged: Some(true),
    },
];

#[test]
fn a_kill_at_any_step_of_an_issuance_is_told_by_the_record() {
    if program("strace").is_none() {
        return;
    }
    let instance = Instance::start("issuance-kill", &[]).unwrap();
    let caller = Caller::of(&instance);
    // From now on there is a file to append to.
    let Certified::Certificate(first) = caller.certify(&instance, PERSON) else {
        panic!("no certificate before the faults")
    };
    let mut known = listed(&instance);
    assert_eq!(known.len(), 1);
    assert_eq!(known[0]["serial"], first);
    for step in &STEPS {
        for attempt in 1..=ATTEMPTS {
            let logged = caller.logged();
            end_at(&instance, &caller, step);
            let now = listed(&instance);
            let new: Vec<_> = now.iter().filter(|each| !known.contains(each)).collect();
            if step.is_early(&new) && attempt < ATTEMPTS {
                known = now;
                continue;
            }
            judge(step, &new, caller.logged() - logged);
            known = now;
            break;
        }
    }
    after_the_answer(&instance, &caller, known.len());
}

/// Has the authority killed in an issuance, and started again.
fn end_at(instance: &Instance, caller: &Caller, step: &Step) {
    let token = instance.token(PERSON).unwrap();
    let kill = Kill {
        file: newest(instance),
        call: step.call,
        when: step.when,
    };
    kill.within_an_issuance(instance, caller, &token, PERSON);
}

/// Compares what the record says, and how many more the CT log has, with what must have happened.
fn judge(step: &Step, new: &[&Value], logged: u64) {
    let found: Vec<_> = new
        .iter()
        .map(|each| (each["outcome"].as_str(), each["stage"].as_str()))
        .collect();
    println!("kill at {step}: {found:?}, {logged} in the CT log");
    let told = step.told.iter();
    let told: Vec<_> = told
        .map(|told| (Some(told.outcome), Some(told.stage)))
        .collect();
    assert_eq!(found, told, "{step}");
    for each in new {
        let is_issued = each["outcome"] == "issued";
        assert_eq!(each["certificate_sha256"].is_string(), is_issued, "{each}");
    }
    if let Some(is_logged) = step.is_logged {
        assert_eq!(logged, u64::from(is_logged), "{step}");
    }
    // What the log has, the record has too.
    assert!(logged <= new.len() as u64, "{step}");
}

/// What was answered stays issued.
fn after_the_answer(instance: &Instance, caller: &Caller, known: usize) {
    let Certified::Certificate(serial) = caller.certify(instance, PERSON) else {
        panic!("no certificate after the faults")
    };
    instance.kill("ca").unwrap();
    instance.up().unwrap();
    let now = listed(instance);
    assert_eq!(now.len(), known + 1);
    let last = now.iter().find(|each| each["serial"] == serial).unwrap();
    assert_eq!(last["outcome"], "issued");
}

pub(crate) fn listed(instance: &Instance) -> Vec<Value> {
    let directory = instance.directory();
    let listed = instance.json(&["issued", "list", directory.to_str().unwrap()]);
    listed.unwrap().as_array().unwrap().clone()
}
