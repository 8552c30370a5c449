//! The units of an instance, as text.

use std::ffi::OsStr;
use std::path::Path;

use serde::Serialize;

use super::account::Account;
use super::needs::{Needs, Written, is_below};
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::process::{PATIENCE, config_file, program};
use crate::services;

/// A unit.
#[derive(Serialize)]
pub(super) struct Unit {
    /// The name of its file.
    pub(super) name: String,
    pub(super) content: String,
}

/// All units of an instance; the target is the last.
pub(super) fn all(instance: &Instance) -> Result<Vec<Unit>, Failure> {
    let account = Account::of(instance)?;
    let services = services::of(&instance.manifest);
    let units = services
        .into_iter()
        .map(|service| of_service(instance, &account, service));
    let mut units = units.collect::<Result<Vec<_>, _>>()?;
    let names: Vec<_> = units.iter().map(|unit| unit.name.as_str()).collect();
    let content = TARGET
        .replace("{marker}", &marker(instance))
        .replace("{name}", &instance.manifest.name)
        .replace("{services}", &names.join(" "));
    units.push(Unit {
        name: target_name(instance),
        content,
    });
    Ok(units)
}

/// The names of all units that an instance can have.
pub(super) fn names(instance: &Instance) -> Vec<String> {
    let services = crate::instance::SERVICES.into_iter();
    let names = services.map(|service| service_name(instance, service));
    names.chain([target_name(instance)]).collect()
}

/// The unit over all services.
pub(super) fn target_name(instance: &Instance) -> String {
    format!("sigstead-{}.target", instance.manifest.name)
}

/// The first line of each unit, by which it is known as this instance's.
pub(super) fn marker(instance: &Instance) -> String {
    let directory = instance.directory().display().to_string();
    let id = instance.manifest.id.as_deref().unwrap_or(&directory);
    format!(
        "# Written by sigctl systemd for instance {id}. Changes belong into a drop-in: systemctl edit."
    )
}

fn service_name(instance: &Instance, service: Service) -> String {
    format!(
        "sigstead-{}-{}.service",
        instance.manifest.name,
        service.name()
    )
}

fn of_service(instance: &Instance, account: &Account, service: Service) -> Result<Unit, Failure> {
    let needs = Needs::of(instance, service)?;
    let folder = instance.service(service);
    let start = start(instance, service)?;
    let reaches = |folders: &[&str]| {
        is_below(&folder, folders)
            || needs.lies_below(folders)
            || start.iter().any(|word| is_below(Path::new(word), folders))
    };
    let (capabilities, users) = match needs.has_low_port() {
        // A capability in a namespace of users opens no port of the machine.
        true => ("CAP_NET_BIND_SERVICE", "no"),
        false => ("", "yes"),
    };
    let content = SERVICE
        .replace("{marker}", &marker(instance))
        .replace("{name}", &instance.manifest.name)
        .replace("{service}", service.name())
        .replace("{target}", &target_name(instance))
        .replace("{mounts}", &mounts(&folder, &needs)?)
        .replace("{start}", &start.join(" "))
        .replace("{stop}", &PATIENCE.as_secs().to_string())
        .replace("{user}", &account.user())
        .replace("{group}", &account.group())
        .replace("{paths}", &paths(&needs)?)
        .replace("{home}", if reaches(&HOMES) { "read-only" } else { "yes" })
        .replace("{tmp}", if reaches(&TEMPORARY) { "no" } else { "yes" })
        .replace("{users}", users)
        .replace("{capabilities}", capabilities);
    Ok(Unit {
        name: service_name(instance, service),
        content,
    })
}

fn start(instance: &Instance, service: Service) -> Result<Vec<String>, Failure> {
    let command = program(service.name())?;
    let config = config_file(instance, service);
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    let words = words.chain([OsStr::new("--config"), config.as_os_str()]);
    words.map(|word| plain(Path::new(word))).collect()
}

/// The file systems that must be there before the service starts.
fn mounts(folder: &Path, needs: &Needs) -> Result<String, Failure> {
    let written = needs.written.iter().map(Written::path);
    let outside = written.filter(|path| !path.starts_with(folder));
    let all: Result<Vec<_>, _> = [folder].into_iter().chain(outside).map(plain).collect();
    Ok(all?.join(" "))
}

fn paths(needs: &Needs) -> Result<String, Failure> {
    let mut lines = String::new();
    for written in &needs.written {
        lines.push_str(&format!("ReadWritePaths={}\n", plain(written.path())?));
    }
    for kept in &needs.kept {
        // One that comes later is protected from the next start on.
        lines.push_str(&format!("ReadOnlyPaths=-{}\n", plain(kept)?));
    }
    Ok(lines)
}

/// A path as a unit has it; some characters mean something there.
pub(super) fn plain(path: &Path) -> Result<String, Failure> {
    let means_something =
        |letter: char| letter.is_whitespace() || letter.is_control() || "\"'\\%$;".contains(letter);
    let text = path.to_str().filter(|text| !text.contains(means_something));
    let text = text.ok_or_else(|| {
        Failure::new(
            "E-CTL-254",
            format!("{} cannot be in a unit of systemd", path.display()),
            "move it to a path without spaces, quotes, backslashes and the signs % $ ;",
        )
    })?;
    Ok(text.to_owned())
}

/// What `ProtectHome` hides.
pub(super) const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];
/// What `PrivateTmp` hides.
pub(super) const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

const SERVICE: &str = include_str!("service.unit");
const TARGET: &str = include_str!("target.unit");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_systemd_would_read_otherwise_is_refused() {
        assert_eq!(plain(Path::new("/srv/ä-1_b.c")).unwrap(), "/srv/ä-1_b.c");
        for path in [
            "/a b", "/a\"b", "/a'b", "/a\\b", "/a%b", "/a$b", "/a;b", "/a\nb",
        ] {
            assert_eq!(
                plain(Path::new(path)).unwrap_err().code(),
                "E-CTL-254",
                "{path}"
            );
        }
    }
}
