//! `sigctl kubernetes attach` and `detach`: the release in which the services of an instance run.

use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::cluster::{self, Link};
use crate::failure::Failure;
use crate::instance::{Instance, SERVICES};
use crate::locate::Where;
use crate::output::Output;
use crate::replace::replace;

/// Which instance and which release.
#[derive(Args)]
#[command(after_help = "\
The release has to have the Secrets and the publication that `sigctl kubernetes lay-out` made of the instance. It is reached with \
kubectl and your credentials; docs/kubernetes.md says which rights that takes.")]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The namespace of the release.
    #[arg(long)]
    namespace: String,

    /// The name of the release.
    #[arg(long)]
    release: String,

    /// The context of the kubeconfig. Default: its current one, whenever a command is run.
    #[arg(long)]
    context: Option<String>,
}

/// Which instance.
#[derive(Args)]
pub(super) struct Detached {
    #[command(flatten)]
    instance: Where,
}

#[derive(Serialize)]
struct Attached<'a> {
    release: &'a str,
    namespace: &'a str,
}

/// 1. The Secrets and the publication of the release are compared with the instance. Nothing of them is changed.
/// 2. The instance is told of the release.
pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let mut instance = arguments.instance.open()?;
    let link = Link {
        context: arguments.context.clone(),
        namespace: arguments.namespace.clone(),
        release: arguments.release.clone(),
        pod: None,
    };
    for service in SERVICES {
        cluster::check_secret(&instance, &link, service).await?;
    }
    cluster::check_publication(&instance, &link).await?;
    instance.manifest.cluster = Some(link);
    write(&instance)?;
    let attached = Attached {
        release: &arguments.release,
        namespace: &arguments.namespace,
    };
    output.print(&attached, |attached| {
        format!(
            "the services of {} run in the release {} in {}; plans are brought there from now on",
            instance.manifest.name, attached.release, attached.namespace
        )
    });
    Ok(())
}

/// Forgets the release. Nothing of it changes.
pub(super) fn detach(arguments: &Detached, output: Output) -> Result<(), Failure> {
    let mut instance = arguments.instance.open()?;
    let was_attached = instance.manifest.cluster.take().is_some();
    write(&instance)?;
    output.print(&json!({"was_attached": was_attached}), |_| {
        format!(
            "{} is attached to no release; what is changed here is brought nowhere, and its services must not be started \
             here while they run there",
            instance.manifest.name
        )
    });
    Ok(())
}

fn write(instance: &Instance) -> Result<(), Failure> {
    let path = instance.path(Instance::FILE);
    let failed = |error: &dyn std::fmt::Display| Failure::file("write", &path, error);
    let text = sigstead_config::to_yaml(&instance.manifest).map_err(|error| failed(&error))?;
    replace(&path, text.as_bytes()).map_err(|error| failed(&error))
}
