//! Whom a request comes from, when there are proxies between: `X-Forwarded-For` and `Forwarded` (RFC 7239).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use http::{HeaderMap, HeaderName, header};

use crate::address_block::AddressBlock;
use crate::listen::{CallerHeader, Listeners};

/// Who may name the caller of a request, and in which header.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies {
    pub(crate) trusted: Arc<[AddressBlock]>,
    header: CallerHeader,
}

impl Proxies {
    /// Those in front of the public listener.
    pub(crate) fn of(listeners: &Listeners) -> Self {
        Self {
            trusted: listeners.trusted_proxies.as_slice().into(),
            header: listeners.caller_header,
        }
    }

    /// The address that a request comes from. What `peer` says of others counts only if it is a trusted proxy; of the hops
    /// that it names, the last one that is no trusted proxy itself is the caller, because everything before it is only that
    /// caller's word. A hop that hides its address (RFC 7239 §6.2, §6.3) or that cannot be read ends what is known: the proxy
    /// that named it is then the caller.
    pub(crate) fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut known = peer.to_canonical();
        let (name, parse) = self.reading();
        for line in headers.get_all(name).iter().rev() {
            // A line that is no text has no hop that can be read.
            for hop in line.to_str().unwrap_or_default().rsplit(',') {
                if !self.trusts(known) {
                    return known;
                }
                let Some(hop) = parse(hop.trim()) else {
                    return known;
                };
                known = hop.to_canonical();
            }
        }
        known
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|block| block.contains(address))
    }

    /// The header that counts, and how the address of one hop is read from it.
    fn reading(&self) -> (HeaderName, fn(&str) -> Option<IpAddr>) {
        match self.header {
            CallerHeader::XForwardedFor => (X_FORWARDED_FOR, address),
            CallerHeader::Forwarded => (header::FORWARDED, forwarded_for),
        }
    }
}

/// The address in one element of `Forwarded`: that of its `for` (RFC 7239 §4). A comma within a quoted value would split
/// the element, and no address has one.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let node = node.trim();
    let node = match node.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => node,
    };
    address(node)
}

/// An address with or without a port, an IPv6 one with or without brackets.
fn address(node: &str) -> Option<IpAddr> {
    let bracketed = || node.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    node.parse()
        .ok()
        .or_else(|| bracketed().map(|address: Ipv6Addr| address.into()))
        .or_else(|| node.parse().ok().map(|socket: SocketAddr| socket.ip()))
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use CallerHeader::{Forwarded, XForwardedFor};

    const PROXY: &str = "10.0.0.1";

    fn caller_of(header: CallerHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, HeaderValue::from_str(line).unwrap());
        }
        let trusted = ["10.0.0.0/8", "::1"].map(|block| block.parse().unwrap());
        let trusted = Arc::new(trusted);
        let caller = Proxies { trusted, header }.caller(peer.parse().unwrap(), &headers);
        caller.to_string()
    }

    #[test]
    fn a_stranger_speaks_for_nobody_else() {
        for (header, lines) in [
            (XForwardedFor, [("x-forwarded-for", "192.0.2.1")]),
            (Forwarded, [("forwarded", "for=192.0.2.1")]),
        ] {
            assert_eq!(caller_of(header, "203.0.113.9", &lines), "203.0.113.9");
            assert_eq!(caller_of(header, PROXY, &lines), "192.0.2.1");
            assert_eq!(caller_of(header, PROXY, &[]), PROXY);
        }
        let mapped = caller_of(XForwardedFor, "::ffff:203.0.113.9", &[]);
        assert_eq!(mapped, "203.0.113.9");
    }

    #[test]
    fn the_caller_is_the_last_hop_that_is_no_trusted_proxy() {
        for (line, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            // What the caller wrote itself is before what the proxy wrote.
            ("198.51.100.1, 192.0.2.1", "192.0.2.1"),
            ("10.9.9.9, 192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, 10.0.0.2", "192.0.2.1"),
            ("192.0.2.1:4711,10.0.0.2", "192.0.2.1"),
            ("2001:db8::7, ::1", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            // All of them are ours: the one farthest away asked by itself.
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            // The trusted proxy says that it does not know.
            ("192.0.2.1, unknown", PROXY),
            ("192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("", PROXY),
            ("192.0.2.1,", PROXY),
            ("192.0.2.1, <script>", PROXY),
        ] {
            let found = caller_of(XForwardedFor, PROXY, &[("x-forwarded-for", line)]);
            assert_eq!(found, expected, "{line}");
        }
        let lines = [
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-for", "192.0.2.1, 10.0.0.2"),
        ];
        assert_eq!(caller_of(XForwardedFor, PROXY, &lines), "192.0.2.1");
    }

    #[test]
    fn the_standard_header_is_read_as_the_standard_says() {
        for (line, expected) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=\"192.0.2.1:4711\"; proto=https", "192.0.2.1"),
            ("proto=https;for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            (
                "for=198.51.100.1, for=192.0.2.1;by=10.0.0.2, for=10.0.0.2",
                "192.0.2.1",
            ),
            ("for=192.0.2.1, for=_hidden", PROXY),
            ("for=192.0.2.1, for=unknown", PROXY),
            ("for=192.0.2.1, proto=https", PROXY),
            ("for=\"192.0.2.1", PROXY),
        ] {
            let found = caller_of(Forwarded, PROXY, &[("forwarded", line)]);
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn a_caller_neither_changes_nor_hides_its_address_with_the_other_header() {
        for forwarded in ["for=198.51.100.1", "for=unknown", "", "<script>"] {
            let lines = [("forwarded", forwarded), ("x-forwarded-for", "192.0.2.1")];
            assert_eq!(caller_of(XForwardedFor, PROXY, &lines), "192.0.2.1");
        }
        for x_forwarded in ["198.51.100.1", "unknown", "", "<script>"] {
            let lines = [
                ("forwarded", "for=192.0.2.1"),
                ("x-forwarded-for", x_forwarded),
            ];
            assert_eq!(caller_of(Forwarded, PROXY, &lines), "192.0.2.1");
        }
        // Without the header that counts, the proxy asked by itself.
        let other = [("forwarded", "for=192.0.2.1")];
        assert_eq!(caller_of(XForwardedFor, PROXY, &other), PROXY);
    }
}
