//! The two verbs.

use std::path::Path;

use sigstead_kit::{Clock as _, SystemClock};
use time::OffsetDateTime;

use super::affected::Affected;
use super::asked::Asked;
use super::files::Files;
use super::key::Key;
use super::plan::Plan;
use super::search;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::output::Output;
use crate::recorded::Recorded;
use crate::rotations::{self, Turn};
use crate::trust::{self, Change, moment};

/// What is asked for, and what was found.
struct Found {
    key: Key,
    since: OffsetDateTime,
    plan: Plan,
    affected: Affected,
}

/// Looks, and writes files if a folder is named for them. Nothing is changed.
pub(super) async fn plan(
    mut asked: Asked,
    out: Option<&Path>,
    output: Output,
) -> Result<Exit, Failure> {
    let key = asked.key()?;
    let instance = asked.instance.open()?;
    let mut found = look(&instance, &asked, &key).await?;
    if let Some(folder) = out {
        let files = Files::at(folder)?;
        found.plan.files = Some(files.folder.display().to_string());
        found.write(&files)?;
    }
    output.print(&found.plan, Plan::text);
    Ok(found.exit())
}

/// Ends a key.
///
/// 1. What it signed is looked for, and all that a publication needs is opened.
/// 2. The act is recorded, and the files are written without versions.
/// 3. The trust state lets nothing count that the key signed since, and is published.
/// 4. The files are written again, with the versions.
///
/// A crash in 3 leaves a state that is not published, which `sigctl trust publish` does; one in 4 leaves files without versions.
pub(super) async fn end(mut asked: Asked, is_meant: bool, output: Output) -> Result<Exit, Failure> {
    let word = asked.key()?;
    let instance = asked.instance.open()?;
    let mut found = look(&instance, &asked, &word).await?;
    if !is_meant {
        return Err(Failure::new(
            "E-CTL-014",
            format!(
                "nothing would count any more that the key {} signed after {}",
                found.key.fingerprint,
                moment(found.plan.end)
            ),
            "see what that means: sigctl emergency plan; then repeat with --yes",
        ));
    }
    let role = found.key.role.name();
    let _turn = Turn::take(&instance, role)?;
    refuse_open(&instance, &found.key)?;
    let mut change = Change::begin(&instance).await?;
    let (files, number) = Files::next(&instance)?;
    found.plan.number = Some(number);
    found.plan.files = Some(files.folder.display().to_string());
    let recorded = Recorded::begin(&instance, "sigctl emergency end-key", &found.told()).await?;
    let done = async {
        found.write(&files)?;
        let (key, last) = (&found.key, found.plan.end);
        change.apply(|state| key.ended(state, last))?;
        change.publish_end().await
    };
    found.plan.published = Some(recorded.end(done.await).await?);
    found.write(&files)?;
    output.print(&found.plan, Plan::text);
    Ok(found.exit())
}

async fn look(instance: &Instance, asked: &Asked, word: &str) -> Result<Found, Failure> {
    let now = SystemClock.now();
    let state = trust::read_state(instance)?;
    let key = Key::find(&state, word, now)?;
    let since = asked.since;
    let end = key.last_safe(since, now)?;
    refuse_open(instance, &key)?;
    let affected = search::of(instance, &key, since).await;
    let mut plan = Plan::new(instance, &key, (since, end), &affected)?;
    plan.reason.clone_from(&asked.reason);
    let ended = key.ended(state.clone(), end);
    let ended = ended.and_then(|ended| trust::changes(&state, &ended));
    plan.changes = ended.map_err(|error| {
        Failure::new(
            "E-CTL-032",
            "the trust state cannot be changed so",
            "trust is only added to; the cause says what does not fit",
        )
        .because(error)
    })?;
    Ok(Found {
        key,
        since,
        plan,
        affected,
    })
}

/// A rotation of the key would give it another end.
fn refuse_open(instance: &Instance, key: &Key) -> Result<(), Failure> {
    let mut roles = key.role.rotations().iter();
    match roles.find(|role| rotations::open_plan(instance, role).exists()) {
        None => Ok(()),
        Some(role) => Err(Failure::new(
            "E-CTL-283",
            format!("a rotation of {role} is open, which changes the same"),
            format!(
                "take the next key back: sigctl rotate {role} undo; if it signs already: sigctl rotate {role} resume"
            ),
        )),
    }
}

impl Found {
    fn write(&self, files: &Files) -> Result<(), Failure> {
        let block_list = self.affected.block_list(&self.key, self.since);
        files.write(&self.plan, &self.affected, &block_list)
    }

    /// What the record has of it.
    fn told(&self) -> Vec<(&'static str, String)> {
        let plan = &self.plan;
        let mut told = vec![
            ("key", plan.key.clone()),
            ("since", moment(plan.since)),
            ("end", moment(plan.end)),
        ];
        told.extend(plan.number.map(|number| ("emergency", number.to_string())));
        told.extend(plan.reason.clone().map(|reason| ("reason", reason)));
        told
    }

    fn exit(&self) -> Exit {
        match self.affected.unanswered.is_empty() {
            true => Exit::Done,
            false => Exit::Warned,
        }
    }
}
