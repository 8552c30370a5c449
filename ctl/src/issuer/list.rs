//! `sigctl issuer list`: the issuers of an instance, and who of each may sign.

use clap::Args;
use serde::Serialize;
use sigstead_identity::{IssuerConfig, IssuersConfig};

use super::file::IssuersFile;
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::{Output, printable};
use crate::trust;

/// Which instance.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,
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
    /// Its place among the issuers that clients open a browser at, from 1 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    browser: Option<usize>,
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
    let instance = arguments.instance.open()?;
    let file = IssuersFile::of(&instance)?;
    let offered = trust::offered_issuers(&instance)?;
    let path = file.path.display().to_string();
    output.print(&issuers(&file.config, &offered), |issuers| {
        text(&path, issuers)
    });
    for warning in file.config.warnings() {
        output.complain(&format!("warning: {}\n", printable(&warning.to_string())));
    }
    Ok(())
}

fn issuers(config: &IssuersConfig, offered: &[String]) -> Vec<ListedIssuer> {
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
        browser: offered
            .iter()
            .position(|url| url == name)
            .map(|place| place + 1),
        description: entry.description.clone(),
    };
    let all = config.issuers.iter().chain(&config.meta_issuers);
    all.map(issuer).collect()
}

fn text(file: &str, issuers: &[ListedIssuer]) -> String {
    let mut lines = vec![format!("issuers of {file}")];
    for each in issuers {
        let who = match each.may_sign {
            MaySign::Everybody => "everybody may sign".to_owned(),
            MaySign::Rules if each.allow == 0 => {
                format!("everybody may sign whom none of {} rules denies", each.deny)
            }
            MaySign::Rules => format!("{} rules allow, {} deny", each.allow, each.deny),
            MaySign::Nobody => "nobody may sign until a rule allows".to_owned(),
        };
        lines.push(format!("  {}", each.issuer));
        let browser = match each.browser {
            Some(1) => "; people log in here",
            Some(_) => "; people may log in here",
            None => "",
        };
        lines.push(format!(
            "      type {}, audience {}; {who}{browser}",
            each.kind, each.audience
        ));
    }
    if issuers.is_empty() {
        lines.push("  none; add one: sigctl issuer add".to_owned());
    }
    lines.join("\n")
}
