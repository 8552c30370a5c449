//! `sigctl init`: makes an instance.
//!
//! Everything is made in a directory beside the wanted one and moved there by one rename, so that an instance exists
//! whole or not at all.

pub(crate) mod anchors;
mod authority;
pub(crate) mod certificates;
pub(crate) mod configuration;
mod instance_key;
mod key_places;
mod keys;
pub(crate) mod ports;
mod proxy;
mod root_keys;
pub(crate) mod secret;
pub(crate) mod trust;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sigstead_config::Origin;
use time::OffsetDateTime;

use self::key_places::KeyPlaces;
use self::keys::Keys;
use self::proxy::BehindProxy;
use self::root_keys::RootKeys;
use crate::beside::{Beside, refuse_existing};
use crate::ct_log::CtLog;
use crate::failure::{Exit, Failure};
use crate::instance::{Instance, Manifest, Service};
use crate::lifetimes::LifetimeArguments;
use crate::names::{parse_host, parse_name};
use crate::output::Output;
use crate::profile::Profile;
use crate::up::Ends;
use crate::{private, services};

/// What is made.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The directory to make.
    directory: PathBuf,

    /// The instance's name; it stands in certificates and log names.
    #[arg(long, value_parser = parse_name)]
    name: String,

    /// The host under which clients reach the services: a name or an address.
    #[arg(long, default_value = "localhost", value_parser = parse_host)]
    host: String,

    #[command(flatten)]
    proxy: BehindProxy,

    /// The address on which the services listen for clients. Default: loopback if the host is or if there is a reverse
    /// proxy, or else every address.
    #[arg(long)]
    listen: Option<IpAddr>,

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

    /// The name of the first Rekor v2 log. Default: log, the year, -1.rekor and the host. With --domain clients dial the name,
    /// so the proxy and its certificate need it too; the default is then log, the year, -1 and the domain.
    #[arg(long, value_name = "NAME")]
    rekor_name: Option<Origin>,

    /// The name of the first certificate transparency log. Default: log, the year, -1.ct and the host. With --domain clients
    /// dial the name, so the proxy and its certificate need it too; the default is then ct, the year, -1 and the domain.
    #[arg(long, value_name = "NAME")]
    ct_name: Option<Origin>,

    /// Leave an instance that is there as it is.
    #[arg(long)]
    if_absent: bool,

    /// What the instance may do beside serving.
    #[arg(long, value_enum, default_value_t = Profile::Dev)]
    profile: Profile,

    /// Where certificates are logged. Without a log few clients sign and none verifies unless it is told to; the client kit
    /// says which.
    #[arg(long, value_enum, default_value_t = CtLog::Own)]
    ct_log: CtLog,

    /// Where the keys of the roots of the certificate and timestamp authorities are.
    #[arg(long, value_enum, default_value_t = RootKeys::Here)]
    roots: RootKeys,

    #[command(flatten)]
    lifetimes: LifetimeArguments,

    #[command(flatten)]
    keys: KeyPlaces,
}

#[derive(Serialize)]
struct Made {
    directory: PathBuf,
    name: String,
    urls: BTreeMap<Service, String>,
    ct_log: CtLog,
    profile: Profile,
    #[serde(skip)]
    roots: RootKeys,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    if arguments.if_absent && is_there(&arguments, output)? {
        return Ok(());
    }
    refuse_existing(&arguments.directory)?;
    if arguments.profile == Profile::Production {
        output.progress("warning: the profile production is called standard now");
    }
    output.progress("making keys, certificates and the trust root");
    let mut ends = Ends::listen()?;
    let beside = Beside::create(&arguments.directory)?;
    let manifest = tokio::select! {
        biased;
        () = ends.any() => Err(interrupted()),
        made = make(&arguments, beside.path()) => made,
    };
    // The folder that things were made in is none that the caller knows.
    let manifest =
        manifest.map_err(|failure| failure.naming(beside.path(), &arguments.directory))?;
    beside.become_the(&arguments.directory)?;
    let made = Made {
        directory: arguments.directory,
        urls: services::of(&manifest)
            .into_iter()
            .map(|service| (service, manifest.url(service)))
            .collect(),
        ct_log: manifest.ct_log,
        profile: manifest.profile,
        roots: arguments.roots,
        name: manifest.name,
    };
    output.print(&made, text);
    Ok(())
}

/// Whether there is an instance already. Anchors without their instance are those of one that was lost: another one in
/// its place would be another trust root under the same names, which no client could tell from an attack.
fn is_there(arguments: &Arguments, output: Output) -> Result<bool, Failure> {
    if arguments.directory.join(Instance::FILE).exists() {
        let instance = Instance::open(&arguments.directory)?;
        output.progress(&format!("{} is there already", instance.manifest.name));
        return Ok(true);
    }
    let anchors = arguments.anchors.as_deref();
    match anchors.filter(|folder| anchors::tell_of_a_log(folder)) {
        None => Ok(false),
        Some(anchors) => Err(Failure::new(
            "E-CTL-111",
            format!(
                "{} holds anchors of an instance, and {} holds none",
                anchors.display(),
                arguments.directory.display()
            ),
            "bring the instance back from a copy; only if it shall never be again, empty the folder of the anchors",
        )
        .exit(Exit::Refused)),
    }
}

async fn make(arguments: &Arguments, directory: &Path) -> Result<Manifest, Failure> {
    refuse_name_of_no_log(arguments)?;
    let now = now();
    let id = anchors::random_id()?;
    let anchors = arguments.anchors.as_deref();
    let anchors = anchors::directory(anchors, &arguments.directory, &id)?;
    let trusted_proxies = arguments.proxy.trusted(arguments.listen)?;
    let mut manifest = Manifest {
        version: Manifest::VERSION,
        name: arguments.name.clone(),
        host: arguments
            .proxy
            .domain()
            .unwrap_or(&arguments.host)
            .to_owned(),
        listen: arguments.listen,
        tls: arguments.tls,
        proxy: arguments.proxy.proxy(),
        profile: arguments.profile.asked_for(),
        ct_log: arguments.ct_log,
        created: now,
        passphrase_file: secret::passphrase_file(arguments.passphrase_file.as_deref(), directory)?,
        ports: BTreeMap::new(),
        id: Some(id),
        anchors: Some(anchors.clone()),
        rekor_name: arguments.rekor_name.clone(),
        ct_name: arguments.ct_name.clone(),
        lifetimes: arguments.lifetimes.of(arguments.profile),
        cluster: None,
    };
    manifest.ports = ports::choose(arguments.base_port, manifest.listen_address())?;
    let instance = Instance::new(directory.to_owned(), manifest);
    let places = arguments.keys.of(&instance.manifest)?;
    if arguments.roots == RootKeys::Elsewhere && places.keys().any(|key| key.is_root_of_clients()) {
        return Err(Failure::new(
            "E-CTL-012",
            "the keys of the roots are thrown away, and a place is named for one",
            "leave out --roots elsewhere, or the place of the key",
        ));
    }
    let mut keys = Keys::begin(&instance, places, arguments.keys.found()).await?;
    let authorities = authority::make(&instance, &mut keys, arguments.roots, now).await?;
    trust::make(&instance, &mut keys, &authorities, now).await?;
    configuration::write(&instance, &keys.into_places(), &trusted_proxies)?;
    anchors::begin(&instance, &anchors)?;
    let text = sigstead_config::to_yaml(&instance.manifest)
        .map_err(|error| Failure::file("write", &instance.path(Instance::FILE), error))?;
    write(&instance.path(Instance::FILE), text.as_bytes())?;
    Ok(instance.manifest)
}

fn refuse_name_of_no_log(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.ct_name.is_none() || arguments.ct_log.is_own() {
        return Ok(());
    }
    Err(Failure::new(
        "E-CTL-012",
        "there is a name for a certificate transparency log, and the instance has none",
        "leave out --ct-name, or --ct-log none",
    ))
}

/// Writes a private file, and the folders above it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    private::write(path, bytes)
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

fn interrupted() -> Failure {
    Failure::new(
        "E-CTL-074",
        "asked to end before the instance was made",
        "run the command again, with --take-keys if it made keys in a token or a server; nothing else was kept",
    )
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
    if !made.ct_log.is_own() {
        lines.push(NO_CT_LOG.to_owned());
    }
    if made.roots == RootKeys::Elsewhere {
        lines.push(THROWN_AWAY.to_owned());
    }
    lines.push(format!("start it: sigctl up {}", made.directory.display()));
    match made.profile {
        Profile::Standard | Profile::Airgap => lines.push(NOT_YET.to_owned()),
        Profile::Strict => lines.push(NOT_YET_STRICT.to_owned()),
        Profile::Dev | Profile::Production => {}
    }
    lines.join("\n")
}

const NOT_YET: &str = "one key signs its root: it is in production after its first ceremony, in which several people take that over \
                       (docs/ceremony.md), and once the key of its certificate authority's root is elsewhere (docs/authorities.md)";

const NOT_YET_STRICT: &str = "one key signs its root, and one its targets: it is in production after its first ceremony, in which several \
                              people take both over (docs/ceremony.md), and once the key of its certificate authority's root is elsewhere \
                              (docs/authorities.md)";

const THROWN_AWAY: &str = "  the keys of the roots of its authorities were thrown away: have others made before their first certificates end \
                           (docs/authorities.md)";

const NO_CT_LOG: &str = "  no CT log: certificates have no SCT, and clients refuse them unless they are told not to; see client/README.md";
