//! Where the logs of an instance have their anchors: outside of it, so that a copy of the instance is no copy of them.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The directory of an instance's anchors, which has the instance's identifier as its name.
pub(crate) fn directory(
    asked: Option<&Path>,
    instance: &Path,
    id: &str,
) -> Result<PathBuf, Failure> {
    let folder = match asked {
        Some(folder) => absolute(folder)?,
        None => default_directory()?,
    };
    if folder.starts_with(absolute(instance)?) {
        return Err(Failure::new(
            "E-CTL-012",
            format!(
                "the anchors in {} would be copied with the instance",
                folder.display()
            ),
            "name a directory outside of the instance with --anchors, best on another disk",
        ));
    }
    Ok(folder.join(id))
}

/// A random identifier: instances of one name on one machine must not share their anchors.
pub(crate) fn random_id() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Failure::randomness)?;
    Ok(hex::encode(bytes))
}

fn default_directory() -> Result<PathBuf, Failure> {
    let state = if rustix::process::geteuid().is_root() {
        Some(PathBuf::from("/var/lib"))
    } else {
        sigstead_kit::user_state_directory()
    };
    let state = state.ok_or_else(|| {
        Failure::new(
            "E-CTL-012",
            "this user has no home for the anchors of the logs",
            "name a directory outside of the instance with --anchors, best on another disk",
        )
    })?;
    Ok(state.join("sigstead/anchors"))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::file("resolve", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_lie_outside_of_the_instance_under_its_identifier() {
        let asked = |folder: &str| {
            let folder = directory(Some(Path::new(folder)), Path::new("/srv/acme"), "77");
            folder.ok()
        };
        assert_eq!(asked("/disk2"), Some("/disk2/77".into()));
        assert_eq!(
            asked("/srv/acme-anchors"),
            Some("/srv/acme-anchors/77".into())
        );
        assert_eq!(asked("/srv/acme"), None);
        assert_eq!(asked("/srv/acme/anchors"), None);
    }

    #[test]
    fn no_two_instances_have_one_identifier() {
        assert_ne!(random_id().unwrap(), random_id().unwrap());
    }
}
