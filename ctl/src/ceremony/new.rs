//! `sigctl ceremony new`: the draft of the next root.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sigstead_ceremony::{Draft, HolderName, Occasion, Planned, TargetsBefore, Wish, lint_draft};
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::tuf::{Root, Signed};
use time::{Duration, OffsetDateTime};

use super::medium::{DRAFT, Medium};
use super::refusal::refused;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::profile::Profile;
use crate::rotate;
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

    /// Let the holders sign the targets too, and not the operator; there is no way back. In the profile `strict` they do.
    #[arg(long)]
    targets: bool,

    /// How long clients accept the next root, and the targets that the holders sign.
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
    /// Whether the root names other keys of the service: those of a rotation that waits for it.
    online_keys: bool,
    /// The versions of the targets that are to be signed.
    targets: Vec<u64>,
}

pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
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
    let draft = draft(&instance, arguments, ceremony, number).await?;
    medium.put(DRAFT, &draft.encode())?;
    let made = Made {
        medium: folder,
        draft: draft.number,
        root: draft.before.signed.version.saturating_add(1),
        online_keys: draft.online.is_some(),
        targets: versions(&draft),
        invited: draft.invited,
    };
    output.print(&made, text);
    Ok(())
}

async fn draft(
    instance: &Instance,
    arguments: Arguments,
    ceremony: String,
    number: u32,
) -> Result<Draft, Failure> {
    let before: Signed<Root> = Repository::of(instance)?.newest_signed()?;
    let now = SystemClock.now().truncate_to_second();
    let sign_until = now + arguments.sign_within;
    let online = rotate::awaiting_root(instance, &ceremony).await?;
    let targets = match arguments.targets || do_holders_sign_targets(instance, &before.signed) {
        true => Some(targets(instance, &before.signed, sign_until)?),
        false => None,
    };
    let occasion = Occasion {
        instance: instance.manifest.name.clone(),
        ceremony,
        number,
        made_at: now,
        sign_until,
        holders_before: trust::holders(instance, &before.signed)?,
        before,
    };
    let wish = Wish {
        add: arguments.add,
        remove: arguments.remove,
        replace: arguments.replace,
        threshold: arguments.threshold,
        expires: now + arguments.valid_for,
        online,
        targets,
    };
    let draft = Draft::new(occasion, wish).map_err(refused)?;
    lint_draft(&draft, now).map_err(refused)?;
    Ok(draft)
}

/// Whether they do already, or the profile asks for it.
fn do_holders_sign_targets(instance: &Instance, before: &Root) -> bool {
    instance.manifest.profile == Profile::Strict || trust::are_targets_held_by_people(before)
}

/// What clients have, and all that the open rotations will publish, as far as it is known.
fn targets(
    instance: &Instance,
    before: &Root,
    sign_until: OffsetDateTime,
) -> Result<(TargetsBefore, Vec<Planned>), Failure> {
    let ends = rotate::ends_foreseen(instance, sign_until)?;
    let planned = trust::targets_to_sign(instance, ends)?;
    Ok((trust::targets_before(instance, before)?, planned))
}

fn versions(draft: &Draft) -> Vec<u64> {
    let targets = draft.targets.iter();
    let versions = targets.flat_map(|targets| &targets.versions);
    versions.map(|version| version.targets.version).collect()
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
    let versions: Vec<_> = made.targets.iter().map(u64::to_string).collect();
    let targets = match versions.as_slice() {
        [] => String::new(),
        versions => format!(" and targets {}", versions.join(", ")),
    };
    let online = match made.online_keys {
        true => {
            "\nit names the next keys of the snapshot and timestamp roles, whose rotation is open"
        }
        false => "",
    };
    format!(
        "wrote draft {} of root {}{targets} to {}{online}\n{next}",
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

pub(super) fn random_id() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Failure::randomness)?;
    Ok(hex::encode(bytes))
}
