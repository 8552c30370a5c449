use crate::Error;

/// Refuses every path that could leave the storage or collide with its temporary files.
pub(crate) fn check(path: &str) -> Result<(), Error> {
    let is_plain =
        !path.is_empty() && path.len() <= LENGTH_AT_MOST && path.split('/').all(is_plain);
    if is_plain {
        Ok(())
    } else {
        Err(Error::PathInvalid {
            path: path.to_owned(),
        })
    }
}

/// A segment never starts with a dot: that excludes `.`, `..` and the storage's own folder.
fn is_plain(segment: &str) -> bool {
    !segment.is_empty()
        && !segment.starts_with('.')
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Longer than any path of a tiled log; keeps a hostile caller from building deep trees.
const LENGTH_AT_MOST: usize = 256;

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn accepts_the_paths_of_tiled_logs() {
        for path in [
            "tile/0/000",
            "tile/entries/x001/067",
            "tile/3/x001/x234/067.p/7",
            "issuer/0af3",
        ] {
            assert!(check(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn refuses_paths_that_leave_the_storage() {
        for path in [
            "",
            "/",
            "/etc",
            "a//b",
            "a/",
            "..",
            "a/../b",
            "a/./b",
            ".incoming/1",
            "a\\b",
            "a b",
            "ä",
            "a\0",
        ] {
            assert!(check(path).is_err(), "{path:?}");
        }
        assert!(check(&"a".repeat(257)).is_err());
    }
}
