//! Changes one entry of a YAML file as text, so that the comments of its writer stay.
//!
//! It knows files in block style only. Whoever calls it reads the result and compares it with what was meant.

/// The text with an entry as the last one of the mapping at `path`, which is made if it is not there and has one key.
/// `entry` is a mapping with one key, in block style.
pub(super) fn with_entry(text: &str, path: &[&str], entry: &str) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    let parent = match (find(&lines, path), path) {
        (Some(parent), _) => parent,
        (None, [section]) => {
            lines.push(format!("{section}:"));
            find(&lines, path)?
        }
        (None, _) => return None,
    };
    // An empty mapping in flow style has no place for an entry below it.
    if let Some(line) = lines.get_mut(parent.start) {
        let empty = line.trim_end().strip_suffix("{}").map(str::trim_end);
        *line = empty.map_or_else(|| line.clone(), ToOwned::to_owned);
    }
    let indent = parent.children.unwrap_or(parent.indent + INDENT);
    let entry = entry.lines().map(|line| format!("{:indent$}{line}", ""));
    lines.splice(parent.end..parent.end, entry);
    Some(finish(&lines))
}

/// The text without what is at `path`, if it is found.
pub(super) fn without(text: &str, path: &[&str]) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    let gone = find(&lines, path)?;
    lines.drain(gone.start..gone.end);
    let (_, parent) = path.split_last()?;
    if let Some(parent) = find(&lines, parent)
        && parent.children.is_none()
        && let Some(line) = lines.get_mut(parent.start)
    {
        line.push_str(" {}");
    }
    Some(finish(&lines))
}

/// The lines of a mapping's entry.
struct Block {
    /// The line with its key.
    start: usize,
    /// Behind its last line.
    end: usize,
    /// By how much its key is indented.
    indent: usize,
    /// By how much the keys below it are, if there are any.
    children: Option<usize>,
}

fn find(lines: &[String], path: &[&str]) -> Option<Block> {
    let mut found: Option<Block> = None;
    for key in path {
        let (from, to, indent) = match &found {
            None => (0, lines.len(), 0),
            Some(parent) => (parent.start + 1, parent.end, parent.children?),
        };
        let is_it = |(_, line): &(usize, &String)| indent_of(line) == indent && is_key(line, key);
        let candidates = lines.iter().enumerate().take(to).skip(from);
        let (start, _) = candidates.into_iter().find(is_it)?;
        let end = end_of_block(lines, start, indent);
        found = Some(Block {
            start,
            end,
            indent,
            children: indent_of_children(lines, start, end),
        });
    }
    found
}

/// Behind the last line of the block that begins at `start`, whose key is indented by `indent`.
fn end_of_block(lines: &[String], start: usize, indent: usize) -> usize {
    let mut end = start + 1;
    for (number, line) in lines.iter().enumerate().skip(start + 1) {
        if is_blank(line) {
            continue;
        }
        if indent_of(line) <= indent {
            break;
        }
        end = number + 1;
    }
    end
}

fn indent_of_children(lines: &[String], start: usize, end: usize) -> Option<usize> {
    let mut children = lines.iter().take(end).skip(start + 1);
    let first = children.find(|line| !is_blank(line) && !line.trim_start().starts_with('#'))?;
    Some(indent_of(first))
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// Whether the line begins an entry of that key, in any of the three spellings of a text.
fn is_key(line: &str, key: &str) -> bool {
    let line = line.trim_start();
    let spellings = [key.to_owned(), format!("\"{key}\""), format!("'{key}'")];
    spellings.iter().any(|spelling| {
        let rest = line.strip_prefix(spelling.as_str());
        let rest = rest.and_then(|rest| rest.trim_start().strip_prefix(':'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    })
}

fn finish(lines: &[String]) -> String {
    format!("{}\n", lines.join("\n"))
}

const INDENT: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# Who may sign.
oidc-issuers:
    # Our own.
    https://a.example:
        type: email

    \"https://b.example\": # theirs
        type: uri
        allow:
        - name: x
meta-issuers:
  https://*.c.example: {type: email}
";

    const ISSUERS: &str = "oidc-issuers";

    #[test]
    fn an_entry_comes_last_in_its_section_and_comments_stay() {
        let entry = "https://n.example:\n  type: email";
        let changed = with_entry(FILE, &[ISSUERS], entry).unwrap();
        let expected = FILE.replace(
            "        - name: x\n",
            "        - name: x\n    https://n.example:\n      type: email\n",
        );
        assert_eq!(changed, expected);
        let back = without(&changed, &[ISSUERS, "https://n.example"]);
        assert_eq!(back.as_deref(), Some(FILE));
    }

    #[test]
    fn an_entry_goes_with_all_that_is_its_own() {
        let changed = without(FILE, &[ISSUERS, "https://b.example"]).unwrap();
        let expected = FILE.replace(
            "    \"https://b.example\": # theirs\n        type: uri\n        allow:\n        - name: x\n",
            "",
        );
        assert_eq!(changed, expected);
        for path in [
            &[ISSUERS, "https://a.exampl"],
            &[ISSUERS, "https://*.c.example"],
            &["ci-issuer-metadata", "https://a.example"],
        ] {
            assert_eq!(without(FILE, path), None, "{path:?}");
        }
    }

    #[test]
    fn a_member_of_an_entry_comes_and_goes() {
        let path = [ISSUERS, "https://a.example"];
        let changed = with_entry(FILE, &path, "jwks: '{}'").unwrap();
        let expected = FILE.replace("email\n\n", "email\n        jwks: '{}'\n\n");
        assert_eq!(changed, expected);
        let member = [ISSUERS, "https://a.example", "jwks"];
        assert_eq!(without(&changed, &member).as_deref(), Some(FILE));
        let absent = [ISSUERS, "https://z.example"];
        assert_eq!(with_entry(FILE, &absent, "jwks: '{}'"), None);
    }

    #[test]
    fn a_section_comes_and_goes() {
        let changed = with_entry("a: 1", &[ISSUERS], "k: {}").unwrap();
        assert_eq!(changed, "a: 1\noidc-issuers:\n  k: {}\n");
        let emptied = without(&changed, &[ISSUERS, "k"]).unwrap();
        assert_eq!(emptied, "a: 1\noidc-issuers: {}\n");
        assert_eq!(with_entry(&emptied, &[ISSUERS], "k: {}").unwrap(), changed);
    }
}
