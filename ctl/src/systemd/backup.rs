//! The units with which systemd backs an instance up on a schedule.

use std::path::{Path, PathBuf};

use clap::Args;
use url::Url;

use super::account::Account;
use super::needs::{Needs, Written, is_below};
use super::unit::{HOMES, TEMPORARY, Unit, marker, plain};
use crate::backup::Target;
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::services;

/// Whether the instance is backed up on a schedule, and how.
#[derive(Args)]
pub(super) struct Nightly {
    /// Also a timer that backs the instance up into this folder, or to `s3://BUCKET/PREFIX`.
    #[arg(
        long = "backup",
        value_name = "TARGET",
        requires = "backup_passphrase_file"
    )]
    backup: Option<Target>,

    /// The file with the passphrase of the backups, which root alone has to be able to read.
    #[arg(long, value_name = "FILE", requires = "backup")]
    backup_passphrase_file: Option<PathBuf>,

    /// When it is backed up, as systemd.time(7) writes it.
    #[arg(
        long,
        value_name = "CALENDAR",
        default_value = "*-*-* 02:15:00",
        requires = "backup"
    )]
    backup_at: String,

    /// How many backups are kept.
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..), requires = "backup")]
    backup_keep: u16,

    /// The file with the credentials of the bucket, which root alone has to be able to read.
    #[arg(long, value_name = "FILE", requires = "backup")]
    backup_credentials: Option<PathBuf>,

    /// The URL of the bucket's server.
    #[arg(long, value_name = "URL", requires = "backup")]
    backup_endpoint: Option<Url>,

    /// The region of the bucket.
    #[arg(long, value_name = "NAME", requires = "backup")]
    backup_region: Option<String>,

    /// A file of authorities in PEM to trust for the bucket's server.
    #[arg(long, value_name = "FILE", requires = "backup")]
    backup_ca: Option<PathBuf>,
}

/// The names of the units, the timer last.
pub(super) fn names(instance: &Instance) -> [String; 2] {
    let name = &instance.manifest.name;
    [
        format!("sigstead-{name}-backup.service"),
        format!("sigstead-{name}-backup.timer"),
    ]
}

impl Nightly {
    /// The units; none if no backup is wanted.
    pub(super) fn units(&self, instance: &Instance) -> Result<Vec<Unit>, Failure> {
        let (Some(to), Some(passphrase)) = (&self.backup, &self.backup_passphrase_file) else {
            return Ok(Vec::new());
        };
        let [service, timer] = names(instance);
        if self.backup_at.contains(char::is_control) {
            return Err(Failure::new(
                "E-CTL-012",
                "--backup-at has no line of its own",
                "man systemd.time",
            ));
        }
        let content = TIMER
            .replace("{marker}", &marker(instance))
            .replace("{name}", &instance.manifest.name)
            .replace("{at}", &self.backup_at);
        Ok(vec![
            Unit {
                content: self.service(instance, to, passphrase)?,
                name: service,
            },
            Unit {
                name: timer,
                content,
            },
        ])
    }

    /// What a backup writes on this machine, which has to be there before.
    pub(super) fn written(&self, instance: &Instance) -> Vec<Written> {
        let lock = Written::File(instance.path("trust/lock"));
        match &self.backup {
            None => Vec::new(),
            Some(Target::Path(folder)) => {
                let absolute = std::path::absolute(folder);
                vec![
                    lock,
                    Written::Folder(absolute.unwrap_or_else(|_| folder.clone())),
                ]
            }
            Some(Target::Bucket(_)) => vec![lock],
        }
    }

    fn service(
        &self,
        instance: &Instance,
        to: &Target,
        passphrase: &Path,
    ) -> Result<String, Failure> {
        let account = Account::of(instance)?;
        let mut writes = String::new();
        let mut mounts = plain(instance.directory())?;
        for written in self.written(instance) {
            let path = plain(written.path())?;
            writes.push_str(&format!("ReadWritePaths={path}\n"));
            mounts.push_str(&format!(" {path}"));
        }
        // Without its anchor a log that went back looks like one that did not.
        for log in ConfiguredLog::all(instance)? {
            mounts.push_str(&format!(" {}", plain(&log.anchor)?));
        }
        let start = self.start(instance, to)?;
        let needs = needs(instance)?;
        let reaches = |folders: &[&str]| {
            let words = mounts.split(' ').chain(start.iter().map(String::as_str));
            words.map(Path::new).any(|path| is_below(path, folders))
                || needs.iter().any(|needs| needs.lies_below(folders))
        };
        let (home, tmp) = (reaches(&HOMES), reaches(&TEMPORARY));
        Ok(SERVICE
            .replace("{marker}", &marker(instance))
            .replace("{name}", &instance.manifest.name)
            .replace("{mounts}", &mounts)
            .replace("{start}", &start.join(" "))
            .replace("{user}", &account.user())
            .replace("{group}", &account.group())
            .replace("{credentials}", &self.credentials(instance, passphrase)?)
            .replace("{paths}", &writes)
            .replace("{home}", if home { "read-only" } else { "yes" })
            .replace("{tmp}", if tmp { "no" } else { "yes" }))
    }

    /// What systemd reads as root and hands to the command alone; where its measures are, for everybody to read; and where there
    /// is room for what goes to a bucket.
    fn credentials(&self, instance: &Instance, passphrase: &Path) -> Result<String, Failure> {
        let mut lines = format!("LoadCredential=passphrase:{}\n", absolute(passphrase)?);
        if let Some(file) = &self.backup_credentials {
            lines.push_str(&format!("LoadCredential=bucket:{}\n", absolute(file)?));
        }
        let name = &instance.manifest.name;
        lines.push_str(&format!(
            "StateDirectory=sigstead-{name}-backup\nStateDirectoryMode=0755\n"
        ));
        if matches!(self.backup, Some(Target::Bucket(_))) {
            lines.push_str(&format!(
                "CacheDirectory=sigstead-{name}-backup\nCacheDirectoryMode=0700\n"
            ));
        }
        Ok(lines)
    }

    fn start(&self, instance: &Instance, to: &Target) -> Result<Vec<String>, Failure> {
        let mut words = sigctl()?;
        words.extend(["backup".to_owned(), plain(instance.directory())?]);
        words.push(match to {
            Target::Path(folder) => absolute(folder)?,
            Target::Bucket(address) => plain(address.to_string().as_ref())?,
        });
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        option("--passphrase-file", "%d/passphrase".to_owned());
        option("--keep", self.backup_keep.to_string());
        let name = &instance.manifest.name;
        let measures = format!("%S/sigstead-{name}-backup/sigstead-{name}-backup.prom");
        option("--textfile", measures);
        if self.backup_credentials.is_some() {
            option("--credentials", "%d/bucket".to_owned());
        }
        if let Some(endpoint) = &self.backup_endpoint {
            option("--endpoint", plain(endpoint.as_str().as_ref())?);
        }
        if let Some(region) = &self.backup_region {
            option("--region", plain(region.as_ref())?);
        }
        if let Some(ca) = &self.backup_ca {
            option("--ca", absolute(ca)?);
        }
        if let Target::Bucket(_) = to {
            option("--scratch", format!("%C/sigstead-{name}-backup"));
        }
        Ok(words)
    }
}

/// This program, as a unit calls it.
fn sigctl() -> Result<Vec<String>, Failure> {
    let ours = std::env::current_exe().map_err(|error| Failure::io("cannot find sigctl", error))?;
    let mut words = vec![plain(&ours)?];
    // The one file that holds all programs goes by the first word then.
    if ours.file_name().is_some_and(|name| name == "sigstead") {
        words.push("ctl".to_owned());
    }
    Ok(words)
}

fn absolute(path: &Path) -> Result<String, Failure> {
    let absolute = std::path::absolute(path);
    plain(&absolute.map_err(|error| Failure::file("resolve", path, error))?)
}

/// What the services read: a backup looks at the same.
fn needs(instance: &Instance) -> Result<Vec<Needs>, Failure> {
    let services = services::of(&instance.manifest).into_iter();
    services
        .map(|service| Needs::of(instance, service))
        .collect()
}

const SERVICE: &str = include_str!("backup.unit");
const TIMER: &str = include_str!("backup.timer");
