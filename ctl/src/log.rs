//! `sigctl log`: the transparency logs of an instance and its CT log, seen and administered over the admin listener.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use sigstead_proto::admin::v1::ct_log_admin_client::CtLogAdminClient;
use sigstead_proto::admin::v1::get_entry_request::Entry as Asked;
use sigstead_proto::admin::v1::tlog_admin_client::TlogAdminClient;
use sigstead_proto::admin::v1::{
    GetEntryRequest, ListLogsRequest, LogInfo, ProveConsistencyRequest, RebuildIndexRequest,
    SearchEntriesRequest,
};
use tonic::transport::Channel;

use crate::admin::{self, Reach, refused};
use crate::failure::Failure;
use crate::instance::Service;
use crate::output::Output;
use crate::reach::Reachable;

mod adopt;
mod asked;
mod check;
pub(crate) mod ended;
mod freeze;
pub(crate) mod name;
mod open;
pub(crate) mod opening;
mod pause;
pub(crate) mod print;
mod stored;

pub(crate) use stored::{StoredLog, refuse_used};

/// What is done with logs.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show each log, the CT log last: its size, its key, how it does.
    Info(Reachable),
    /// Show an entry with its proof.
    Get(Get),
    /// Find entries of all logs by what stands in them.
    Search(Search),
    /// Print the proof that a log only grew between two sizes.
    Proof(Proof),
    /// Open a new log of signatures with a key of its own, and publish it; `sigctl rotate ct` opens logs of certificates.
    Open(open::Arguments),
    /// Let any log take no entries for a while; reads and signed checkpoints go on.
    Pause(pause::Pause),
    /// Let a paused log take entries again.
    Resume(pause::Resume),
    /// End a log of signatures with a last checkpoint; it stays readable and takes no entry again.
    Freeze(freeze::Arguments),
    /// Let a log without an anchor, restored here from a copy, take entries.
    Adopt(adopt::Arguments),
    /// Make the search index anew from the entries, while the old one answers.
    RebuildIndex(RebuildIndex),
    /// Verify whole logs with a program that shares no code with the services.
    Check(check::Arguments),
}

#[derive(Args)]
#[command(allow_missing_positional = true)]
struct Get {
    #[command(flatten)]
    instance: Reachable,
    /// The entry: its index, the hash of its leaf, or the identifier that Rekor v1 clients know it by.
    entry: String,
    /// The log's name, or its host if no other log has it; needed with an index if there are several.
    #[arg(long)]
    log: Option<String>,
}

#[derive(Args)]
struct Search {
    #[command(flatten)]
    instance: Reachable,
    /// What the entries have: a digest (sha256:…), an e-mail address or other subject, issuer:URL.
    terms: Vec<String>,
    /// Find the entries of this file's digest.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Entries must have all terms, not any.
    #[arg(long)]
    all: bool,
}

#[derive(Args)]
struct Proof {
    #[command(flatten)]
    instance: Reachable,
    /// The smaller size, and the larger one. Default of the larger: the published one.
    #[arg(num_args = 0..=2, value_names = ["FIRST", "SECOND"])]
    sizes: Vec<String>,
    /// The log's name, or its host if no other log has it; needed if there are several.
    #[arg(long)]
    log: Option<String>,
}

#[derive(Args)]
struct RebuildIndex {
    #[command(flatten)]
    instance: Reachable,
    /// The log's name, or its host if no other log has it. Default: all logs.
    #[arg(long)]
    log: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        Verb::Info(instance) => info(&instance.open()?, output).await,
        Verb::Get(get) => show_entry(get, output).await,
        Verb::Search(search) => find(search, output).await,
        Verb::Proof(proof) => prove(proof, output).await,
        Verb::Freeze(arguments) => freeze::run(arguments, output).await,
        Verb::Open(arguments) => open::run(arguments, output).await,
        Verb::Pause(arguments) => pause::pause(arguments, output).await,
        Verb::Resume(arguments) => pause::resume(arguments, output).await,
        Verb::Adopt(arguments) => adopt::run(&arguments, output),
        Verb::RebuildIndex(rebuild) => index(rebuild, output).await,
        Verb::Check(arguments) => check::run(arguments, output).await,
    }
}

async fn info(instance: &dyn Reach, output: Output) -> Result<(), Failure> {
    let mut logs = list(instance).await?;
    logs.extend(list_ct(instance).await?);
    let logs: Vec<_> = logs.iter().map(print::Log::from).collect();
    output.print(&logs, |logs| print::logs(logs));
    Ok(())
}

async fn show_entry(get: Get, output: Output) -> Result<(), Failure> {
    let instance = get.instance.open()?;
    let entry = parse_entry(&get.entry)?;
    let origin = match entry {
        Asked::LeafHash(_) if get.log.is_none() => String::new(),
        _ => the_log(&instance, get.log.as_deref()).await?,
    };
    let request = GetEntryRequest {
        origin,
        entry: Some(entry),
    };
    let entry = connect(&instance).await?.get_entry(request).await;
    let entry = print::Entry::from(entry.map_err(refused)?.into_inner());
    output.print(&entry, print::entry);
    Ok(())
}

async fn find(mut search: Search, output: Output) -> Result<(), Failure> {
    let mut terms = search.instance.words(search.terms);
    let instance = search.instance.open()?;
    if let Some(file) = &search.file {
        let bytes = std::fs::read(file).map_err(|error| Failure::file("read", file, error))?;
        let digest = sigstead_key::HashAlgorithm::Sha256.digest(&bytes);
        terms.push(format!("sha256:{}", hex::encode(digest)));
    }
    if terms.is_empty() {
        return Err(Failure::new(
            "E-CTL-012",
            "nothing is named that the entries have",
            "name a digest, an address or an issuer, or a file with --file",
        ));
    }
    let request = SearchEntriesRequest {
        terms,
        all_terms: search.all,
    };
    let found = connect(&instance).await?.search_entries(request).await;
    let places = found.map_err(refused)?.into_inner().places;
    let places: Vec<_> = places.into_iter().map(print::Place::from).collect();
    output.print(&places, |places| print::places(places));
    Ok(())
}

async fn prove(mut proof: Proof, output: Output) -> Result<(), Failure> {
    let sizes = proof.instance.words(proof.sizes);
    let (first_size, second_size) = parse_sizes(&sizes)?;
    let instance = proof.instance.open()?;
    let request = ProveConsistencyRequest {
        origin: the_log(&instance, proof.log.as_deref()).await?,
        first_size,
        second_size,
    };
    let proof = connect(&instance).await?.prove_consistency(request).await;
    let proof = print::Consistency::from(proof.map_err(refused)?.into_inner());
    output.print(&proof, print::consistency);
    Ok(())
}

#[derive(Serialize)]
struct Rebuilding {
    logs: u32,
}

async fn index(rebuild: RebuildIndex, output: Output) -> Result<(), Failure> {
    let instance = rebuild.instance.open()?;
    let origin = match rebuild.log.as_deref() {
        Some(log) => the_log(&instance, Some(log)).await?,
        None => String::new(),
    };
    let request = RebuildIndexRequest { origin };
    let answer = connect(&instance).await?.rebuild_index(request).await;
    let logs = answer.map_err(refused)?.into_inner().logs;
    output.print(&Rebuilding { logs }, |rebuilding| {
        format!(
            "indexing {} logs anew; `sigctl log info` shows how far they are",
            rebuilding.logs
        )
    });
    Ok(())
}

async fn connect(instance: &dyn Reach) -> Result<TlogAdminClient<Channel>, Failure> {
    let channel = admin::connect(instance, Service::Tlog).await?;
    Ok(TlogAdminClient::new(channel))
}

/// For changes of logs, which take longer than answers do.
pub(crate) async fn connect_for_changes(
    instance: &dyn Reach,
) -> Result<TlogAdminClient<Channel>, Failure> {
    let channel = admin::connect_for(instance, Service::Tlog, CHANGE).await?;
    Ok(TlogAdminClient::new(channel))
}

/// The logs of signatures, as their service has them.
pub(crate) async fn list(instance: &dyn Reach) -> Result<Vec<LogInfo>, Failure> {
    let logs = connect(instance).await?.list_logs(ListLogsRequest {}).await;
    Ok(logs.map_err(refused)?.into_inner().logs)
}

async fn connect_ct(instance: &dyn Reach) -> Result<CtLogAdminClient<Channel>, Failure> {
    let channel = admin::connect(instance, Service::Ctlog).await?;
    Ok(CtLogAdminClient::new(channel))
}

/// The log of certificates, as its service has it.
pub(crate) async fn list_ct(instance: &dyn Reach) -> Result<Vec<LogInfo>, Failure> {
    let mut client = connect_ct(instance).await?;
    let logs = client.list_logs(ListLogsRequest {}).await;
    Ok(logs.map_err(refused)?.into_inner().logs)
}

/// The log that an argument means, of those that run.
async fn the_log(instance: &dyn Reach, asked: Option<&str>) -> Result<String, Failure> {
    let logs = list(instance).await?;
    let names: Vec<_> = logs.into_iter().map(|log| log.origin).collect();
    name::choose(&names, asked)
}

/// One size or two; the second is 0 if it is that of the published log.
fn parse_sizes(words: &[String]) -> Result<(u64, u64), Failure> {
    let sizes: Option<Vec<u64>> = words.iter().map(|word| word.parse().ok()).collect();
    match sizes.as_deref() {
        Some([first]) => Ok((*first, 0)),
        Some([first, second]) => Ok((*first, *second)),
        _ => Err(Failure::new(
            "E-CTL-012",
            format!("`{}` is not one size of a log or two", words.join(" ")),
            "write the smaller number of entries, and the larger one if it is not the published one",
        )),
    }
}

fn parse_entry(text: &str) -> Result<Asked, Failure> {
    // An identifier of Rekor v1 is the number of a shard in 16 digits, then the hash.
    let hash = match text.len() {
        80 => text.get(16..),
        64 => Some(text),
        _ => None,
    };
    let hash = hash.and_then(|hash| hex::decode(hash).ok());
    let index = text.parse().ok();
    let asked = hash
        .map(Asked::LeafHash)
        .or_else(|| index.map(Asked::LeafIndex));
    asked.ok_or_else(|| {
        Failure::new(
            "E-CTL-012",
            format!("`{text}` names no entry"),
            "write an index, 64 hexadecimal digits of a leaf hash, or 80 of an identifier",
        )
    })
}

/// Longer than the service works on the change of a log.
const CHANGE: Duration = Duration::from_secs(75);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_between_two_sizes_of_which_the_second_may_be_left_out() {
        let parse = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            parse_sizes(&words).ok()
        };
        assert_eq!(parse(&["2"]), Some((2, 0)));
        assert_eq!(parse(&["2", "3"]), Some((2, 3)));
        for words in [&[][..], &["x"], &["2", "-1"], &["1", "2", "3"]] {
            assert_eq!(parse(words), None, "{words:?}");
        }
    }

    #[test]
    fn an_entry_is_named_by_index_hash_or_identifier() {
        let hash = "ab".repeat(32);
        assert!(matches!(parse_entry("7"), Ok(Asked::LeafIndex(7))));
        for text in [hash.clone(), format!("{:016x}{hash}", 7)] {
            let asked = parse_entry(&text);
            assert!(matches!(asked, Ok(Asked::LeafHash(bytes)) if bytes == [0xab; 32]));
        }
        for text in ["", "-1", "x", &"zz".repeat(32), &hash[1..]] {
            assert!(parse_entry(text).is_err(), "{text}");
        }
    }
}
