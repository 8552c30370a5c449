use std::fmt;

/// The path of a claim, `$.a.b` or `$['https://ns/x'].b`: the part of `JSONPath` (RFC 9535) that
/// leads to one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimPath(Vec<String>);

/// Why a text is no such path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// RFC 9535 §2.2: every path does.
    #[error("it does not begin with $")]
    Root,
    /// All claims are no issuer.
    #[error("it names no claim")]
    Empty,
    /// RFC 9535 §2.3.2.
    #[error("wildcards (*) are not supported")]
    Wildcard,
    /// RFC 9535 §2.5.2.
    #[error("descendants (..) are not supported")]
    Descendant,
    /// RFC 9535 §2.3.5.
    #[error("filters (?) are not supported")]
    Filter,
    /// RFC 9535 §2.3.4.
    #[error("slices (:) are not supported")]
    Slice,
    /// RFC 9535 §2.3.3.
    #[error("positions in lists ([0]) are not supported")]
    Index,
    /// RFC 9535 §2.5.1.
    #[error("several selectors in one pair of brackets (,) are not supported")]
    Union,
    /// Texts are short.
    #[error("escapes (\\) in names are not supported")]
    Escape,
    /// Anything else.
    #[error("it is not written like $.a.b or $['a']['b']")]
    Syntax,
}

impl ClaimPath {
    pub(crate) fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    pub(crate) fn parse(text: &str) -> Result<Self, PathFault> {
        let mut rest = text.strip_prefix('$').ok_or(PathFault::Root)?;
        let mut names = Vec::new();
        while !rest.is_empty() {
            let (name, after) = match (rest.strip_prefix('.'), rest.strip_prefix('[')) {
                (Some(dotted), _) => dotted_name(dotted)?,
                (_, Some(bracketed)) => bracketed_name(bracketed)?,
                _ => return Err(PathFault::Syntax),
            };
            names.push(name.to_owned());
            rest = after;
        }
        if names.is_empty() {
            return Err(PathFault::Empty);
        }
        Ok(Self(names))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for name in self.names() {
            if name.bytes().all(is_name_byte) {
                write!(f, ".{name}")?;
            } else {
                write!(f, "['{name}']")?;
            }
        }
        Ok(())
    }
}

fn dotted_name(text: &str) -> Result<(&str, &str), PathFault> {
    let end = text.bytes().position(|byte| !is_name_byte(byte));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    if !name.is_empty() {
        return Ok((name, rest));
    }
    Err(match rest.bytes().next() {
        Some(b'.') => PathFault::Descendant,
        Some(b'*') => PathFault::Wildcard,
        _ => PathFault::Syntax,
    })
}

fn bracketed_name(text: &str) -> Result<(&str, &str), PathFault> {
    let text = text.trim_start();
    let Some(quote) = text.chars().next().filter(|first| "'\"".contains(*first)) else {
        return Err(unquoted(text));
    };
    let quoted = text.get(1..).unwrap_or_default();
    let (name, rest) = quoted.split_once(quote).ok_or(PathFault::Syntax)?;
    if name.contains('\\') {
        return Err(PathFault::Escape);
    }
    let rest = rest.trim_start();
    if rest.starts_with(',') {
        return Err(PathFault::Union);
    }
    let rest = rest.strip_prefix(']').ok_or(PathFault::Syntax)?;
    Ok((name, rest))
}

fn unquoted(text: &str) -> PathFault {
    let selector = text.split(']').next().unwrap_or_default();
    match text.bytes().next() {
        Some(b'*') => PathFault::Wildcard,
        Some(b'?') => PathFault::Filter,
        _ if selector.contains(',') => PathFault::Union,
        _ if selector.contains(':') => PathFault::Slice,
        Some(b'0'..=b'9' | b'-') => PathFault::Index,
        _ => PathFault::Syntax,
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_through_names_in_both_spellings() {
        for (text, names) in [
            ("$.a", vec!["a"]),
            (
                "$.federated_claims.connector_id",
                vec!["federated_claims", "connector_id"],
            ),
            (
                "$['https://example.com/issuer']",
                vec!["https://example.com/issuer"],
            ),
            ("$[\"a b\"]['c'].d", vec!["a b", "c", "d"]),
            ("$[ 'a' ]", vec!["a"]),
            ("$['it]s']", vec!["it]s"]),
        ] {
            let path = ClaimPath::parse(text).unwrap();
            assert_eq!(path, ClaimPath::of(&names), "{text}");
            assert_eq!(ClaimPath::parse(&path.to_string()), Ok(path), "{text}");
        }
    }

    #[test]
    fn refuses_other_constructs_by_their_name() {
        for (text, expected) in [
            ("", PathFault::Root),
            ("a.b", PathFault::Root),
            ("$", PathFault::Empty),
            ("$.", PathFault::Syntax),
            ("$a", PathFault::Syntax),
            ("$.a.", PathFault::Syntax),
            ("$..a", PathFault::Descendant),
            ("$.a..b", PathFault::Descendant),
            ("$.*", PathFault::Wildcard),
            ("$.a.*", PathFault::Wildcard),
            ("$[*]", PathFault::Wildcard),
            ("$.a[0]", PathFault::Index),
            ("$.a[-1]", PathFault::Index),
            ("$.a[0:2]", PathFault::Slice),
            ("$.a[:]", PathFault::Slice),
            ("$.a[0,1]", PathFault::Union),
            ("$['a','b']", PathFault::Union),
            ("$[?(@.a)]", PathFault::Filter),
            ("$['it\\'s']", PathFault::Escape),
            ("$['a'", PathFault::Syntax),
            ("$['a]", PathFault::Syntax),
            ("$[a]", PathFault::Syntax),
            ("$['a']b", PathFault::Syntax),
        ] {
            assert_eq!(ClaimPath::parse(text), Err(expected), "{text}");
        }
    }
}
