//! What a cluster says, as `kubectl` and the credentials of the caller let it be asked.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

/// A way to a cluster.
pub(super) struct Kubectl {
    /// The context of the kubeconfig, if not its current one.
    pub(super) context: Option<String>,
    pub(super) namespace: String,
}

impl Kubectl {
    /// What it prints, or why it does not.
    pub(super) async fn text(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.run(arguments).await?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    }

    pub(super) async fn json(&self, arguments: &[&str]) -> Result<Value, String> {
        let text = self.text(arguments).await?;
        serde_json::from_str(&text).map_err(|error| format!("kubectl printed no JSON: {error}"))
    }

    /// Whether the caller may do something to objects of a kind. It ends with 1 if not, and says so.
    pub(super) async fn may(&self, verb: &str, kind: &str) -> Result<bool, String> {
        let output = self.run(&["auth", "can-i", verb, kind]).await?;
        let said = String::from_utf8_lossy(&output.stdout);
        match said.lines().next_back().map(str::trim) {
            Some("yes") => Ok(true),
            Some(said) if said.starts_with("no") => Ok(false),
            _ => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    }

    async fn run(&self, arguments: &[&str]) -> Result<std::process::Output, String> {
        let mut command = Command::new("kubectl");
        if let Some(context) = &self.context {
            command.args(["--context", context]);
        }
        command
            .args(["--namespace", &self.namespace, "--request-timeout", "10s"])
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let late = |_| "kubectl does not come to its end".to_owned();
        let output = timeout(PATIENCE, command.output()).await.map_err(late)?;
        output.map_err(|error| format!("kubectl cannot be run: {error}"))
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
