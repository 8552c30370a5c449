//! A cluster, as `kubectl` and the credentials of the caller let it be asked and changed.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

/// A way to a cluster.
pub(crate) struct Kubectl {
    /// The context of the kubeconfig, if not its current one.
    pub(crate) context: Option<String>,
    pub(crate) namespace: String,
}

/// Why an object was not read or written.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It is not there.
    Absent,
    /// Somebody else wrote it meanwhile, or made it.
    Changed,
    /// Anything else, in the words of `kubectl`.
    Otherwise(String),
}

impl Kubectl {
    /// What it prints, or why it does not.
    pub(crate) async fn text(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.run(arguments, &[]).await?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    }

    pub(crate) async fn json(&self, arguments: &[&str]) -> Result<Value, String> {
        let text = self.text(arguments).await?;
        serde_json::from_str(&text).map_err(|error| format!("kubectl printed no JSON: {error}"))
    }

    /// Whether the caller may do something to objects of a kind. It ends with 1 if not, and says so.
    pub(crate) async fn may(&self, verb: &str, kind: &str) -> Result<bool, String> {
        let output = self.run(&["auth", "can-i", verb, kind], &[]).await?;
        let said = String::from_utf8_lossy(&output.stdout);
        match said.lines().next_back().map(str::trim) {
            Some("yes") => Ok(true),
            Some(said) if said.starts_with("no") => Ok(false),
            _ => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    }

    /// An object.
    pub(crate) async fn get(&self, kind: &str, name: &str) -> Result<Value, Refused> {
        self.asked(&["get", kind, name, "--output", "json"], &[])
            .await
    }

    /// Makes an object that is not there.
    pub(crate) async fn create(&self, object: &Value) -> Result<Value, Refused> {
        self.written("create", object).await
    }

    /// Writes an object that is as it was read, by the version in it: what somebody else wrote since is not overwritten.
    pub(crate) async fn replace(&self, object: &Value) -> Result<Value, Refused> {
        self.written("replace", object).await
    }

    async fn written(&self, verb: &str, object: &Value) -> Result<Value, Refused> {
        // Over a pipe: what is in an argument or a file may be read by others.
        let arguments = [verb, "--filename", "-", "--output", "json"];
        self.asked(&arguments, object.to_string().as_bytes()).await
    }

    async fn asked(&self, arguments: &[&str], input: &[u8]) -> Result<Value, Refused> {
        let output = self.run(arguments, input).await;
        let output = output.map_err(Refused::Otherwise)?;
        if output.status.success() {
            return serde_json::from_slice(&output.stdout)
                .map_err(|error| Refused::Otherwise(format!("kubectl printed no JSON: {error}")));
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Refused::of(said))
    }

    /// A command for something that goes on.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("kubectl");
        if let Some(context) = &self.context {
            command.args(["--context", context]);
        }
        command.args(["--namespace", &self.namespace]);
        command.kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str], input: &[u8]) -> Result<std::process::Output, String> {
        let mut command = self.command();
        command
            .args(["--request-timeout", "10s"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let failed = |error| format!("kubectl cannot be run: {error}");
        let mut running = command.spawn().map_err(failed)?;
        let said = async {
            if let Some(mut pipe) = running.stdin.take() {
                // One that ends without reading says why.
                let _ = pipe.write_all(input).await;
            }
            running.wait_with_output().await
        };
        let late = |_| "kubectl does not come to its end".to_owned();
        timeout(PATIENCE, said).await.map_err(late)?.map_err(failed)
    }
}

impl Refused {
    /// `kubectl` names the reason of the API server in brackets.
    fn of(said: String) -> Self {
        let is = |reason: &str| said.contains(&format!("({reason})"));
        if is("NotFound") {
            Self::Absent
        } else if is("Conflict") || is("AlreadyExists") {
            Self::Changed
        } else {
            Self::Otherwise(said)
        }
    }
}

/// After which a command is given up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_refuses_is_told_apart_by_its_reason() {
        for (said, expected) in [
            (
                "Error from server (NotFound): leases.coordination.k8s.io \"a\" not found",
                "Absent",
            ),
            (
                "Error from server (Conflict): error when replacing \"STDIN\": the object has been modified",
                "Changed",
            ),
            (
                "Error from server (AlreadyExists): error when creating \"STDIN\"",
                "Changed",
            ),
            (
                "Error from server (Forbidden): secrets \"a\" is forbidden",
                "Otherwise",
            ),
        ] {
            let refused = format!("{:?}", Refused::of(said.to_owned()));
            assert!(refused.starts_with(expected), "{said}: {refused}");
        }
    }
}
