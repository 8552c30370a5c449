//! `sigctl init`: makes an instance.
//!
//! Everything is made in a directory beside the wanted one and moved there by one rename, so that an instance exists
//! whole or not at all.

mod anchors;
mod authority;
pub(crate) mod configuration;
mod ports;
pub(crate) mod secret;
pub(crate) mod trust;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::instance::{Instance, Manifest, Profile, SERVICES, Service};
use crate::output::Output;

/// What is made.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The directory to make.
    directory: PathBuf,

    /// The instance's name; it stands in certificates and log names.
    #[arg(long, value_parser = parse_name)]
    name: String,

    /// The host under which clients reach the services.
    #[arg(long, default_value = "localhost", value_parser = parse_host)]
    host: String,

    /// Serve TLS, with certificates of the instance's own authority.
    #[arg(long)]
    tls: bool,

    /// The first of the ports, three for each service. Default: the first free ones from 8370.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=i64::from(ports::HIGHEST_BASE)))]
    base_port: Option<u16>,

    /// A file with the passphrase of the keys. Default: a random one, kept in the instance.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,

    /// The directory of the logs' anchors, outside of the instance, best on another disk. Default: one in the state
    /// directory of the machine or of the user.
    #[arg(long)]
    anchors: Option<PathBuf>,

    /// What the instance may do beside serving.
    #[arg(long, value_enum, default_value_t = Profile::Dev)]
    profile: Profile,
}

#[derive(Serialize)]
struct Made {
    directory: PathBuf,
    name: String,
    urls: BTreeMap<Service, String>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    refuse_existing(&arguments.directory)?;
    output.progress("making keys, certificates and the trust root");
    let beside = beside(&arguments.directory)?;
    let made = make(&arguments, &beside).await.and_then(|manifest| {
        sigstead_durable::rename(&beside, &arguments.directory)
            .map_err(|error| Failure::file("create", &arguments.directory, error))?;
        Ok(manifest)
    });
    let manifest = made.inspect_err(|_| {
        // What was made is of no use to anybody; the failure is what has to be told.
        let _ = fs::remove_dir_all(&beside);
    })?;
    let made = Made {
        directory: arguments.directory,
        urls: SERVICES
            .map(|service| (service, manifest.url(service)))
            .into(),
        name: manifest.name,
    };
    output.print(&made, text);
    Ok(())
}

async fn make(arguments: &Arguments, directory: &Path) -> Result<Manifest, Failure> {
    let now = now();
    let id = anchors::random_id()?;
    let anchors = arguments.anchors.as_deref();
    let anchors = anchors::directory(anchors, &arguments.directory, &id)?;
    let manifest = Manifest {
        version: Manifest::VERSION,
        name: arguments.name.clone(),
        host: arguments.host.clone(),
        tls: arguments.tls,
        profile: arguments.profile,
        created: now,
        passphrase_file: secret::passphrase_file(arguments.passphrase_file.as_deref(), directory)?,
        ports: ports::choose(arguments.base_port)?,
        id: Some(id),
        anchors: Some(anchors.clone()),
    };
    let instance = Instance::new(directory.to_owned(), manifest);
    let vault = secret::Vault::open(&instance)?;
    let authorities = authority::make(&instance, &vault, now).await?;
    trust::make(&instance, &vault, &authorities, now).await?;
    configuration::write(&instance)?;
    sigstead_durable::create_directory(&anchors)
        .map_err(|error| Failure::file("create", &anchors, error))?;
    let text = sigstead_config::to_yaml(&instance.manifest)
        .map_err(|error| Failure::file("write", &instance.path("instance.yaml"), error))?;
    write(&instance.path("instance.yaml"), text.as_bytes())?;
    Ok(instance.manifest)
}

/// Writes a file, and the folders above it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error| Failure::file("write", path, error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, bytes).map_err(failed)
}

/// A value that the instance cannot be made of.
fn unusable_value(what: &str, error: &dyn std::error::Error) -> Failure {
    Failure::new(
        "E-CTL-011",
        format!("{what} cannot be made"),
        "the cause says which rule it breaks",
    )
    .because(error)
}

/// Now, in whole seconds, and a little earlier: the validity of what is made shall begin before the first signature,
/// also by clocks that are a little behind.
pub(crate) fn now() -> OffsetDateTime {
    let now = clock() - time::Duration::minutes(1);
    now.replace_nanosecond(0).unwrap_or(now)
}

fn clock() -> OffsetDateTime {
    use sigstead_kit::Clock as _;
    sigstead_kit::SystemClock.now()
}

fn refuse_existing(directory: &Path) -> Result<(), Failure> {
    let is_free = match fs::read_dir(directory) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if is_free {
        return Ok(());
    }
    Err(Failure::new(
        "E-CTL-005",
        format!("{} exists and is not empty", directory.display()),
        "choose another directory, or move this one away",
    ))
}

fn beside(directory: &Path) -> Result<PathBuf, Failure> {
    let absolute = std::path::absolute(directory)
        .map_err(|error| Failure::file("resolve", directory, error))?;
    let mut name = absolute.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let beside = absolute.with_file_name(name);
    fs::create_dir_all(&beside).map_err(|error| Failure::file("create", &beside, error))?;
    Ok(beside)
}

/// A DNS label: it becomes part of log names.
fn parse_name(text: &str) -> Result<String, String> {
    let fits = (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if fits {
        return Ok(text.to_owned());
    }
    Err("write 1 to 40 lower-case letters, digits and inner hyphens".to_owned())
}

/// A host name or address, without scheme, port or path.
fn parse_host(text: &str) -> Result<String, String> {
    url::Host::parse(text)
        .map(|host| host.to_string())
        .map_err(|error| format!("write a host name or an address: {error}"))
}

fn text(made: &Made) -> String {
    let mut lines = vec![format!(
        "made instance {} in {}",
        made.name,
        made.directory.display()
    )];
    lines.extend(
        made.urls
            .iter()
            .map(|(service, url)| format!("  {:<6} {url}", service.name())),
    );
    lines.push(format!("start it: sigctl up {}", made.directory.display()));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        for name in ["a", "acme", "acme-2"] {
            assert!(parse_name(name).is_ok(), "{name}");
        }
        for name in ["", "-a", "a-", "Acme", "a.b", "a b", &"a".repeat(41)] {
            assert!(parse_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn hosts_have_no_scheme_port_or_path() {
        for host in ["localhost", "sigstore.example.com", "192.0.2.1"] {
            assert!(parse_host(host).is_ok(), "{host}");
        }
        for host in ["", "http://a", "a:1", "a/b", "a b"] {
            assert!(parse_host(host).is_err(), "{host}");
        }
    }
}
