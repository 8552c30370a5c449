//! What the members of an archive are called.

/// Where the files of the instance are.
pub(crate) const INSTANCE: &str = "instance/";

pub(crate) const OPENING: &str = "opening.json";
pub(crate) const MANIFEST: &str = "manifest.json";

/// Whether a path is relative, and goes down only.
pub(crate) fn is_plain(path: &str) -> bool {
    let is_name = |name: &str| !matches!(name, "" | "." | "..") && !name.contains('\0');
    path.split('/').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn a_path_that_could_leave_the_instance_is_not_plain() {
        for path in [
            "a",
            "a/b.c",
            "..a/...",
            "tlog/rekor-v2/tiles/tile/0/x001/000",
            "ä b",
        ] {
            assert!(is_plain(path), "{path:?}");
        }
        for path in [
            "", "/", "/etc", "a/", "a//b", "..", "a/..", "./a", "a/./b", "a\0",
        ] {
            assert!(!is_plain(path), "{path:?}");
        }
    }
}
