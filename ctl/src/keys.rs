//! `sigctl keys`: every key, certificate and signed file of an instance.

use clap::{Args, ValueEnum};
use serde::Serialize;
use sigstead_kit::{Clock as _, SystemClock};

use crate::failure::{Exit, Failure};
use crate::inventory::{self, Item, Renewal, State, metrics};
use crate::locate::Where;
use crate::output::{Output, one_line, write_raw};

/// Of which instance.
#[derive(Args)]
#[command(after_help = "\
Ends with 3 if something could not be read and is therefore not in the list.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// Also what signs nothing more, but whose signatures still count.
    #[arg(long)]
    all: bool,

    /// Only the ends, in the text format of Prometheus, for the textfile collector of its node exporter.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Metrics,
}

#[derive(Serialize)]
struct Listed {
    keys: Vec<Item>,
    /// What could not be read.
    unread: Vec<String>,
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let instance = arguments.instance.open()?;
    let mut gathered = inventory::gather(&instance, SystemClock.now()).await;
    if !arguments.all {
        gathered.items.retain(|item| item.state != State::Retired);
    }
    let listed = Listed {
        keys: gathered.items,
        unread: gathered.unread,
    };
    match arguments.format {
        Some(Format::Metrics) => {
            let ends = metrics::ends(&listed.keys);
            let ends = ends.map_err(|error| {
                Failure::io("the ends cannot be written", std::io::Error::other(error))
            })?;
            write_raw(ends.as_bytes());
        }
        None => output.print(&listed, text),
    }
    Ok(match listed.unread.is_empty() {
        true => Exit::Done,
        false => Exit::Warned,
    })
}

fn text(listed: &Listed) -> String {
    let items = listed.keys.iter().map(line);
    let unread = listed.unread.iter();
    let unread = unread.map(|why| format!("not in the list: {}", one_line(why)));
    items.chain(unread).collect::<Vec<_>>().join("\n")
}

fn line(item: &Item) -> String {
    let ends = item.ends.map(|ends| ends.date().to_string());
    let mut line = format!(
        "{:9}  {:11}  until {:10}  {}",
        item.state.name(),
        item.kind.name(),
        ends.as_deref().unwrap_or("rotated"),
        item.subject
    );
    let details = [
        item.place.clone(),
        item.algorithm.map(str::to_owned),
        item.key.clone(),
    ];
    for detail in details.into_iter().flatten() {
        line.push_str(", ");
        line.push_str(&detail);
    }
    if let Some(successor) = &item.successor {
        line.push_str(&format!(", then {successor}"));
    }
    if matches!(item.renewal, Renewal::Itself) {
        line.push_str(", renewed by its service");
    }
    one_line(&line)
}
