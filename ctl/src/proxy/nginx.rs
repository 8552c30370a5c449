use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sigstead_config::Origin;

use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::locate::Where;
use crate::log_configs;
use crate::output::Output;
use crate::services;

/// Whose proxy, and the certificate that it shows.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The file with the certificate of the proxy, for all its names, and its intermediates.
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,

    /// The file with the key of that certificate.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

#[derive(Serialize)]
struct Printed {
    configuration: String,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let manifest = &instance.manifest;
    if manifest.proxy.is_none() {
        return Err(Failure::new(
            "E-CTL-012",
            format!("clients reach {} without a proxy", manifest.name),
            "make an instance for one: sigctl init --domain, or --host with --proxy-base-port",
        ));
    }
    let shown = (quoted(&arguments.certificate)?, quoted(&arguments.key)?);
    let mut configuration = HEAD.replace("{instance}", &manifest.name);
    if manifest.has_names() {
        configuration.push_str(&OTHER_NAMES.replace("{port}", &HTTPS.to_string()));
    }
    let mut servers = Vec::new();
    for service in services::of(&instance.manifest) {
        servers.push((service, names(&instance, service)?));
    }
    let all = servers.iter().flat_map(|(_, names)| names);
    configuration.push_str(&bucket_size(all));
    for (service, names) in servers {
        let server = server(&instance, service, &names)?;
        let server = server.replace("{certificate}", &shown.0);
        configuration.push_str(&server.replace("{key}", &shown.1));
    }
    output.print(&Printed { configuration }, |printed| {
        printed.configuration.clone()
    });
    Ok(())
}

/// The part for one service.
fn server(instance: &Instance, service: Service, names: &[String]) -> Result<String, Failure> {
    let manifest = &instance.manifest;
    let url = manifest.url(service);
    // A URL without a port has the name alone behind the scheme.
    let port = url.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let local = manifest.local_url(service);
    let (http, address) = local.split_once("://").unwrap_or(("http", &local));
    let grpc = if manifest.tls { "grpcs" } else { "grpc" };
    let verified = match manifest.tls {
        true => verification(&instance.path("client/tls-ca.pem"))?,
        false => String::new(),
    };
    Ok(SERVER
        .replace("{service}", service.name())
        .replace("{port}", &port.unwrap_or(HTTPS).to_string())
        .replace("{names}", &names.join(" "))
        .replace("{http}", http)
        .replace("{grpc}", grpc)
        .replace("{address}", address)
        .replace("{verified}", &verified))
}

/// The room that nginx must have for the longest of the names, where its own is too small. Two lines of it are refused, so that
/// there is none without need.
fn bucket_size<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let is_expression = |name: &&String| name.starts_with('~');
    let longest = names.filter(|name| !is_expression(name)).map(String::len);
    // A name with its length, filled up to whole pointers, the pointer to its server, and the one that ends a bucket.
    let longest = longest.max().unwrap_or_default();
    let bytes = (longest + 2).next_multiple_of(POINTER) + 2 * POINTER;
    match bytes {
        ..=BUCKET_BYTES => String::new(),
        _ => BUCKET_SIZE.replace("{bytes}", &bytes.next_power_of_two().to_string()),
    }
}

/// The names of a service and of the logs that it serves; those that are opened later have the next numbers.
fn names(instance: &Instance, service: Service) -> Result<Vec<String>, Failure> {
    let manifest = &instance.manifest;
    if !manifest.has_names() {
        return Ok(vec![manifest.host.clone()]);
    }
    let mut names = vec![host(&manifest.public_name(service))];
    for origin in origins(instance, service)? {
        let name = host(origin.as_str());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let domain = manifest.host.replace('.', r"\.");
    // nginx tells an expression from a name by its first character, and braces need quotes.
    let numbered = |stem: &str| format!(r"~^{stem}[0-9]+-[0-9]+\.{domain}$");
    match service {
        Service::Tlog => names.push(numbered("log")),
        Service::Ctlog => names.push(numbered("ct")),
        Service::Ca | Service::Oidc | Service::Tsa | Service::Tuf => {}
    }
    Ok(names)
}

/// The names of the logs that a service has now, which their operator may have chosen.
fn origins(instance: &Instance, service: Service) -> Result<Vec<Origin>, Failure> {
    let logs = match service {
        Service::Tlog => log_configs::signature_logs(instance)?,
        Service::Ctlog => {
            let logs = log_configs::certificate_logs(instance)?;
            return Ok(logs.into_iter().map(|log| log.origin).collect());
        }
        Service::Ca | Service::Oidc | Service::Tsa | Service::Tuf => Vec::new(),
    };
    Ok(logs.into_iter().map(|log| log.origin).collect())
}

/// The host of a log's name, as nginx compares it.
fn host(name: &str) -> String {
    let host = name.split_once('/').map_or(name, |(host, _)| host);
    host.to_ascii_lowercase()
}

/// Has nginx refuse any server but ours, when it speaks TLS to the service.
fn verification(authority: &Path) -> Result<String, Failure> {
    Ok(VERIFICATION.replace("{authority}", &quoted(authority)?))
}

/// A path as nginx reads it back unchanged, whatever folder it works in.
fn quoted(path: &Path) -> Result<String, Failure> {
    let absolute =
        std::path::absolute(path).map_err(|error| Failure::file("resolve", path, error))?;
    let text = absolute
        .to_str()
        .filter(|text| !text.contains(['"', '\\', '$', '\n']));
    let text = text.ok_or_else(|| {
        Failure::new(
            "E-CTL-012",
            format!(
                "{} cannot be in a configuration of nginx",
                absolute.display()
            ),
            "use a path of plain letters",
        )
    })?;
    Ok(format!("\"{text}\""))
}

const HTTPS: u16 = 443;

const POINTER: usize = 8;
/// That of nginx is the line of the processor's cache, which has 64 bytes or more.
const BUCKET_BYTES: usize = 64;

const HEAD: &str = include_str!("nginx-head.conf");
const BUCKET_SIZE: &str = include_str!("nginx-bucket-size.conf");
const OTHER_NAMES: &str = include_str!("nginx-other-names.conf");
const SERVER: &str = include_str!("nginx-server.conf");
const VERIFICATION: &str = include_str!("nginx-verification.conf");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nginx_is_told_of_room_for_names_that_have_none_and_of_none_without_need() {
        let told = |length: usize| {
            bucket_size([&"~^an expression".repeat(99), &"n".repeat(length)].into_iter())
        };
        assert_eq!(told(46), "");
        for (length, bytes) in [(47, 128), (110, 128), (111, 256), (253, 512)] {
            let line = format!("server_names_hash_bucket_size {bytes};");
            assert!(told(length).contains(&line), "{length}: {}", told(length));
        }
    }

    #[test]
    fn a_path_that_nginx_would_read_otherwise_is_refused() {
        assert_eq!(
            quoted(Path::new("/etc/ssl/a b.pem")).unwrap(),
            "\"/etc/ssl/a b.pem\""
        );
        for path in ["/a\"b", "/a\\b", "/a$host", "/a\nb"] {
            let refused = quoted(Path::new(path)).unwrap_err();
            assert_eq!(refused.code(), "E-CTL-012", "{path}");
        }
    }
}
