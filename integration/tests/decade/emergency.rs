//! A key in other hands, and the time in which nothing counts.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use sigstead_integration::{Instance, PERSON, artifact, beside, run, sigctl, wait_for};

use crate::load::Signed;

/// From when on what a key signs does not count, and until when nothing else signs.
#[derive(Debug, Clone)]
pub(crate) struct Void {
    /// As the command takes it.
    since: String,
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
}

impl Void {
    /// It begins with the second that has begun.
    pub(crate) fn begin() -> Self {
        let mut date = Command::new("date");
        let since = run(date.args(["-u", "+%Y-%m-%dT%H:%M:%SZ"])).unwrap();
        let now = Instant::now();
        Self {
            since: String::from_utf8(since.stdout).unwrap().trim().to_owned(),
            begun: now,
            ended: now,
        }
    }

    pub(crate) fn end(self) -> Self {
        Self {
            ended: Instant::now(),
            ..self
        }
    }

    /// Whether something that took from one time to another was in it, in part.
    pub(crate) fn touches(&self, (begun, ended): (Instant, Instant)) -> bool {
        // Documents tell times by the second, and the last one that counts is the one before.
        ended + 2 * SECOND >= self.begun && begun <= self.ended + SECOND
    }

    /// Whether it was signed in it, all of it.
    pub(crate) fn has(&self, signed: &Signed) -> bool {
        signed.begun > self.begun + SECOND && signed.ended < self.ended - SECOND
    }
}

/// Ends the key in use.
pub(crate) fn end(instance: &Instance, role: &str, void: &Void) -> Result<()> {
    let mut end = sigctl();
    end.args(["--output", "json", "emergency", "end-key"]);
    end.arg(instance.directory());
    end.args([
        role,
        "--since",
        &void.since,
        "--reason",
        "a disk was lost",
        "--yes",
    ]);
    let output = end.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    // It warns where a service did not answer in time.
    ensure!(matches!(output.status.code(), Some(0 | 3)), "{said}");
    Ok(())
}

/// Waits until what is signed counts again. Before that `sigctl sign` refuses what it gets.
pub(crate) fn until_it_signs(instance: &Instance) -> Result<()> {
    wait_for("a signature that counts", || {
        let file = artifact(instance.work(), "again");
        let mut sign = sigctl();
        sign.args(["sign", "--identity", PERSON, "--bundle"]);
        sign.arg(beside(&file, "txt.sigstore.json")).arg(&file);
        sign.env("SIGSTEAD_DIR", instance.directory());
        sign.output().is_ok_and(|output| output.status.success())
    })
}

const SECOND: Duration = Duration::from_secs(1);
