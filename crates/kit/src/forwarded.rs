//! Whom a request comes from, when proxies stand between: `Forwarded` (RFC 7239) and `X-Forwarded-For`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName, header};

use crate::address_block::AddressBlock;

/// The address that a request comes from. What `peer` says of others counts only if it is a trusted proxy; of the hops that it
/// names, the last one that is no trusted proxy itself is the caller, because everything before it is only that caller's word.
///
/// A proxy writes one of the two headers and may pass on what a caller wrote into the other. If they name different callers
/// nobody knows which is true, and the request is one of the proxy's own.
pub(crate) fn caller(peer: IpAddr, headers: &HeaderMap, trusted: &[AddressBlock]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let forwarded = named(headers, &header::FORWARDED, peer, trusted, forwarded_for);
    let x_forwarded = named(headers, &X_FORWARDED_FOR, peer, trusted, address);
    match (forwarded, x_forwarded) {
        (Some(one), Some(other)) if one != other => peer,
        (Some(caller), _) | (None, Some(caller)) => caller,
        (None, None) => peer,
    }
}

/// The caller by one header, if there is one. A hop that hides its address (RFC 7239 §6.2, §6.3) or that cannot be read ends
/// what is known: the proxy that named it is then the last one that is.
fn named(
    headers: &HeaderMap,
    name: &HeaderName,
    peer: IpAddr,
    trusted: &[AddressBlock],
    parse: fn(&str) -> Option<IpAddr>,
) -> Option<IpAddr> {
    let lines: Vec<_> = headers.get_all(name).iter().collect();
    let mut known = peer;
    for line in lines.iter().rev() {
        let Ok(line) = line.to_str() else {
            return Some(known);
        };
        for hop in line.rsplit(',') {
            let Some(hop) = parse(hop.trim()) else {
                return Some(known);
            };
            known = hop.to_canonical();
            if !is_trusted(known, trusted) {
                return Some(known);
            }
        }
    }
    (!lines.is_empty()).then_some(known)
}

fn is_trusted(address: IpAddr, trusted: &[AddressBlock]) -> bool {
    trusted.iter().any(|block| block.contains(address))
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

    const PROXY: &str = "10.0.0.1";

    fn caller_of(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, HeaderValue::from_str(line).unwrap());
        }
        let trusted = ["10.0.0.0/8", "::1"].map(|block| block.parse().unwrap());
        caller(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_speaks_for_nobody_else() {
        for lines in [
            [("x-forwarded-for", "192.0.2.1")],
            [("forwarded", "for=192.0.2.1")],
        ] {
            assert_eq!(caller_of("203.0.113.9", &lines), "203.0.113.9");
            assert_eq!(caller_of(PROXY, &lines), "192.0.2.1");
        }
        assert_eq!(caller_of("::ffff:203.0.113.9", &[]), "203.0.113.9");
    }

    #[test]
    fn the_caller_is_the_last_hop_that_is_no_trusted_proxy() {
        for (line, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            // What the caller wrote itself stands before what the proxy wrote.
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
            let found = caller_of(PROXY, &[("x-forwarded-for", line)]);
            assert_eq!(found, expected, "{line}");
        }
        let lines = [
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-for", "192.0.2.1, 10.0.0.2"),
        ];
        assert_eq!(caller_of(PROXY, &lines), "192.0.2.1");
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
            let found = caller_of(PROXY, &[("forwarded", line)]);
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn a_header_that_the_proxy_does_not_write_cannot_name_another_caller() {
        let both = |forwarded: &'static str| {
            let lines = [("forwarded", forwarded), ("x-forwarded-for", "192.0.2.1")];
            caller_of(PROXY, &lines)
        };
        assert_eq!(both("for=192.0.2.1"), "192.0.2.1");
        assert_eq!(both("for=198.51.100.1"), PROXY);
    }
}
