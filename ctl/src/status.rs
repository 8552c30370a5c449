//! `sigctl status`: each service, where it is, how it does.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::elapsed::period;
use crate::failure::{Exit, Failure};
use crate::instance::Service;
use crate::issuer_states::{self, ShownIssuer};
use crate::locate::Where;
use crate::output::Output;
use crate::service_status::{Observer, ServiceStatus, State};
use crate::version::VERSION;

/// What is looked at.
#[derive(Args)]
#[command(after_help = "\
Ends with 0 if every service is ready, 3 if one of them warns, 1 if one died or is not ready, 4 if one is stopped, 6 if \
some are still starting.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,
}

/// How an instance does.
#[derive(Serialize)]
struct Status {
    name: String,
    directory: PathBuf,
    /// Of `sigctl`; each service names its own.
    version: &'static str,
    services: Vec<ServiceStatus>,
    /// How the issuers do, or null if the certificate authority could not be asked.
    issuers: Option<Vec<ShownIssuer>>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let instance = arguments.instance.open()?;
    let services = Observer::new()?.all(&instance).await;
    let answers = |each: &ServiceStatus| each.service == Service::Ca && each.state.answers();
    let issuers = match services.iter().any(answers) {
        true => issuer_states::ask(&instance).await.ok(),
        false => None,
    };
    let status = Status {
        name: instance.manifest.name.clone(),
        directory: instance.directory().to_owned(),
        version: VERSION,
        services,
        issuers,
    };
    output.print(&status, text);
    Ok(exit(&status.services))
}

fn exit(services: &[ServiceStatus]) -> Exit {
    let warns = services.iter().any(|each| !each.warnings.is_empty());
    match services.iter().map(|each| each.state).max() {
        None | Some(State::Ready) if warns => Exit::Warned,
        None | Some(State::Ready) => Exit::Done,
        Some(State::Starting) => Exit::Waiting,
        Some(State::Stopped) => Exit::Unreachable,
        Some(State::Unready | State::Died) => Exit::Failed,
    }
}

fn text(status: &Status) -> String {
    let mut lines = vec![format!(
        "instance {} in {}",
        status.name,
        status.directory.display()
    )];
    for each in &status.services {
        lines.push(line(each));
        let notes = each.stranger.iter().chain(&each.reasons);
        lines.extend(notes.map(|note| format!("         {note}")));
        let warnings = each.warnings.iter();
        lines.extend(warnings.map(|warning| format!("         warning: {warning}")));
        if each.service == Service::Ca {
            let issuers = status.issuers.iter().flatten();
            lines.extend(issuers.map(|issuer| format!("         {}", issuer.line())));
        }
        if each.state == State::Died {
            let name = each.service.name();
            lines.push(format!("         see why: sigctl logs DIR {name}"));
        }
    }
    lines.join("\n")
}

fn line(status: &ServiceStatus) -> String {
    let mut parts = vec![format!(
        "  {:<6} {:<8} {}",
        status.service.name(),
        status.state.name(),
        status.url
    )];
    parts.extend(status.version.clone());
    parts.extend(
        status
            .uptime_seconds
            .map(|seconds| format!("up {}", period(seconds))),
    );
    parts.extend(status.pid.map(|pid| format!("process {pid}")));
    if status.pid.is_some() && !status.started_by_sigctl {
        parts.push("not started by sigctl".to_owned());
    }
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: State) -> ServiceStatus {
        ServiceStatus {
            service: Service::Ca,
            state,
            url: "http://localhost:1".to_owned(),
            pid: None,
            started_by_sigctl: false,
            version: None,
            uptime_seconds: None,
            reasons: Vec::new(),
            warnings: Vec::new(),
            stranger: None,
        }
    }

    #[test]
    fn the_worst_service_decides_how_status_ends() {
        for (states, expected) in [
            (vec![State::Ready, State::Ready], Exit::Done),
            (vec![State::Ready, State::Starting], Exit::Waiting),
            (vec![State::Starting, State::Stopped], Exit::Unreachable),
            (vec![State::Stopped, State::Unready], Exit::Failed),
            (vec![State::Ready, State::Died], Exit::Failed),
        ] {
            let mut services: Vec<_> = states.into_iter().map(status).collect();
            assert_eq!(exit(&services), expected);
            if let Some(first) = services.first_mut() {
                first
                    .warnings
                    .push("tuf: the root ends in 30 days".to_owned());
            }
            let warned = match expected {
                Exit::Done => Exit::Warned,
                worse => worse,
            };
            assert_eq!(exit(&services), warned);
        }
    }
}
