//! The credentials of a bucket: never in an argument, where every process of the machine sees them.

use std::path::{Path, PathBuf};

use rusty_s3::Credentials;

use crate::failure::{Exit, Failure};
use crate::private;

/// The credentials in the file that is named, else those in the environment, else those in the file that the environment names.
pub(super) fn find(named: Option<&Path>) -> Result<Credentials, Failure> {
    if let Some(file) = named {
        return of_file(file);
    }
    let pair = (
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
    );
    if let (Some(key), Some(secret)) = pair {
        return Ok(credentials(key, secret, variable("AWS_SESSION_TOKEN")));
    }
    let file = variable("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from);
    file.map_or_else(|| Err(missing("none is named")), |file| of_file(&file))
}

/// A variable that says something.
pub(super) fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.into_string().ok()?;
    (!value.is_empty()).then_some(value)
}

fn of_file(file: &Path) -> Result<Credentials, Failure> {
    refuse_open_to_all(file)?;
    let failed = |error: &dyn std::fmt::Display| Failure::file("read", file, error);
    let bytes = private::read(file, LARGEST).map_err(|error| failed(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| failed(&error))?;
    let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    let value = |name: &str| value(&text, &profile, name);
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(key), Some(secret)) => Ok(credentials(key, secret, value("aws_session_token"))),
        _ => Err(missing(&format!(
            "[{profile}] in {} lacks aws_access_key_id or aws_secret_access_key",
            file.display()
        ))),
    }
}

/// The value of a name in a section of a file like ~/.aws/credentials.
fn value(text: &str, section: &str, name: &str) -> Option<String> {
    let heading = format!("[{section}]");
    let lines = text.lines().map(str::trim);
    let lines = lines.skip_while(|line| *line != heading).skip(1);
    let mut lines = lines.take_while(|line| !line.starts_with('['));
    lines.find_map(|line| {
        let (found, value) = line.split_once('=')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    })
}

fn credentials(key: String, secret: String, token: Option<String>) -> Credentials {
    match token {
        Some(token) => Credentials::new_with_token(key, secret, token),
        None => Credentials::new(key, secret),
    }
}

/// The group may read it: so a cluster mounts secrets.
fn refuse_open_to_all(file: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;

    let found = std::fs::metadata(file).map_err(|error| Failure::file("read", file, error))?;
    if found.permissions().mode() & 0o007 == 0 {
        return Ok(());
    }
    let shown = file.display();
    let failure = Failure::new(
        "E-CTL-380",
        format!("the credentials in {shown} can be read by everybody"),
        format!("chmod 600 {shown}"),
    );
    Err(failure.exit(Exit::Refused))
}

fn missing(why: &str) -> Failure {
    Failure::new(
        "E-CTL-380",
        format!("there are no credentials for the bucket: {why}"),
        "name a file with --credentials, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )
}

const LARGEST: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const FILE: &str = "# a remark\n[other]\naws_access_key_id=o\n[default]\n aws_access_key_id = k\n\
                        aws_secret_access_key=s=/+\n[last]\naws_session_token = t\n";

    #[test]
    fn a_file_is_read_by_sections() {
        let of = |section, name| value(FILE, section, name);
        assert_eq!(of("default", "aws_access_key_id").unwrap(), "k");
        assert_eq!(of("default", "aws_secret_access_key").unwrap(), "s=/+");
        assert_eq!(of("default", "aws_session_token"), None);
        assert_eq!(of("last", "aws_session_token").unwrap(), "t");
        assert_eq!(of("other", "aws_secret_access_key"), None);
        assert_eq!(of("absent", "aws_access_key_id"), None);
    }

    #[test]
    fn a_file_that_everybody_reads_or_that_lacks_a_half_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        let write = |text: &str, mode| {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        };
        write(FILE, 0o640);
        assert_eq!(find(Some(&file)).unwrap().key(), "k");
        write(FILE, 0o644);
        let refused = find(Some(&file)).unwrap_err();
        assert_eq!(refused.code(), "E-CTL-380");
        assert!(refused.whole().contains("everybody"), "{refused:?}");
        write("[default]\naws_access_key_id=k\n", 0o600);
        let refused = find(Some(&file)).unwrap_err();
        assert!(refused.whole().contains("lacks"), "{refused:?}");
        assert!(!format!("{refused:?}").contains("s=/+"));
    }
}
