use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::instance::{Instance, Manifest, Service};
use crate::locate::Where;
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
    for service in services::of(&instance.manifest) {
        let server = server(&instance, service)?;
        let server = server.replace("{certificate}", &shown.0);
        configuration.push_str(&server.replace("{key}", &shown.1));
    }
    output.print(&Printed { configuration }, |printed| {
        printed.configuration.clone()
    });
    Ok(())
}

/// The part for one service.
fn server(instance: &Instance, service: Service) -> Result<String, Failure> {
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
        .replace("{names}", &names(manifest, service))
        .replace("{http}", http)
        .replace("{grpc}", grpc)
        .replace("{address}", address)
        .replace("{verified}", &verified))
}

/// The names of a service; those of logs that are opened later have the next numbers.
fn names(manifest: &Manifest, service: Service) -> String {
    if !manifest.has_names() {
        return manifest.host.clone();
    }
    let name = manifest.public_name(service);
    let numbered = |stem: &str| {
        let domain = manifest.host.replace('.', r"\.");
        // nginx tells an expression from a name by its first character, and braces need quotes.
        format!(r"~^{stem}[0-9]+-[0-9]+\.{domain}$")
    };
    match service {
        Service::Tlog => format!("{name} {}", numbered("log")),
        Service::Ctlog => format!("{name} {}", numbered("ct")),
        _ => name,
    }
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
                "{} cannot stand in a configuration of nginx",
                absolute.display()
            ),
            "use a path of plain letters",
        )
    })?;
    Ok(format!("\"{text}\""))
}

const HTTPS: u16 = 443;

const HEAD: &str = include_str!("nginx-head.conf");
const SERVER: &str = include_str!("nginx-server.conf");
const VERIFICATION: &str = include_str!("nginx-verification.conf");

#[cfg(test)]
mod tests {
    use super::*;

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
