//! Where a command has an identity token from.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use clap::Args;
use tokio::process::Command;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::input;
use crate::instance::Instance;
use crate::token;

/// As whom something is signed. Without any of them, the token is that of `SIGSTORE_ID_TOKEN`.
#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct TokenSource {
    /// Sign as this e-mail address, with a token made on the spot; dev instances only.
    #[arg(long)]
    identity: Option<String>,

    /// A file with an identity token; - for standard input.
    #[arg(long, value_name = "FILE")]
    identity_token_file: Option<PathBuf>,

    /// A program that prints an identity token; it is run without arguments.
    #[arg(long, value_name = "PROGRAM")]
    identity_token_command: Option<PathBuf>,
}

impl TokenSource {
    /// Whether the token comes from standard input, which can be read once.
    pub(crate) fn is_standard_input(&self) -> bool {
        let file = self.identity_token_file.as_deref();
        file.is_some_and(input::is_standard_input)
    }

    /// A token; `instance` is the one that makes it, if it does.
    pub(crate) async fn token(&self, instance: Option<&Instance>) -> Result<String, Failure> {
        if let Some(email) = &self.identity {
            let instance = instance.ok_or_else(no_instance)?;
            return token::make(instance, email).await;
        }
        let bytes = match (&self.identity_token_file, &self.identity_token_command) {
            (Some(file), _) => input::read(file)?,
            (None, Some(program)) => print(program).await?,
            (None, None) => variable()?,
        };
        let token = String::from_utf8(bytes).map_err(|_| token_malformed())?;
        Ok(token.trim().to_owned())
    }
}

fn variable() -> Result<Vec<u8>, Failure> {
    let variable = std::env::var_os("SIGSTORE_ID_TOKEN").filter(|token| !token.is_empty());
    let token = variable.ok_or_else(no_identity)?;
    Ok(token.into_encoded_bytes())
}

/// What a program prints. It ends with the wait for it.
async fn print(program: &std::path::Path) -> Result<Vec<u8>, Failure> {
    let failed = |cause: String| {
        Failure::new(
            "E-CTL-405",
            format!("{} gave no identity token", program.display()),
            "run it by hand as the user who runs sigctl, and mend what it says",
        )
        .because(cause)
    };
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let printed = timeout(PATIENCE, command.output()).await;
    let late = |_| failed(format!("it did not end within {} s", PATIENCE.as_secs()));
    let printed = printed
        .map_err(late)?
        .map_err(|error| failed(error.to_string()))?;
    if !printed.status.success() {
        let said = String::from_utf8_lossy(&printed.stderr);
        return Err(failed(format!("{}: {}", printed.status, said.trim())));
    }
    Ok(printed.stdout)
}

/// What is no token of OpenID Connect.
pub(crate) fn token_malformed() -> Failure {
    Failure::new(
        "E-CTL-012",
        "the identity token is not a JWT with an email or sub claim",
        "pass the id_token that the issuer answered, whole",
    )
}

fn no_instance() -> Failure {
    Failure::new(
        "E-CTL-012",
        "--identity makes a token with the key of an instance, and none is named",
        "name the instance, or a token with --identity-token-file",
    )
}

fn no_identity() -> Failure {
    Failure::new(
        "E-CTL-012",
        "nobody to sign as",
        "name --identity-token-file, or set SIGSTORE_ID_TOKEN; on a dev instance, name --identity",
    )
}

/// Longer than an issuer takes that is far away.
const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[tokio::test]
    async fn a_program_gives_a_token_or_says_why_not() {
        let printed = print(Path::new("/usr/bin/id")).await.unwrap();
        assert!(printed.starts_with(b"uid="));
        for (program, why) in [
            ("/bin/false", "exit status: 1"),
            ("/nonexistent", "No such file"),
        ] {
            let failure = print(Path::new(program)).await.unwrap_err();
            assert_eq!(failure.code(), "E-CTL-405");
            assert!(failure.whole().contains(why), "{}", failure.whole());
        }
    }

    #[tokio::test]
    async fn only_an_instance_makes_a_token() {
        let source = TokenSource {
            identity: Some("a@example.com".to_owned()),
            identity_token_file: None,
            identity_token_command: None,
        };
        let failure = source.token(None).await.unwrap_err();
        assert_eq!(failure.code(), "E-CTL-012");
    }
}
