//! Clients of TUF that begin with a root, and remember what they found.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sigstead_integration::client;

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attacked {
    PythonTuf,
    /// Its client of TUF is that of sigstore-go.
    Cosign,
    SigstorePython,
    SigstoreJs,
    /// It remembers nothing from one run to the next.
    Tough,
}

impl Attacked {
    pub(super) const ALL: [Self; 5] = [
        Self::PythonTuf,
        Self::Cosign,
        Self::SigstorePython,
        Self::SigstoreJs,
        Self::Tough,
    ];

    /// Those that are installed.
    pub(super) fn here() -> Vec<Self> {
        let all = Self::ALL.into_iter();
        all.filter(|each| each.command("", Path::new(""), Path::new("")).is_some())
            .collect()
    }

    /// Walks from a root, with the memory of `home`. None if it is not installed.
    pub(super) fn walk(self, url: &str, root: &Path, home: &Path) -> Option<Output> {
        std::fs::create_dir_all(home).unwrap();
        Some(self.command(url, root, home)?.output().unwrap())
    }

    fn command(self, url: &str, root: &Path, home: &Path) -> Option<Command> {
        let mut command = Command::new(self.program()?);
        match self {
            Self::PythonTuf => {
                command
                    .arg(client::script("tuf_client.py"))
                    .args([url.as_ref(), root, home, home])
            }
            Self::Cosign => command
                .args(["initialize", "--mirror", url, "--root"])
                .arg(root),
            Self::SigstorePython => command
                .args(["--instance", url, "trust-instance"])
                .arg(root),
            Self::SigstoreJs => command
                .arg(client::script("tuf_client.mjs"))
                .arg(client::sigstore_js()?.modules)
                .arg(url)
                .arg(root)
                .arg(home.join("cache"))
                .arg("remember"),
            Self::Tough => command
                .arg(root)
                .args([url, "trusted_root.json"])
                .arg(home.join("trusted_root.json")),
        };
        command.env("HOME", home).env("TUF_ROOT", home);
        command.env_remove("XDG_DATA_HOME");
        command.env_remove("XDG_CACHE_HOME");
        Some(command)
    }

    fn program(self) -> Option<PathBuf> {
        match self {
            Self::PythonTuf => client::python(),
            Self::Cosign => client::cosign(),
            Self::SigstorePython => client::sigstore_python(),
            Self::SigstoreJs => client::sigstore_js().map(|js| js.node),
            Self::Tough => client::tough(),
        }
    }

    /// Looks again, with what it remembers, and gives what it says of the repository; none if it says nothing of it.
    ///
    /// With a root at hand cosign forgets, so that it looks again when it verifies. What it verifies is no bundle, and it says
    /// so last.
    pub(super) fn look_again(self, url: &str, root: &Path, home: &Path) -> Option<String> {
        let output = match self {
            Self::Cosign => {
                let bundle = home.join("bundle.json");
                std::fs::write(&bundle, "{}").unwrap();
                let mut verify = Command::new(self.program()?);
                verify.arg("verify-blob").arg("--bundle").arg(&bundle);
                verify.args(["--certificate-identity", "nobody@example.com"]);
                verify.args(["--certificate-oidc-issuer", "https://example.com"]);
                let verify = verify.env("HOME", home).env("TUF_ROOT", home).arg(bundle);
                verify.output().unwrap()
            }
            _ => self.walk(url, root, home)?,
        };
        let said = said(&output);
        let is_content = match self {
            Self::Cosign => said.contains("bundle does not contain cert"),
            _ => output.status.success(),
        };
        (!is_content).then_some(said)
    }
}

/// All that a client printed.
pub(super) fn said(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr];
    both.map(|bytes| String::from_utf8_lossy(bytes)).concat()
}
