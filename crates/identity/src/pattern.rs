use std::collections::BTreeMap;

/// The entry whose pattern matches the URL with the fewest bytes left to `*`. Of several alike, the first in
/// the order of their patterns, so that the same token always means the same.
pub(crate) fn closest<'a, T>(entries: &'a BTreeMap<String, T>, url: &str) -> Option<&'a T> {
    closest_entry(entries, url).map(|(_, entry)| entry)
}

/// As [`closest`], with the pattern.
pub(crate) fn closest_entry<'a, T>(
    entries: &'a BTreeMap<String, T>,
    url: &str,
) -> Option<(&'a str, &'a T)> {
    let literal = |pattern: &str| pattern.bytes().filter(|byte| *byte != b'*').count();
    entries
        .iter()
        .rev()
        .filter(|(pattern, _)| matches(pattern, url))
        .max_by_key(|(pattern, _)| literal(pattern))
        .map(|(pattern, entry)| (pattern.as_str(), entry))
}

/// Whether an issuer's URL matches the pattern of a meta-issuer: `*` stands for one or more letters,
/// digits, hyphens and underscores, everything else for itself, from the first byte to the last.
///
/// A `*` that matched dots or slashes would let `evil.example/…` pass for a host of the pattern.
pub(crate) fn matches(pattern: &str, url: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(rest) = url.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    matches_parts(&parts, rest)
}

/// Each part stands behind one `*`. The set of places that a part can end at is carried along, so
/// that no pattern takes more than quadratic time.
fn matches_parts(parts: &[&str], text: &str) -> bool {
    let mut starts = vec![text];
    for part in parts {
        let mut ends: Vec<&str> = Vec::new();
        for start in &starts {
            let run = start.bytes().take_while(|byte| is_star_byte(*byte)).count();
            let after_star = (1..=run).filter_map(|length| start.get(length..));
            ends.extend(after_star.filter_map(|rest| rest.strip_prefix(*part)));
        }
        ends.sort_unstable_by_key(|rest| rest.len());
        ends.dedup_by_key(|rest| rest.len());
        starts = ends;
    }
    starts.iter().any(|rest| rest.is_empty())
}

fn is_star_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_label_or_segment() {
        let eks = "https://oidc.eks.*.amazonaws.com/id/*";
        for (pattern, url, expected) in [
            (
                eks,
                "https://oidc.eks.us-west-2.amazonaws.com/id/B02C93",
                true,
            ),
            (eks, "https://oidc.eks.us-west-2.amazonaws.com/id/", false),
            (eks, "https://oidc.eks..amazonaws.com/id/B02C93", false),
            (eks, "https://oidc.eks.a.b.amazonaws.com/id/B02C93", false),
            (eks, "https://oidc.eks.a.amazonaws.com/id/b/c", false),
            (eks, "https://oidc.eks.a.amazonaws.com/id/b?c", false),
            (eks, "https://oidc.eks.evil.org/x.amazonaws.com/id/b", false),
            (eks, "xhttps://oidc.eks.a.amazonaws.com/id/b", false),
            (eks, "https://oidc.eks.a.amazonawsXcom/id/b", false),
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "https://a.example/", false),
            ("https://*a*", "https://xaay", true),
            ("https://**", "https://ab", true),
            ("https://**", "https://a", false),
            ("https://*-x", "https://a-x-x", true),
        ] {
            assert_eq!(matches(pattern, url), expected, "{pattern} {url}");
        }
    }

    #[test]
    fn of_overlapping_patterns_the_one_with_more_text_counts() {
        let entries = |patterns: &[&str]| -> BTreeMap<String, String> {
            let entry = |pattern: &&str| ((*pattern).to_owned(), (*pattern).to_owned());
            patterns.iter().map(entry).collect()
        };
        for (patterns, url, expected) in [
            (
                ["https://*.example/*", "https://ci.example/*"],
                "https://ci.example/a",
                Some("https://ci.example/*"),
            ),
            (
                ["https://*.example/*", "https://ci.example/*"],
                "https://cd.example/a",
                Some("https://*.example/*"),
            ),
            (
                ["https://ci.example/*", "https://*.example/org"],
                "https://ci.example/org",
                Some("https://*.example/org"),
            ),
            (
                ["https://a*.example", "https://*b.example"],
                "https://ab.example",
                Some("https://*b.example"),
            ),
            (
                ["https://a*.example", "https://*b.example"],
                "https://ba.example",
                None,
            ),
        ] {
            let entries = entries(&patterns);
            assert_eq!(
                closest(&entries, url).map(String::as_str),
                expected,
                "{url}"
            );
        }
    }
}
