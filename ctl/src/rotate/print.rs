//! A plan as people and scripts see it.

use serde::Serialize;
use sigstead_trust_root::TrustedRoot;
use time::OffsetDateTime;

use super::adoption::Adoption;
use super::foreseen::Foreseen;
use super::moment::shown;
use super::plan::{Phase, Plan, Step};
use super::rotation::{OldKey, Rotation, TakesOver};
use crate::elapsed::period;

/// How far a rotation has come, and what comes next.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    role: &'static str,
    #[serde(skip)]
    what: &'static str,
    number: u32,
    phase: Phase,
    #[serde(with = "time::serde::rfc3339")]
    begun: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    counts_from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    signs_from: Option<OffsetDateTime>,
    /// From when on it cannot be undone.
    #[serde(with = "time::serde::rfc3339::option")]
    no_return: Option<OffsetDateTime>,
    /// Until when the old key counts.
    #[serde(with = "time::serde::rfc3339::option")]
    old_end: Option<OffsetDateTime>,
    steps: &'a [Step],
    #[serde(skip_serializing_if = "Option::is_none")]
    adoption: Option<Adoption>,
    /// In what the trust root will differ from the one of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<String>>,
    /// The trust root when all is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_root: Option<TrustedRoot>,
    next: String,
}

impl<'a> Shown<'a> {
    pub(super) fn of<R: Rotation>(plan: &'a Plan<R>, now: OffsetDateTime) -> Self {
        let is_undone = matches!(plan.phase, Phase::Undoing | Phase::Undone);
        Self {
            role: R::ROLE,
            what: R::WHAT,
            number: plan.number,
            phase: plan.phase,
            begun: plan.begun,
            counts_from: plan.counts_from,
            signs_from: plan.signs_from.filter(|_| !is_undone),
            no_return: plan.no_return().filter(|_| !is_undone),
            old_end: plan.old_end().filter(|_| !is_undone),
            steps: &plan.steps,
            adoption: None,
            changes: None,
            trusted_root: None,
            next: next(plan, now),
        }
    }

    pub(super) fn with_adoption(mut self, adoption: Option<Adoption>) -> Self {
        self.adoption = adoption;
        self
    }

    pub(super) fn with_foreseen(mut self, foreseen: Option<Foreseen>) -> Self {
        if let Some(foreseen) = foreseen {
            self.changes = Some(foreseen.changes);
            self.trusted_root = Some(foreseen.trusted_root);
        }
        self
    }

    pub(super) fn text(&self) -> String {
        let mut lines = vec![format!("rotation {} of {}", self.number, self.what)];
        let steps = self.steps.iter();
        lines.extend(steps.map(|step| format!("  {} {}", shown(step.at), step.what)));
        lines.extend(
            self.adoption
                .as_ref()
                .map(|it| format!("seen: {}", it.text())),
        );
        lines.push(format!("next: {}", self.next));
        if let Some(changes) = &self.changes {
            lines.push(match changes.is_empty() {
                true => "the trusted root and the signing config stay as they are".to_owned(),
                false => "in the end clients are told:".to_owned(),
            });
            lines.extend(changes.iter().map(|change| format!("  - {change}")));
        }
        lines.join("\n")
    }
}

fn next<R: Rotation>(plan: &Plan<R>, now: OffsetDateTime) -> String {
    let resume = format!("sigctl rotate {} resume", R::ROLE);
    match plan.phase {
        Phase::Planned if plan.steps.is_empty() && plan.begun >= now => planned::<R>(plan),
        Phase::Planned | Phase::Prepared | Phase::Tried => {
            format!("nothing is published yet; go on with `{resume}`, or take it back with `undo`")
        }
        Phase::Announced if now < R::loads_from(plan) => format!(
            "from {} on `{resume}` lets the next key take over; until then it can be taken back with `undo`",
            shown(R::loads_from(plan))
        ),
        Phase::Announced => {
            format!("the service has no time for the next key yet; go on: {resume}")
        }
        Phase::Undoing => format!("the next key is not taken back wholly yet; go on: {resume}"),
        Phase::Loaded => loaded(plan, now, &resume),
        Phase::Retired => retired(plan, now),
        Phase::Undone => "nothing; the key of before signs on".to_owned(),
    }
}

fn retired<R: Rotation>(plan: &Plan<R>, now: OffsetDateTime) -> String {
    match R::OLD_KEY {
        OldKey::Needed => {
            "nothing; keep the file of the old key, with which the service starts".to_owned()
        }
        OldKey::Replaced => "nothing; nothing is left of the old key".to_owned(),
        OldKey::Unused => {
            let unused = plan.signs_from.unwrap_or(now) + plan.role.overlap();
            match unused <= now {
                true => {
                    "nothing; the file of the old key is of no use any more: destroy it".to_owned()
                }
                false => format!(
                    "nothing; destroy the file of the old key after {}",
                    shown(unused)
                ),
            }
        }
    }
}

fn planned<R: Rotation>(plan: &Plan<R>) -> String {
    if R::TAKES_OVER == TakesOver::WhenLoaded {
        return format!(
            "a key is made and tried, and takes over in {}; until then it can be taken back. {} later `resume` closes the \
             rotation",
            span(plan.counts_from - plan.begun),
            span(plan.drain.time())
        );
    }
    format!(
        "a key is made, tried, announced, and signs from {} on, in {}; until then it can be taken back. The old key counts \
         for {} more, and then `resume` ends it",
        shown(plan.counts_from),
        span(plan.counts_from - plan.begun),
        span(plan.drain.time())
    )
}

fn loaded<R: Rotation>(plan: &Plan<R>, now: OffsetDateTime, resume: &str) -> String {
    let (Some(from), Some(end)) = (plan.signs_from, plan.old_end()) else {
        return format!("go on: {resume}");
    };
    match R::TAKES_OVER {
        TakesOver::AtItsTime => {}
        TakesOver::AtEnd => return takes_over(end, now, resume),
        TakesOver::WhenLoaded if from <= now => return closes(end, now, resume),
        TakesOver::WhenLoaded => {}
    }
    if now < from {
        return format!(
            "the next key signs from {} on, in {}; until then it can be taken back: sigctl rotate {} undo",
            shown(from),
            span(from - now),
            R::ROLE
        );
    }
    if now < end {
        return format!(
            "the next key signs; the old one counts until {}, in {}; end it then: {resume}",
            shown(end),
            span(end - now)
        );
    }
    format!("the next key signs; end the old one: {resume}")
}

fn takes_over(at: OffsetDateTime, now: OffsetDateTime, resume: &str) -> String {
    match at <= now {
        true => format!("clients know the next key; let it take over: {resume}"),
        false => format!(
            "the old key signs on; the next one takes over with `{resume}` after {}, in {}",
            shown(at),
            span(at - now)
        ),
    }
}

fn closes(at: OffsetDateTime, now: OffsetDateTime, resume: &str) -> String {
    match at <= now {
        true => format!("the next key signs; close the rotation: {resume}"),
        false => format!(
            "the next key signs; `{resume}` closes the rotation after {}, in {}",
            shown(at),
            span(at - now)
        ),
    }
}

fn span(time: time::Duration) -> String {
    period(time.whole_seconds().try_into().unwrap_or(0))
}
