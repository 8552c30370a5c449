//! `sigctl probe`, as it runs beside an instance.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::instance::{run, sigctl};

/// A prober that makes its rounds; it ends when it goes.
pub struct Prober {
    child: Child,
    /// Where its measurements are.
    url: String,
}

impl Prober {
    /// Starts one with these arguments, on a free port.
    ///
    /// # Errors
    /// If it refuses.
    pub fn start(arguments: &[&str]) -> Result<Self> {
        let mut command = sigctl();
        command
            .args(["probe", "--every", "1s", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start sigctl probe")?;
        let errors = child.stderr.take().context("no standard error")?;
        let mut errors = BufReader::new(errors);
        let mut said = String::new();
        errors.read_line(&mut said)?;
        let url = said.trim().strip_prefix("measurements are at ");
        let url = url.with_context(|| format!("it said: {said}"))?.to_owned();
        // Nobody reads on, and a full pipe would hold it up.
        std::thread::spawn(move || errors.read_to_end(&mut Vec::new()));
        Ok(Self { child, url })
    }

    /// What it has measured.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn metrics(&self) -> Result<String> {
        let answer = run(Command::new("curl").args(["-fsS", &self.url]))?;
        Ok(String::from_utf8(answer.stdout)?)
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// If it ends as if something were wrong.
    pub fn stop(mut self) -> Result<()> {
        run(Command::new("kill").arg(self.child.id().to_string()))?;
        let ended = self.child.wait()?;
        ensure!(ended.success(), "it ended with {ended}");
        Ok(())
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
