//! The rotation of the log of certificates.

mod authority;
mod part;
mod service;
mod trial;
mod window;

use sigstead_archive::LogFace as Kind;
use sigstead_kit::Period;
use sigstead_proto::admin::v1::{CtLogInUse, LogInfo};
use sigstead_signer::KeyConfig;
use sigstead_trust_root::{ClientTrustConfig, LogState, TrustState};
use time::{Duration, OffsetDateTime};

use super::arguments::Asked;
use super::moment::{now, shown};
use super::rotation::{OldKey, Rotation, SeenIn, TakesOver, Undo};
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::log::{ended, opening};
use crate::trust::{self, Change};
use authority::Used;
use part::{CtPlan, ROLE};
use window::Window;

pub(super) use part::NextCtLog;

/// A log's key is the log's for ever, so the next key is that of a log of its own, with a name of its own. Clients know a log by
/// the trusted root, and nobody writes to it but the authority. So the key is announced, and when clients have had their time
/// the authority changes over by its file, in one moment that no clock decides.
impl Rotation for NextCtLog {
    const ROLE: &'static str = ROLE;
    const WHAT: &'static str = "the log of certificates";
    const APART_FROM: &'static [&'static str] = &[];
    /// A log is read for ever, and is opened with its key.
    const OLD_KEY: OldKey = OldKey::Needed;
    const TAKES_OVER: TakesOver = TakesOver::WhenLoaded;
    const SEEN_IN: SeenIn = SeenIn::Targets;

    async fn begin(instance: &Instance, _: OffsetDateTime) -> Result<Self, Failure> {
        let state = trust::read_state(instance)?;
        let old = log_of_now(&state)?;
        service::check(instance)?;
        Used::of(instance)?;
        Ok(Self {
            old_log: old.base_url.trim_start_matches("https://").to_owned(),
            old_id: old.log_id.clone(),
            next_log: next_name(instance)?,
            place: service::free_place(instance)?,
            public_key: Vec::new().into(),
            log_id: Vec::new().into(),
            window: None,
        })
    }

    fn take_up(&mut self, instance: &Instance, asked: &Asked) -> Result<Option<Period>, Failure> {
        let window = Window::after(instance, &self.old_log, asked)?;
        self.window = window.map(|(window, _)| window);
        Ok(window.and_then(|(_, due)| due))
    }

    fn signing_key(instance: &Instance, _: OffsetDateTime) -> Result<Option<KeyConfig>, Failure> {
        let logs = ConfiguredLog::all(instance)?.into_iter();
        let mut of_face = logs.filter(|log| log.face == Kind::Ct);
        Ok(of_face.next_back().map(|log| log.key().clone()))
    }

    /// The authority needs no time of its own; clients have theirs from the publication on.
    fn loads_from(plan: &CtPlan) -> OffsetDateTime {
        plan.tells_authority_from()
    }

    /// Each log has its own key.
    fn overlap(&self) -> Duration {
        Duration::ZERO
    }

    fn least_drain(_: &Instance) -> Result<Period, Failure> {
        Ok(DRAIN)
    }

    /// A log has no end of its own.
    fn refuse_early_end(_: &CtPlan) -> Result<(), Failure> {
        Ok(())
    }

    fn keys() -> Vec<String> {
        [trust::ROOT_KEY, trust::TARGETS_KEY]
            .map(str::to_owned)
            .into()
    }

    fn foresee(_: &Instance, plan: &CtPlan, told: &mut ClientTrustConfig) {
        part::foresee(plan, told);
    }

    /// The log of now may take nothing, as one that is behind its anchor: another one is the way out of that.
    async fn check_services(instance: &Instance) -> Result<(), Failure> {
        crate::log::list_ct(instance).await?;
        authority::in_use(instance).await?;
        Change::begin(instance).await.map(drop)
    }

    async fn prepare(instance: &Instance, plan: &mut CtPlan) -> Result<String, Failure> {
        let log = service::open(instance, plan).await?;
        plan.role.public_key = log.public_key.into();
        plan.role.log_id = log.log_id.into();
        authority::write_key(instance, &plan.role)?;
        let until = plan.role.window.map(|window| shown(window.until));
        let which = until.map(|until| format!(", for certificates that end before {until}"));
        Ok(format!(
            "opened the log {}{}",
            plan.role.next_log,
            which.unwrap_or_default()
        ))
    }

    async fn try_out(instance: &Instance, plan: &CtPlan) -> Result<String, Failure> {
        let change = Change::begin(instance).await?;
        let draft = change.draft_beside(plan.announced(instance))?;
        trial::run(instance, &plan.role, &draft).await?;
        Ok("tried a certificate in the next log and the draft".to_owned())
    }

    async fn announce(instance: &Instance, plan: &CtPlan) -> Result<String, Failure> {
        let mut change = Change::begin(instance).await?;
        change.append_beside(plan.announced(instance))?;
        let versions = change.publish().await?;
        Ok(format!(
            "announced the next log, with {versions}; {}",
            versions.gate
        ))
    }

    /// The file is the switch. Until the drain is over the authority asks the old log too, if the next one is silent. A log that
    /// follows a window is asked for the certificates that end in its own, and the old one for the others.
    async fn load(instance: &Instance, plan: &mut CtPlan) -> Result<String, Failure> {
        let role = &plan.role;
        Used::of(instance)?.with_next(role)?.write()?;
        let is_first = |logs: &[CtLogInUse]| {
            let first = logs.first();
            first.is_some_and(|log| log.log_id == role.log_id.as_slice())
        };
        authority::take_up(instance, is_first).await?;
        let from = role.window.and_then(|window| window.from);
        let which = from.map(|from| format!(" that end from {} on", shown(from)));
        let which = which.unwrap_or_default();
        let what = format!("certificates{which} are entered into {}", role.next_log);
        plan.signs_from = Some(role.first_use(now()));
        Ok(what)
    }

    fn while_waiting(instance: &Instance) -> Result<(), Failure> {
        trust::write_kit(instance)
    }

    /// 1. The authority asks the old log no more.
    /// 2. The old log gets its last tree head.
    /// 3. Its end is published; what it promised before counts for ever.
    async fn retire(instance: &Instance, plan: &CtPlan) -> Result<String, Failure> {
        let role = &plan.role;
        let used = Used::of(instance)?;
        if !used.has_next(role) {
            return Err(not_in_use(&role.next_log));
        }
        used.without(instance, role.old_id.as_slice()).write()?;
        let is_gone = |logs: &[CtLogInUse]| {
            let mut others = logs.iter();
            !logs.is_empty() && others.all(|log| log.log_id != role.old_id.as_slice())
        };
        authority::take_up(instance, is_gone).await?;
        let mut change = Change::begin(instance).await?;
        let what = end_old(instance, plan, &mut change).await?;
        let versions = change.publish().await?;
        Ok(format!("{what}, with {versions}; {}", versions.gate))
    }

    /// 1. An authority that is told of the next log may have used it: then it is too late. One whose window is to come was not
    ///    used, and the authority is told of it no more.
    /// 2. The log ends, if it was opened. Nobody wrote to it but the trial.
    /// 3. If clients were told of it, its end is published.
    async fn take_back(instance: &Instance, plan: &mut CtPlan) -> Result<Undo, Failure> {
        let role = &plan.role;
        let used = Used::of(instance)?;
        if used.has_next(role) {
            plan.signs_from = plan.signs_from.or_else(|| Some(role.first_use(now())));
            if plan.refuse_late_undo(now()).is_err() {
                return Ok(Undo::TooLate);
            }
            used.without(instance, role.log_id.as_slice()).write()?;
            authority::take_up(instance, |logs| {
                logs.iter().all(|log| log.log_id != role.log_id.as_slice())
            })
            .await?;
        }
        let opened = service::listed(instance, &role.next_log).await?;
        match opened {
            None => service::remove_key(instance, &role.place)?,
            Some(_) => {
                let log = service::freeze(instance, &role.next_log).await?;
                let mut change = Change::begin(instance).await?;
                if change.log(&log.log_id).is_some() {
                    ended::end_frozen(&mut change, std::slice::from_ref(&log))?;
                    change.publish().await?;
                }
            }
        }
        authority::remove_key(instance, role)?;
        Ok(Undo::Done)
    }
}

/// The log that certificates are entered into. Of an instance whose log was ended in an emergency it is that one.
fn log_of_now(state: &TrustState) -> Result<&LogState, Failure> {
    let logs = &state.certificate_logs;
    let in_service: Vec<_> = logs.iter().filter(|log| log.in_service).collect();
    match in_service.as_slice() {
        [log] => Ok(log),
        [] => {
            let ended = logs.iter().filter(|log| log.valid_for.end.is_some());
            let newest = ended.max_by_key(|log| log.valid_for.start);
            newest.ok_or_else(|| unclear(0))
        }
        several => Err(unclear(several.len())),
    }
}

/// Ends the old log where it has its last tree head. One that took nothing any more has none: it signs nothing, so that it ends
/// now.
async fn end_old(
    instance: &Instance,
    plan: &CtPlan,
    change: &mut Change<'_>,
) -> Result<String, Failure> {
    let name = &plan.role.old_log;
    let listed = service::listed(instance, name).await?;
    let stopped = |log: &LogInfo| !log.frozen && !log.read_only_reason.is_empty();
    if listed.as_ref().is_some_and(stopped) {
        change.end_log(plan.role.old_id.as_slice(), now())?;
        return Ok(format!(
            "{name} took nothing any more and was ended as it is"
        ));
    }
    let old = service::freeze(instance, name).await?;
    ended::end_frozen(change, std::slice::from_ref(&old))?;
    Ok(format!("froze {name} at {} entries", old.size))
}

/// The name after that of the newest log; where that has no number to count on from, it gets one.
fn next_name(instance: &Instance) -> Result<String, Failure> {
    let logs = ConfiguredLog::all(instance)?.into_iter();
    let logs: Vec<_> = logs.filter(|log| log.face == Kind::Ct).collect();
    let names: Vec<_> = logs.iter().map(|log| log.name.as_str()).collect();
    Ok(opening::next_origin(&names).unwrap_or_else(|| numbered(&names)))
}

fn numbered(names: &[&str]) -> String {
    let first = names.first().copied().unwrap_or_default();
    let (stem, rest) = first.split_once('.').unwrap_or((first, ""));
    let dot = if rest.is_empty() { "" } else { "." };
    let mut names_to_come = (2_u16..).map(|number| format!("{stem}-{number}{dot}{rest}"));
    let free = names_to_come.find(|name| !names.contains(&name.as_str()));
    free.unwrap_or_else(|| first.to_owned())
}

fn unclear(count: usize) -> Failure {
    Failure::new(
        "E-CTL-424",
        format!("the trust state has {count} logs of certificates in service, not one"),
        "look at what is published: sigctl trust show",
    )
}

fn not_in_use(name: &str) -> Failure {
    Failure::new(
        "E-CTL-425",
        format!("the authority is not told of {name}; the rotation was not ended"),
        "compare ca/ct-logs.yaml with the plan: sigctl rotate ct status",
    )
}

/// By how much clocks may differ, twice.
const DRAIN: Period = Period::from_minutes(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_whose_name_has_no_number_is_followed_by_one_that_has() {
        let table: [(&[&str], &str); 3] = [
            (&["ct.example.com"], "ct-2.example.com"),
            (&["ct.example.com", "ct-2.example.com"], "ct-3.example.com"),
            (&["ct"], "ct-2"),
        ];
        for (names, expected) in table {
            assert_eq!(numbered(names), expected);
        }
    }
}
