//! The official clients that are here, asked what they say of a draft.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::instance::Instance;

/// A client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    Cosign,
    Python,
}

/// What a client reads.
pub(super) struct Kit {
    /// A folder with the documents of a trust root.
    pub(super) folder: PathBuf,
    /// The authority of the services' TLS, if it is their own.
    pub(super) authorities: Option<PathBuf>,
    /// Whose signature it is, and who vouches for it.
    pub(super) identity: (String, String),
}

impl Client {
    pub(super) const ALL: [Self; 2] = [Self::Cosign, Self::Python];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Cosign => "cosign",
            Self::Python => "sigstore-python",
        }
    }

    /// Its program: in the folder that `SIGSTEAD_CLIENTS` names, laid out as that of our tests or flat, or else on the PATH.
    pub(super) fn program(self) -> Option<PathBuf> {
        let (flat, nested) = match self {
            Self::Cosign => ("cosign", "bin/cosign"),
            Self::Python => ("sigstore", "python/bin/sigstore"),
        };
        let named = env::var_os("SIGSTEAD_CLIENTS").filter(|it| !it.is_empty());
        match named.map(PathBuf::from) {
            Some(folder) => [nested, flat].map(|name| folder.join(name)).into(),
            None => {
                let path = env::var_os("PATH").unwrap_or_default();
                let folders = env::split_paths(&path).filter(|it| it.is_absolute());
                folders.map(|folder| folder.join(flat)).collect::<Vec<_>>()
            }
        }
        .into_iter()
        .find(|program| program.is_file())
    }

    /// Verifies a bundle with a certificate.
    pub(super) async fn verify(
        self,
        program: &Path,
        kit: &Kit,
        artifact: &Path,
        bundle: &Path,
    ) -> Result<(), String> {
        let mut command = kit.command(program);
        let (identity, issuer) = &kit.identity;
        match self {
            Self::Cosign => command
                .args(["verify-blob", "--use-signed-timestamps", "--trusted-root"])
                .arg(kit.folder.join("trusted_root.json"))
                .args(["--certificate-identity", identity])
                .args(["--certificate-oidc-issuer", issuer]),
            Self::Python => command
                .arg("--trust-config")
                .arg(kit.folder.join(TRUST_CONFIG))
                .args(["verify", "identity", "--cert-identity", identity])
                .args(["--cert-oidc-issuer", issuer]),
        };
        finish(command.arg("--bundle").arg(bundle).arg(artifact)).await
    }

    /// Verifies several artifacts in one run, each by the bundle beside it. None of a client that verifies one at a time.
    pub(super) async fn verify_together(
        self,
        program: &Path,
        kit: &Kit,
        artifacts: &[PathBuf],
    ) -> Option<Result<(), String>> {
        if self != Self::Python {
            return None;
        }
        let mut command = kit.command(program);
        let (identity, issuer) = &kit.identity;
        command
            .arg("--trust-config")
            .arg(kit.folder.join(TRUST_CONFIG))
            .args(["verify", "identity", "--cert-identity", identity])
            .args(["--cert-oidc-issuer", issuer])
            .args(artifacts);
        Some(finish(&mut command).await)
    }

    /// Signs with a token, which is in a file: arguments are seen by others.
    pub(super) async fn sign(
        self,
        program: &Path,
        kit: &Kit,
        (token, token_file): (&str, &Path),
        (artifact, bundle): (&Path, &Path),
    ) -> Result<(), String> {
        let mut command = kit.command(program);
        match self {
            Self::Cosign => command
                .args(["sign-blob", "--yes", "--identity-token"])
                .arg(token_file)
                .arg("--signing-config")
                .arg(kit.folder.join("signing_config.v0.2.json"))
                .arg("--trusted-root")
                .arg(kit.folder.join("trusted_root.json")),
            Self::Python => command
                .env("SIGSTORE_IDENTITY_TOKEN", token)
                .arg("--trust-config")
                .arg(kit.folder.join(TRUST_CONFIG))
                .args(["sign", "--overwrite"]),
        };
        finish(command.arg("--bundle").arg(bundle).arg(artifact)).await
    }

    /// Begins with a root of what is served, and walks to the newest.
    pub(super) async fn follow(
        self,
        program: &Path,
        kit: &Kit,
        url: &str,
        root: &Path,
    ) -> Result<(), String> {
        let mut command = kit.command(program);
        match self {
            Self::Cosign => command.args(["initialize", "--mirror", url, "--root"]),
            Self::Python => command.args(["--instance", url, "trust-instance"]),
        };
        finish(command.arg(root)).await
    }
}

/// Those that are installed, and what is said of the others.
pub(super) fn installed() -> (Vec<(Client, PathBuf)>, Vec<String>) {
    let (mut here, mut missing) = (Vec::new(), Vec::new());
    for client in Client::ALL {
        match client.program() {
            Some(program) => here.push((client, program)),
            None => missing.push(format!("{}, which is not installed", client.name())),
        }
    }
    (here, missing)
}

impl Kit {
    /// What a client reads of an instance.
    pub(super) fn of(instance: &Instance, folder: &Path, identity: &(String, String)) -> Self {
        let shows_own = instance.manifest.shows_own_tls();
        Self {
            folder: folder.to_owned(),
            authorities: shows_own.then(|| instance.path("client/ca-bundle.pem")),
            identity: identity.clone(),
        }
    }

    /// A client that has nothing of what its user has.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("HOME", &self.folder);
        command.env("TUF_ROOT", self.folder.join("cosign"));
        for variable in ["XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"] {
            command.env_remove(variable);
        }
        if let Some(authorities) = &self.authorities {
            for variable in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"] {
                command.env(variable, authorities);
            }
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

async fn finish(command: &mut Command) -> Result<(), String> {
    let program = command.as_std().get_program().to_owned();
    let name = Path::new(&program).file_name().map(OsStr::to_string_lossy);
    let name = name.unwrap_or_default().into_owned();
    let finished = timeout(PATIENCE, command.output()).await;
    let output = finished
        .map_err(|_| format!("{name} did not end within {} s", PATIENCE.as_secs()))?
        .map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let mut said = said.lines().map(str::trim).filter(|line| !line.is_empty());
    Err(format!(
        "{name}: {}",
        said.next_back().unwrap_or("it said nothing")
    ))
}

pub(super) const TRUST_CONFIG: &str = "client_trust_config.json";
/// More than a client takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
