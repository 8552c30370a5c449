//! `sigctl ceremony new`: the draft of the next root.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_ceremony::{Draft, HolderName, Occasion, Wish, lint_draft};
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::tuf::{Root, Signed};
use time::Duration;

use super::medium::{DRAFT, Medium};
use super::refusal::refused;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::trust::{self, Repository, parse_term};

/// What shall change.
#[derive(Args)]
#[command(after_help = "\
Without --add, --remove and --replace the same people sign again. The operator of an instance that had no ceremony yet holds \
its one key under the name operator: --replace operator=alice --add bob --add carol --threshold 2.")]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The medium: a folder that is made, or, with --again, one that has a draft.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,

    /// Invite somebody.
    #[arg(long, value_name = "NAME")]
    add: Vec<HolderName>,

    /// Let somebody leave.
    #[arg(long, value_name = "NAME")]
    remove: Vec<HolderName>,

    /// Let somebody leave and invite somebody in her place; the same name twice is for a new key.
    #[arg(long, value_name = "OLD=NEW", value_parser = parse_pair)]
    replace: Vec<(HolderName, HolderName)>,

    /// How many must sign what follows. Default: as many as now.
    #[arg(long, value_name = "NUMBER")]
    threshold: Option<u32>,

    /// How long clients accept the next root.
    #[arg(long, value_name = "PERIOD", default_value = "365d", value_parser = parse_term)]
    valid_for: Duration,

    /// How much time the holders have to sign.
    #[arg(long, value_name = "PERIOD", default_value = "30d", value_parser = parse_term)]
    sign_within: Duration,

    /// Make the next draft of the ceremony that is on the medium. Who joined need not join again; all sign again.
    #[arg(long)]
    again: bool,
}

#[derive(Serialize)]
struct Made {
    medium: PathBuf,
    draft: u32,
    root: u64,
    invited: Vec<HolderName>,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let folder = arguments.to.clone();
    let medium = Medium::at(&folder);
    let (ceremony, number) = match arguments.again {
        true => {
            let draft = medium.draft()?;
            (draft.ceremony, draft.number.saturating_add(1))
        }
        false => {
            medium.refuse_existing("")?;
            (random_id()?, 1)
        }
    };
    let draft = draft(&instance, arguments, ceremony, number)?;
    medium.put(DRAFT, &draft.encode())?;
    let made = Made {
        medium: folder,
        draft: draft.number,
        root: draft.before.signed.version.saturating_add(1),
        invited: draft.invited,
    };
    output.print(&made, text);
    Ok(())
}

fn draft(
    instance: &Instance,
    arguments: Arguments,
    ceremony: String,
    number: u32,
) -> Result<Draft, Failure> {
    let before: Signed<Root> = Repository::of(instance)?.newest_signed()?;
    let now = SystemClock.now();
    let occasion = Occasion {
        instance: instance.manifest.name.clone(),
        ceremony,
        number,
        made_at: now,
        sign_until: now + arguments.sign_within,
        holders_before: trust::holders(instance, &before.signed)?,
        before,
    };
    let wish = Wish {
        add: arguments.add,
        remove: arguments.remove,
        replace: arguments.replace,
        threshold: arguments.threshold,
        expires: now + arguments.valid_for,
    };
    let draft = Draft::new(occasion, wish).map_err(refused)?;
    lint_draft(&draft, now).map_err(refused)?;
    Ok(draft)
}

fn text(made: &Made) -> String {
    let next = match made.invited.as_slice() {
        [] => "next: `sigctl ceremony review` by each holder, then `sign`".to_owned(),
        invited => {
            let names: Vec<_> = invited.iter().map(HolderName::to_string).collect();
            format!(
                "next: `sigctl ceremony invite` by {}, each on her machine",
                names.join(", ")
            )
        }
    };
    format!(
        "wrote draft {} of root {} to {}\n{next}",
        made.draft,
        made.root,
        made.medium.display()
    )
}

fn parse_pair(text: &str) -> Result<(HolderName, HolderName), String> {
    let parse = |name: &str| name.parse().map_err(|error| format!("{error}"));
    let pair = text.split_once('=');
    let (old, new) = pair.ok_or("write it as in carol=dave")?;
    Ok((parse(old)?, parse(new)?))
}

fn random_id() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Failure::randomness)?;
    Ok(hex::encode(bytes))
}
