//! What is told of an archive that cannot be used.

use std::path::Path;

use sigstead_archive::Error;
use sigstead_kit::causes;

use crate::failure::Failure;

/// Why an archive could not be read.
pub(crate) fn unread(file: &Path, error: Error) -> Failure {
    let shown = file.display();
    match error {
        Error::Io(error) => Failure::file("read", file, error),
        Error::Passphrase => Failure::new(
            "E-CTL-202",
            format!("the passphrase does not open {shown}"),
            "use the passphrase under which this backup was made; if it is that one, the beginning of the file is damaged",
        ),
        Error::NotAge | Error::OtherRecipient | Error::Foreign { .. } => Failure::new(
            "E-CTL-203",
            format!("{shown} is no backup of an instance"),
            "name a file that `sigctl backup` made",
        )
        .because(error),
        Error::Format { found, known } => Failure::new(
            "E-CTL-204",
            format!("{shown} has the backup format {found}, and this sigctl reads {known}"),
            "use the release that made it, or a later one that still reads the format",
        ),
        other => Failure::new(
            "E-CTL-205",
            format!("{shown} is damaged: {}", causes(&other)),
            "use another copy of this backup, or another backup; nothing was made of this one",
        ),
    }
}

/// Why an archive could not be written. `path` is the file that was being added.
pub(super) fn unwritten(archive: &Path, path: &str, error: Error) -> Failure {
    match error {
        Error::Io(error) => Failure::file("write", archive, error),
        Error::Shrunk { .. } => changed(&format!("{path} became shorter")),
        other => Failure::io(
            "the backup cannot be encrypted",
            std::io::Error::other(causes(&other)),
        ),
    }
}

/// The instance is another one than when the backup began.
pub(super) fn changed(what: &str) -> Failure {
    Failure::new(
        "E-CTL-206",
        format!("the instance was changed while it was read: {what}"),
        "run the backup again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_an_archive_has_its_code() {
        let file = Path::new("/backup");
        let why = || "odd".to_owned();
        for (error, code) in [
            (Error::Passphrase, "E-CTL-202"),
            (Error::NotAge, "E-CTL-203"),
            (Error::OtherRecipient, "E-CTL-203"),
            (Error::Foreign { why: why() }, "E-CTL-203"),
            (Error::Format { found: 2, known: 1 }, "E-CTL-204"),
            (Error::Header, "E-CTL-205"),
            (Error::CutOff { at: 7 }, "E-CTL-205"),
            (
                Error::Io(std::io::ErrorKind::StorageFull.into()),
                "E-CTL-002",
            ),
        ] {
            let said = error.to_string();
            assert_eq!(unread(file, error).code(), code, "{said}");
        }
        let path = "oidc/users".to_owned();
        let shrunk = unwritten(file, &path, Error::Shrunk { path: path.clone() });
        assert_eq!(shrunk.code(), "E-CTL-206");
        let differs = Error::Differs { path, why: why() };
        let shown = format!("{:?}", unread(file, differs));
        assert!(shown.contains("oidc/users: odd"), "{shown}");
    }
}
