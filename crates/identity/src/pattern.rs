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
}
