//! Our logs and authority beside those of others, on one machine, in one run, in interleaved pairs.
//!
//! Both sides of a pair run the same load from the same generator, with an empty store, one after the other in the order
//! A B B A. Figures of different runs or machines are never compared; what counts is the ratio of each pair.
//!
//! `make bench-peers`, or `cargo bench -p sigstead-integration --bench peers -- --peers DIRECTORY [ARGUMENTS]`; `--help`
//! lists the arguments.

#[path = "../workload/mod.rs"]
mod workload;

mod arguments;
mod authority;
mod certificates;
mod contestant;
mod duel;
mod forged;
mod fulcio;
mod logs;
mod opponent;
mod pair;
mod processes;
mod provider;
mod report;
mod signatures;
mod sync_calls;
mod trillian;
mod v1;
mod variant;
mod world;

use anyhow::Result;

use arguments::Arguments;
use duel::Ring;
use world::World;

fn main() -> Result<()> {
    let Some(arguments) = Arguments::parse()? else {
        println!("{}", arguments::HELP);
        return Ok(());
    };
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(async {
            let world = World::prepare(&arguments).await?;
            Ring::new(world, arguments).fight().await
        })
}
