//! `sigctl issuer list`: the issuers of an instance, and who of each may sign.

use clap::Args;
use serde::Serialize;
use sigstead_identity::{IssuerConfig, IssuersConfig};

use super::file::IssuersFile;
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;

/// Which instance.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,
}

#[derive(Serialize)]
struct Listed {
    file: String,
    issuers: Vec<ListedIssuer>,
    /// What nothing reads or may be meant otherwise.
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ListedIssuer {
    /// Its URL, or the pattern of its URL.
    issuer: String,
    #[serde(rename = "type")]
    kind: &'static str,
    audience: String,
    /// `everybody`, `rules` or `nobody`.
    may_sign: MaySign,
    allow: usize,
    deny: usize,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum MaySign {
    Everybody,
    Rules,
    Nobody,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let file = IssuersFile::of(&arguments.instance.open()?)?;
    let listed = Listed {
        file: file.path.display().to_string(),
        issuers: issuers(&file.config),
        warnings: warnings(&file.config),
    };
    output.print(&listed, text);
    Ok(())
}

fn warnings(config: &IssuersConfig) -> Vec<String> {
    let warnings = config.warnings();
    warnings.iter().map(ToString::to_string).collect()
}

fn issuers(config: &IssuersConfig) -> Vec<ListedIssuer> {
    let closed = config.closed();
    let issuer = |(name, entry): (&String, &IssuerConfig)| ListedIssuer {
        issuer: name.clone(),
        kind: entry.kind.as_str(),
        audience: entry.client_id.clone(),
        may_sign: if closed.contains(&name.as_str()) {
            MaySign::Nobody
        } else if entry.allow.is_empty() && entry.deny.is_empty() {
            MaySign::Everybody
        } else {
            MaySign::Rules
        },
        allow: entry.allow.len(),
        deny: entry.deny.len(),
        description: entry.description.clone(),
    };
    let all = config.issuers.iter().chain(&config.meta_issuers);
    all.map(issuer).collect()
}

fn text(listed: &Listed) -> String {
    let mut lines = vec![format!("issuers of {}", listed.file)];
    for each in &listed.issuers {
        let who = match each.may_sign {
            MaySign::Everybody => "everybody may sign".to_owned(),
            MaySign::Rules if each.allow == 0 => {
                format!("everybody may sign whom none of {} rules denies", each.deny)
            }
            MaySign::Rules => format!("{} rules allow, {} deny", each.allow, each.deny),
            MaySign::Nobody => "nobody may sign until a rule allows".to_owned(),
        };
        lines.push(format!("  {}", each.issuer));
        lines.push(format!(
            "      type {}, audience {}; {who}",
            each.kind, each.audience
        ));
    }
    if listed.issuers.is_empty() {
        lines.push("  none; add one: sigctl issuer add".to_owned());
    }
    let warnings = listed.warnings.iter();
    lines.extend(warnings.map(|warning| format!("warning: {warning}")));
    lines.join("\n")
}
