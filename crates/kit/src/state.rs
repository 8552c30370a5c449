use std::ffi::OsString;
use std::path::PathBuf;

/// Where programs of this user remember what must outlast them (XDG Base Directory Specification): `XDG_STATE_HOME`, or
/// `.local/state` in the home. `None` if the environment names neither as an absolute path.
#[must_use]
pub fn user_state_directory() -> Option<PathBuf> {
    state_directory(std::env::var_os("XDG_STATE_HOME"), std::env::var_os("HOME"))
}

fn state_directory(state_home: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |path: OsString| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
    let in_home = || Some(home.and_then(absolute)?.join(".local/state"));
    state_home.and_then(absolute).or_else(in_home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_kept_where_the_user_says_and_else_in_the_home() {
        let table = [
            (Some("/state"), Some("/home/ann"), Some("/state")),
            // The specification has a path that is not absolute ignored.
            (
                Some("state"),
                Some("/home/ann"),
                Some("/home/ann/.local/state"),
            ),
            (Some(""), Some("/home/ann"), Some("/home/ann/.local/state")),
            (None, Some("/home/ann"), Some("/home/ann/.local/state")),
            (None, Some(""), None),
            (None, None, None),
        ];
        for (state_home, home, expected) in table {
            let found = state_directory(state_home.map(Into::into), home.map(Into::into));
            assert_eq!(
                found,
                expected.map(PathBuf::from),
                "{state_home:?} {home:?}"
            );
        }
    }
}
