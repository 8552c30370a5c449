//! What can be said on the command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

pub(crate) const HELP: &str = "\
--peers DIRECTORY   where `make peers` installed the others (.peers)
--ours FOLDER       our programs (those of this build)
--only NAME         one peer: tiles-tuned, tiles-default, rekor-v1, fulcio, fulcio-es256, fulcio-p384,
                    fulcio-p384-es256, grown, rekor-v1-tuned (repeatable; without it all but the last,
                    with --long all)
--clients N         a client count of the closed loop (repeatable; 1 64 256 1024, for rekor-v1 1 64, for fulcio 1)
--seconds N         the window of one run (5)
--warm-up N         before it (3)
--pairs N           pairs per load, at least 2; the order is A B B A (2)
--long              7 pairs of 60 s after 20 s
--wait N            wait so many seconds for an idle machine before a pair (0; with --long 600)
--no-sync-calls     leave strace out
--no-open           leave the open loop out";

#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) peers: PathBuf,
    pub(crate) ours: PathBuf,
    pub(crate) only: Vec<String>,
    pub(crate) clients: Vec<usize>,
    pub(crate) window: Duration,
    pub(crate) warm_up: Duration,
    pub(crate) pairs: usize,
    pub(crate) wait: Duration,
    pub(crate) is_long: bool,
    pub(crate) sync_calls: bool,
    pub(crate) open: bool,
}

impl Arguments {
    /// The arguments, unless help is wanted.
    pub(crate) fn parse() -> Result<Option<Self>> {
        let mut arguments = Self {
            peers: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.peers"),
            ours: sigstead_integration::programs(),
            only: Vec::new(),
            clients: Vec::new(),
            window: Duration::from_secs(5),
            warm_up: Duration::from_secs(3),
            pairs: 2,
            wait: Duration::ZERO,
            is_long: false,
            sync_calls: true,
            open: true,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .with_context(|| format!("{word} needs a value"))
            };
            match word.as_str() {
                // What cargo adds.
                "--bench" => {}
                "--help" => return Ok(None),
                "--peers" => arguments.peers = value()?.into(),
                "--ours" => arguments.ours = value()?.into(),
                "--only" => arguments.only.push(value()?),
                "--clients" => arguments.clients.push(value()?.parse()?),
                "--seconds" => arguments.window = Duration::from_secs(value()?.parse()?),
                "--warm-up" => arguments.warm_up = Duration::from_secs(value()?.parse()?),
                "--pairs" => arguments.pairs = value()?.parse()?,
                "--wait" => arguments.wait = Duration::from_secs(value()?.parse()?),
                "--long" => arguments.lengthen(),
                "--no-sync-calls" => arguments.sync_calls = false,
                "--no-open" => arguments.open = false,
                _ => bail!("{word} is no argument\n{HELP}"),
            }
        }
        Ok(Some(arguments))
    }

    fn lengthen(&mut self) {
        self.is_long = true;
        self.pairs = 7;
        self.window = Duration::from_secs(60);
        self.warm_up = Duration::from_secs(20);
        self.wait = Duration::from_secs(600);
    }

    pub(crate) fn wants(&self, peer: &str) -> bool {
        if self.only.is_empty() {
            return self.is_long || peer != EXTRA;
        }
        self.only.iter().any(|name| name == peer)
    }

    /// The client counts to run, of those that a peer bears.
    pub(crate) fn clients(&self, usual: &[usize]) -> Vec<usize> {
        if self.clients.is_empty() {
            usual.to_vec()
        } else {
            self.clients.clone()
        }
    }
}

/// No faster than its sibling, so that a short run leaves it out.
const EXTRA: &str = "rekor-v1-tuned";
