//! `sigctl rotate ROLE rehearse`: the same plan from its start to its end, on an instance that nobody else knows.

mod needs;
mod shadow;

use serde::Serialize;
use serde_json::Value;
use tokio::time::{Duration, Instant, sleep};

use super::arguments::Rehearsal;
use super::moment::now;
use super::rotation::Rotation;
use crate::elapsed::period;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::interrupt::waiting;
use crate::output::Output;
use crate::trust;
use needs::Needs;
use shadow::Shadow;

/// What was done, and what the real rotation takes.
#[derive(Serialize)]
struct Rehearsed {
    role: &'static str,
    done: Vec<Done>,
    needs: Needs,
}

#[derive(Serialize)]
struct Done {
    what: String,
    millis: u128,
    /// What the rotation itself says it did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<String>,
}

/// Rehearses a rotation. The instance itself is only read.
///
/// 1. What the rotation would refuse to begin with is refused.
/// 2. An instance is made with the choices of this one, on ports and with keys of its own: a key of this one must never sign a
///    second history. It trusts what this one trusts, so that what was signed under its trust roots is verified in the gate.
/// 3. Something is signed there, the key is rotated in seconds, and something is signed again. Both must verify.
/// 4. It is stopped and removed, whatever came of it.
pub(super) async fn run<R: Rotation>(
    rehearsal: Rehearsal,
    output: Output,
) -> Result<Exit, Failure> {
    let instance = rehearsal.instance.open()?;
    R::begin(&instance, now()).await?;
    let needs = Needs::of::<R>(&instance)?;
    let done = waiting(rehearse::<R>(&instance, &rehearsal, output)).await?;
    let rehearsed = Rehearsed {
        role: R::ROLE,
        done,
        needs,
    };
    output.print(&rehearsed, text);
    Ok(Exit::Done)
}

async fn rehearse<R: Rotation>(
    instance: &Instance,
    rehearsal: &Rehearsal,
    output: Output,
) -> Result<Vec<Done>, Failure> {
    let mut diary = Diary {
        began: Instant::now(),
        done: Vec::new(),
        output,
    };
    let shadow = Shadow::make(instance, rehearsal.clients.as_deref()).await?;
    diary.note("made an instance like this one, with keys of its own");
    shadow.run(&["up", "--detach", "--wait", "120"]).await?;
    diary.note("started its services");
    diary.note(&history(instance, &shadow).await?);
    let before = shadow.sign("before").await?;
    diary.note("signed with the key of now");
    let mut times = vec!["rotate", R::ROLE, "start"];
    times.extend(FAST);
    let mut rotated = shadow.run(&times).await?;
    diary.note_steps("began the rotation", &rotated);
    let known = steps(&rotated).len();
    rotated = until_over::<R>(&shadow).await?;
    diary.note_steps("ended it", &since(&rotated, known));
    let after = shadow.sign("after").await?;
    diary.note("signed with the next key");
    for file in [&before, &after] {
        shadow.verify(file).await?;
    }
    diary.note("verified both signatures");
    drop(shadow);
    diary.note("stopped and removed the instance");
    Ok(diary.done)
}

/// What clients trust of the real instance must count in the end too.
async fn history(instance: &Instance, shadow: &Shadow) -> Result<String, Failure> {
    if !instance.path("trust/state.json").exists() {
        return Ok("took nothing over: the trust state of this instance is elsewhere".to_owned());
    }
    let copy = shadow.instance()?;
    let trusted = trust::take_over(&copy, instance)?;
    shadow.run(&["trust", "publish"]).await?;
    // From now on each publication has to keep them.
    let signed = trust::take_over_signed(&copy, instance)?;
    Ok(format!(
        "took over {trusted} chains and logs, and {signed} signatures of former trust roots"
    ))
}

async fn until_over<R: Rotation>(shadow: &Shadow) -> Result<Value, Failure> {
    let began = Instant::now();
    loop {
        if let Some(over) = shadow
            .run_unless_waiting(&["rotate", R::ROLE, "resume"])
            .await?
        {
            return Ok(over);
        }
        if began.elapsed() > PATIENCE {
            return Err(shadow::failed("rotate resume", "it never came to its end"));
        }
        sleep(LOOK).await;
    }
}

/// What was done so far, and since when the next is under way.
struct Diary {
    began: Instant,
    done: Vec<Done>,
    output: Output,
}

impl Diary {
    fn note(&mut self, what: &str) {
        self.note_steps(what, &Value::Null);
    }

    fn note_steps(&mut self, what: &str, rotated: &Value) {
        let now = Instant::now();
        self.output.progress(what);
        self.done.push(Done {
            what: what.to_owned(),
            millis: (now - self.began).as_millis(),
            steps: steps(rotated),
        });
        self.began = now;
    }
}

fn steps(rotated: &Value) -> Vec<String> {
    let steps = rotated["steps"].as_array().into_iter().flatten();
    let said = steps.filter_map(|step| step["what"].as_str());
    said.map(str::to_owned).collect()
}

/// The same without those that were noted.
fn since(rotated: &Value, known: usize) -> Value {
    let steps = rotated["steps"].as_array().into_iter().flatten();
    serde_json::json!({"steps": steps.skip(known).collect::<Vec<_>>()})
}

fn text(rehearsed: &Rehearsed) -> String {
    let mut lines = vec![format!(
        "a rotation of {} went well on a copy; this instance is as it was",
        rehearsed.role
    )];
    for done in &rehearsed.done {
        let (seconds, tenths) = (done.millis / 1000, done.millis % 1000 / 100);
        lines.push(format!("  {seconds:>3}.{tenths} s  {}", done.what));
        lines.extend(done.steps.iter().map(|step| format!("           {step}")));
    }
    let needs = &rehearsed.needs;
    lines.push(format!(
        "the real one takes {} until the next key signs, and {} more at least until the old one is ended",
        period(needs.soak_seconds),
        period(needs.drain_seconds)
    ));
    lines.extend(needs.keys.iter().map(|key| match key.is_here {
        true => format!("  {} is here", key.path),
        false => format!("  bring back before `start`: {}", key.path),
    }));
    lines.join("\n")
}

/// Times that no client keeps to: there is none.
const FAST: [&str; 5] = ["--in", "5s", "--drain", "2s", "--accept-short-times"];
const LOOK: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(180);
