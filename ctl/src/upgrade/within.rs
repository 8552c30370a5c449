//! Members more within a part of a configuration.

use std::path::Path;

use serde_yaml::{Mapping, Value};

use super::setting::{by_hand, parse, read};
use crate::failure::Failure;
use crate::replace::replace;

/// Where in a configuration.
pub(super) struct Part<'a> {
    /// The names that lead to it.
    pub(super) names: &'a [&'a str],
    /// The member of it below which others are written.
    pub(super) after: &'a str,
}

/// The part of a configuration that names lead to; none if it is not there.
pub(super) fn part(path: &Path, names: &[&str]) -> Result<Option<Mapping>, Failure> {
    let mut whole = parse(path, &read(path)?)?;
    Ok(inner(&mut whole, names).cloned())
}

/// Adds members to a part. All else in the file stays as its operator wrote it.
pub(super) fn add_within(path: &Path, part: &Part<'_>, members: &Mapping) -> Result<(), Failure> {
    let before = read(path)?;
    let mut wanted = parse(path, &before)?;
    let refused = || by_hand(path, part.after);
    let held = inner(&mut wanted, part.names).ok_or_else(refused)?;
    held.extend(members.clone());
    let added =
        serde_yaml::to_string(members).map_err(|error| Failure::file("write", path, error))?;
    let lines: Vec<_> = before.split_inclusive('\n').collect();
    let places = (0..lines.len()).filter(|at| is_member(lines[*at], part.after));
    let mut texts = places.map(|at| inserted(&lines, at, &added));
    let says = |text: &String| parse(path, text).is_ok_and(|found| found == wanted);
    let after = texts.find(says).ok_or_else(refused)?;
    replace(path, after.as_bytes()).map_err(|error| Failure::file("write", path, error))
}

fn inner<'a>(whole: &'a mut Mapping, names: &[&str]) -> Option<&'a mut Mapping> {
    names.iter().try_fold(whole, |outer, name| {
        outer.get_mut(*name).and_then(Value::as_mapping_mut)
    })
}

fn is_member(line: &str, name: &str) -> bool {
    let rest = line.trim_start().strip_prefix(name);
    rest.is_some_and(|rest| rest.starts_with(':'))
}

/// The lines with others below one, as far in as it is.
fn inserted(lines: &[&str], at: usize, added: &str) -> String {
    let (before, after) = lines.split_at(at + 1);
    let line = before.last().copied().unwrap_or_default();
    let indent = &line[..line.len() - line.trim_start().len()];
    let end = if line.ends_with('\n') { "" } else { "\n" };
    let added = added.lines().map(|line| format!("{indent}{line}\n"));
    let added: String = added.collect();
    format!("{}{end}{added}{}", before.concat(), after.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADMIN: Part<'_> = Part {
        names: &["listeners", "admin"],
        after: "client_ca",
    };

    fn added(text: &str) -> Result<String, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, text).unwrap();
        let members = Mapping::from_iter([
            ("head".into(), "/a/head".into()),
            (
                "pair".into(),
                Mapping::from_iter([("key".into(), "k".into())]).into(),
            ),
        ]);
        let result = add_within(&path, &ADMIN, &members);
        let after = std::fs::read_to_string(&path).unwrap();
        result.map(|()| after)
    }

    #[test]
    fn members_come_below_the_one_that_is_named_and_all_else_stays() {
        let text =
            "# a remark\nlisteners:\n  client_ca: x\n  admin:\n    client_ca: y # here\n    z: 1\n";
        let expected = text.replace(
            "# here\n",
            "# here\n    head: /a/head\n    pair:\n      key: k\n",
        );
        assert_eq!(added(text).unwrap(), expected);
        let short = "listeners:\n  admin:\n    client_ca: y";
        let expected = format!("{short}\n    head: /a/head\n    pair:\n      key: k\n");
        assert_eq!(added(short).unwrap(), expected);
    }

    #[test]
    fn what_is_written_otherwise_is_left_to_its_operator() {
        for text in [
            "listeners: {admin: {client_ca: y}}\n",
            "listeners:\n  client_ca: x\n",
            "listeners:\n  admin:\n    client_ca:\n      - y\n",
        ] {
            assert_eq!(added(text).unwrap_err().code(), "E-CTL-393", "{text}");
        }
    }
}
