//! `sigctl policy`: tries rules out, before they are in force.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::failure::{Exit, Failure};
use crate::input;
use crate::issuer::{ShownCertificate, ShownRule, parse};
use crate::output::Output;

/// What to try out.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say which tokens a file of issuers lets have a certificate; needs no instance and no network.
    Test(TestArguments),
}

/// Which rules, and which tokens.
#[derive(Args)]
struct TestArguments {
    /// The file of issuers, with the rules.
    rules: PathBuf,

    /// Tokens, or their claims in JSON. Signature, audience and time are not looked at.
    #[arg(required = true)]
    tokens: Vec<PathBuf>,

    /// What the rules have to say of every token; else the command fails.
    #[arg(long, value_enum, default_value_t = Expected::Allowed)]
    expect: Expected,
}

/// What the rules are meant to say.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Expected {
    /// There would be a certificate.
    Allowed,
    /// The rules let there be none.
    Refused,
}

/// What became of a token.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// There would be a certificate.
    Allowed,
    /// The rules let there be none.
    Refused,
    /// The rules were not asked: its issuer is not in the file, or its claims are not those of the issuer's type. A test
    /// that expects a refusal must not pass for that.
    Unusable,
}

#[derive(Serialize)]
struct Tried {
    expected: Expected,
    is_as_expected: bool,
    tokens: Vec<TriedToken>,
}

#[derive(Serialize)]
struct TriedToken {
    file: String,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
    rules: Vec<ShownRule>,
    certificate: Option<ShownCertificate>,
}

pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let Command::Test(arguments) = &arguments.command;
    let text = String::from_utf8_lossy(&input::read(&arguments.rules)?).into_owned();
    let config = parse(&arguments.rules, &text)?;
    let mut tokens = Vec::new();
    for file in &arguments.tokens {
        tokens.push(try_token(&config, file)?);
    }
    let tried = Tried {
        expected: arguments.expect,
        is_as_expected: tokens.iter().all(|each| each.is_as(arguments.expect)),
        tokens,
    };
    output.print(&tried, text_of);
    Ok(if tried.is_as_expected {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn try_token(
    config: &sigstead_identity::IssuersConfig,
    file: &Path,
) -> Result<TriedToken, Failure> {
    let claims = claims(file)?;
    let file = file.display().to_string();
    Ok(match config.preview(&claims) {
        Ok(preview) => TriedToken {
            file,
            verdict: match preview.refusal {
                None => Verdict::Allowed,
                Some(_) => Verdict::Refused,
            },
            refusal: preview.refusal,
            rules: preview.rules.iter().map(ShownRule::new).collect(),
            certificate: Some(ShownCertificate::new(
                &preview.name,
                &preview.san,
                &preview.extensions,
            )),
        },
        Err(error) => TriedToken {
            file,
            verdict: Verdict::Unusable,
            refusal: Some(sigstead_kit::causes(&error)),
            rules: Vec::new(),
            certificate: None,
        },
    })
}

/// The claims of a file that holds them, or a token with them.
fn claims(file: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = input::read(file)?;
    if bytes.trim_ascii_start().starts_with(b"{") {
        return Ok(bytes);
    }
    let payload = bytes.trim_ascii().split(|byte| *byte == b'.').nth(1);
    let decoded = payload.and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    decoded.ok_or_else(|| {
        Failure::new(
            "E-CTL-094",
            format!(
                "{} holds neither a token nor claims in JSON",
                file.display()
            ),
            "write the token as the issuer gave it, or its claims as one JSON object",
        )
    })
}

impl TriedToken {
    fn is_as(&self, expected: Expected) -> bool {
        match expected {
            Expected::Allowed => self.verdict == Verdict::Allowed,
            Expected::Refused => self.verdict == Verdict::Refused,
        }
    }
}

fn text_of(tried: &Tried) -> String {
    let mut lines = Vec::new();
    for each in &tried.tokens {
        let verdict = match &each.refusal {
            None => "allowed".to_owned(),
            Some(refusal) if each.verdict == Verdict::Refused => format!("refused: {refusal}"),
            Some(reason) => format!("unusable: {reason}"),
        };
        lines.push(format!("{}  {verdict}", each.file));
        lines.extend(each.rules.iter().map(ShownRule::line));
        lines.extend(each.certificate.iter().flat_map(ShownCertificate::lines));
    }
    lines.join("\n")
}
