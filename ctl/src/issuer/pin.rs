//! `sigctl issuer pin`: writes the keys of an issuer into its entry, so that nobody is asked for them.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_identity::{FetchOptions, HttpFetch};

use super::file::{self, IssuersFile};
use super::named;
use crate::failure::Failure;
use crate::input;
use crate::instance::Service;
use crate::locate::Where;
use crate::output::Output;
use crate::recorded::Recorded;
use crate::reload;

/// Which issuer, and which keys.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The URL of the issuer, or the pattern of its URL.
    issuer: Vec<String>,

    /// A file with its key set (RFC 7517), as for a site that cannot reach the issuer; `-` for standard input. Default: asks
    /// the issuer now.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

#[derive(Serialize)]
struct Pinned {
    issuer: String,
    file: String,
    /// The identifiers of the keys; empty for one without.
    keys: Vec<String>,
}

pub(super) async fn run(mut arguments: Arguments, output: Output) -> Result<(), Failure> {
    let issuer = named(&mut arguments.instance, arguments.issuer)?;
    let instance = arguments.instance.open()?;
    let mut file = IssuersFile::of(&instance)?;
    let keys = match &arguments.keys {
        Some(path) => String::from_utf8_lossy(&input::read(path)?).into_owned(),
        None => ask(&file, &issuer).await?,
    };
    let keys = keys.trim();
    file.pin(&issuer, keys)?;
    let asked = [
        ("issuer", issuer.clone()),
        ("keys", identifiers(keys).join(" ")),
    ];
    let recorded = Recorded::begin(&instance, "sigctl issuer pin", &asked).await?;
    recorded.end(file.write()).await?;
    reload::ask(&instance, &[Service::Ca]).await?;
    let pinned = Pinned {
        issuer,
        file: file.path.display().to_string(),
        keys: identifiers(keys),
    };
    output.print(&pinned, |pinned| {
        format!(
            "pinned {} keys of {} in {}: {}\nwhen the issuer changes its keys, pin them again",
            pinned.keys.len(),
            pinned.issuer,
            pinned.file,
            pinned.keys.join(", ")
        )
    });
    Ok(())
}

async fn ask(file: &IssuersFile, issuer: &str) -> Result<String, Failure> {
    let mut entry = file.entry(issuer)?.clone();
    issuer.clone_into(&mut entry.issuer_url);
    let fetch = HttpFetch::new(&FetchOptions::default(), &file.config)
        .map_err(|error| file::unusable(&file.path, &error))?;
    sigstead_identity::published_keys(&entry, &fetch)
        .await
        .map_err(|error| {
            Failure::new(
                "E-CTL-095",
                format!("the keys of {issuer} cannot be had"),
                "bring its key set as a file: sigctl issuer pin --keys FILE",
            )
            .because(sigstead_kit::causes(&error))
        })
}

fn identifiers(keys: &str) -> Vec<String> {
    let set: serde_json::Value = serde_json::from_str(keys).unwrap_or_default();
    let keys = set["keys"].as_array().cloned().unwrap_or_default();
    let id = |key: &serde_json::Value| key["kid"].as_str().unwrap_or_default().to_owned();
    keys.iter().map(id).collect()
}
