//! `sigctl restart`: stops services and starts them again.

use std::time::Duration;

use clap::Args;

use crate::down;
use crate::failure::Failure;
use crate::instance::Service;
use crate::locate::Where;
use crate::output::Output;
use crate::process::check_programs;
use crate::services;
use crate::start::Start;

/// What is restarted.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The services; all if none is named.
    services: Vec<Service>,

    /// Seconds to wait for the services to be ready.
    #[arg(long, default_value_t = 30)]
    wait: u64,
}

pub(crate) async fn run(mut arguments: Arguments, output: Output) -> Result<(), Failure> {
    let mut services = arguments.instance.services(arguments.services);
    let instance = arguments.instance.open()?;
    services.retain(|service| services::of(&instance.manifest).contains(service));
    check_programs()?;
    let patience = Duration::from_secs(arguments.wait);
    let mut start = Start::new(instance, services.clone(), patience, output);
    let turn = start.turn().await?;
    down::refuse_supervised(&start.instance, &services).await?;
    down::stop(&start.instance, &services).await?;
    start.all(turn).await
}
