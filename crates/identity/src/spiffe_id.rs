/// The name of a workload: `spiffe://TRUST-DOMAIN/PATH` (SPIFFE-ID §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpiffeId<'a> {
    trust_domain: &'a str,
}

impl<'a> SpiffeId<'a> {
    /// On refusal, what is expected.
    pub(crate) fn parse(text: &'a str) -> Result<Self, &'static str> {
        if text.len() > MAX_BYTES {
            return Err("at most 2048 bytes");
        }
        let rest = text.strip_prefix(SCHEME).ok_or("spiffe:// before it")?;
        let (trust_domain, path) = match rest.split_once('/') {
            Some((trust_domain, path)) => (trust_domain, Some(path)),
            None => (rest, None),
        };
        if !is_trust_domain(trust_domain) {
            return Err(
                "a trust domain of lower-case letters, digits, dots, hyphens and underscores",
            );
        }
        let is_segment = |segment: &str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !matches!(segment, "" | "." | "..") && segment.bytes().all(allowed)
        };
        if !path.is_none_or(|path| path.split('/').all(is_segment)) {
            return Err(
                "segments of letters, digits, dots, hyphens and underscores, \
                 none of them empty, one dot or two",
            );
        }
        Ok(Self { trust_domain })
    }

    pub(crate) fn trust_domain(&self) -> &'a str {
        self.trust_domain
    }
}

/// SPIFFE-ID §2.1: the alphabet and length of the name of a trust domain.
pub(crate) fn is_trust_domain(name: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    (1..=MAX_TRUST_DOMAIN_BYTES).contains(&name.len()) && name.bytes().all(allowed)
}

/// What every SPIFFE ID begins with.
pub(crate) const SCHEME: &str = "spiffe://";

/// SPIFFE-ID §2.3.
const MAX_BYTES: usize = 2048;
/// SPIFFE-ID §2.1, from RFC 3986.
const MAX_TRUST_DOMAIN_BYTES: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_specification_allows_and_nothing_else() {
        for (text, expected) in [
            (
                "spiffe://example.org/ns/default/sa/web",
                Some("example.org"),
            ),
            ("spiffe://example.org", Some("example.org")),
            ("spiffe://a_b-c.1/A.b_c-1", Some("a_b-c.1")),
            ("spiffe://example.org/...", Some("example.org")),
            ("", None),
            ("spiffe://", None),
            ("spiffe:///x", None),
            ("SPIFFE://example.org/x", None),
            ("https://example.org/x", None),
            ("spiffe:example.org/x", None),
            ("spiffe://Example.org/x", None),
            ("spiffe://example.org:443/x", None),
            ("spiffe://a@example.org/x", None),
            ("spiffe://example.org/", None),
            ("spiffe://example.org/x/", None),
            ("spiffe://example.org//x", None),
            ("spiffe://example.org/./x", None),
            ("spiffe://example.org/x/..", None),
            ("spiffe://example.org/a%20b", None),
            ("spiffe://example.org/ä", None),
            ("spiffe://example.org/x?y", None),
            ("spiffe://example.org/x#y", None),
        ] {
            let found = SpiffeId::parse(text).ok().map(|id| id.trust_domain());
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn has_a_bound() {
        let id = |bytes: usize| format!("spiffe://a/{}", "x".repeat(bytes - 11));
        assert!(SpiffeId::parse(&id(2048)).is_ok());
        assert_eq!(SpiffeId::parse(&id(2049)), Err("at most 2048 bytes"));
        assert!(is_trust_domain(&"a".repeat(255)));
        assert!(!is_trust_domain(&"a".repeat(256)));
    }
}
