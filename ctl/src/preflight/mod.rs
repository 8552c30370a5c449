//! `sigctl preflight`: whether a machine is one for an instance, before it is made, and a cluster one for the chart.
//!
//! What is asked is gathered first; then each check judges by itself, as those of `sigctl doctor` do, which judge the same
//! machine once there is an instance on it.

mod cluster;
mod cluster_checks;
mod host;
mod host_checks;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use sigstead_kit::Clock as _;

use self::cluster::Cluster;
use self::cluster_checks::CLUSTER;
use self::host::Host;
use self::host_checks::HOST;
use crate::doctor::finding::Seen;
use crate::doctor::report::{Examined, Report};
use crate::doctor::table::Subject;
use crate::failure::{Exit, Failure};
use crate::init::ports::HIGHEST_BASE;
use crate::kubectl::Kubectl;
use crate::names::{listen_address, parse_domain, parse_host};
use crate::output::Output;

/// What is looked at.
#[derive(Args)]
#[command(after_help = "\
Ends with 0 if all is well, 3 if there are warnings only, 1 if there is a fault. `sigctl explain CODE` says more of each \
finding.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    place: Place,
}

#[derive(Subcommand)]
enum Place {
    /// Look at this machine, before `sigctl init`.
    Host(OfHost),
    /// Look at a cluster, before `helm install`, with kubectl and its credentials.
    Cluster(OfCluster),
}

#[derive(Args)]
struct OfHost {
    /// Where the instance will be. Default: the current directory.
    #[arg(default_value = ".")]
    directory: PathBuf,

    /// The host under which clients will reach the services.
    #[arg(long, default_value = "localhost", value_parser = parse_host)]
    host: String,

    /// The domain below which each service will have a name, as for `sigctl init`.
    #[arg(long, conflicts_with = "host", value_parser = parse_domain)]
    domain: Option<String>,

    /// The address on which the services will listen for clients.
    #[arg(long)]
    listen: Option<IpAddr>,

    /// The first of the ports, three for each service.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=i64::from(HIGHEST_BASE)))]
    base_port: Option<u16>,

    /// Show every check, also those that found nothing.
    #[arg(long)]
    all: bool,
}

#[derive(Args)]
struct OfCluster {
    /// The namespace of the release.
    #[arg(long, short, default_value = "default")]
    namespace: String,

    /// The context of the kubeconfig. Default: its current one.
    #[arg(long)]
    context: Option<String>,

    /// The storage class of the volumes. Default: that of the cluster.
    #[arg(long)]
    storage_class: Option<String>,

    /// The ingress class, if the release has `ingress.enabled`.
    #[arg(long)]
    ingress_class: Option<String>,

    /// The release has measures read: `metrics.serviceMonitor` or `metrics.rules`.
    #[arg(long)]
    metrics: bool,

    /// Show every check, also those that found nothing.
    #[arg(long)]
    all: bool,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    match arguments.place {
        Place::Host(arguments) => host(arguments, output).await,
        Place::Cluster(arguments) => cluster(arguments, output).await,
    }
}

async fn host(arguments: OfHost, output: Output) -> Result<Exit, Failure> {
    let directory = std::path::absolute(&arguments.directory)
        .map_err(|error| Failure::file("resolve", &arguments.directory, error))?;
    let names = match &arguments.domain {
        Some(domain) => names_below(domain),
        None => vec![arguments.host.trim_matches(['[', ']']).to_owned()],
    };
    let listen = arguments
        .listen
        .unwrap_or_else(|| listen_address(&arguments.host));
    let wanted = host::Wanted {
        folder: directory.clone(),
        base_port: arguments.base_port,
        listen,
        names,
    };
    let found = Host::look(wanted).await;
    let examined = examine(&HOST, |look| look(&found));
    let report = Report::new("host".to_owned(), directory, examined);
    output.print(&report, |report| report.text(arguments.all));
    Ok(report.exit())
}

/// The names that `sigctl init --domain` gives to services and to the first logs.
fn names_below(domain: &str) -> Vec<String> {
    let year = sigstead_kit::SystemClock.now().year();
    let services = ["oidc", "ca", "rekor", "tsa", "tuf"].map(str::to_owned);
    let logs = [format!("log{year}-1"), format!("ct{year}-1")];
    let names = services.into_iter().chain(logs);
    names.map(|name| format!("{name}.{domain}")).collect()
}

async fn cluster(arguments: OfCluster, output: Output) -> Result<Exit, Failure> {
    let kubectl = Kubectl {
        context: arguments.context,
        namespace: arguments.namespace,
    };
    let wanted = cluster::Wanted {
        storage_class: arguments.storage_class,
        ingress_class: arguments.ingress_class,
        metrics: arguments.metrics,
    };
    let found = Cluster::ask(&kubectl, wanted).await;
    let examined = examine(&CLUSTER, |look| look(&found));
    let report = Report::new(
        "cluster".to_owned(),
        PathBuf::from(&found.namespace),
        examined,
    );
    output.print(&report, |report| report.text(arguments.all));
    Ok(report.exit())
}

fn examine<L: Copy>(subjects: &'static [Subject<L>], look: impl Fn(L) -> Seen) -> Vec<Examined<L>> {
    let pairs = subjects
        .iter()
        .flat_map(|subject| subject.checks.iter().map(move |check| (subject, check)));
    let made = pairs.map(|(subject, check)| Examined {
        subject,
        check,
        seen: look(check.look),
    });
    made.collect()
}
