use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Which addresses a document may be fetched from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Any: the operator wrote the URL.
    Anywhere,
    /// Those of the internet: a stranger or an issuer chose the URL. With a private address it would
    /// read what only this service can reach.
    Public,
}

/// An address that only hosts near this one can reach, or none that a server has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{host} has the address {address}, which is not public; only an issuer that stands in the file \
     of issuers by its exact url may have such an address, for itself and for keys on its own host"
)]
pub struct PrivateAddress {
    /// The host of the URL.
    pub host: String,
    /// Its address.
    pub address: IpAddr,
}

/// Checks a URL whose host is an address. Such a host is never resolved, so no resolver sees it.
pub(crate) fn check_literal(url: &Url) -> Result<(), PrivateAddress> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    check(&address.to_string(), address)
}

/// Whether a URL has a name or a password before its host.
pub(crate) fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether what is fetched from a URL can be read and changed on its way: it is not encrypted, and leaves this host.
pub(crate) fn is_in_the_open(url: &Url) -> bool {
    let stays = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        // Such names are of this host (RFC 6761 §6.3).
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    url.scheme() == "http" && !stays
}

/// Refuses an address that only hosts near this one can reach; `host` is named in the error.
pub(crate) fn check(host: &str, address: IpAddr) -> Result<(), PrivateAddress> {
    let is_public = match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    };
    if is_public {
        return Ok(());
    }
    Err(PrivateAddress {
        host: host.to_owned(),
        address,
    })
}

/// The special-purpose registry of IANA (RFC 6890) has every range that is left out here.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_special = match address.octets() {
        // This network, and the host that asks.
        [0, ..] => true,
        // Shared behind carriers (RFC 6598).
        [100, second, ..] => (64..128).contains(&second),
        // Protocol assignments, and the relays of 6to4.
        [192, 0, 0, _] | [192, 88, 99, _] => true,
        // Benchmarks (RFC 2544).
        [198, 18 | 19, ..] => true,
        // Reserved, and the broadcast.
        [240..=255, ..] => true,
        _ => false,
    };
    !is_special
        && !address.is_private()
        && !address.is_loopback()
        && !address.is_link_local()
        && !address.is_multicast()
        && !address.is_documentation()
}

/// Only `2000::/3` is global unicast, so what maps or translates to IPv4 is outside of it, but for the
/// tunnels below.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let is_special = match segments {
        // Protocol assignments, Teredo among them, which carry IPv4 addresses (RFC 2928).
        [0x2001, second, ..] => second < 0x200 || second == 0xdb8,
        // 6to4: any IPv4 address (RFC 3056).
        [0x2002, ..] => true,
        // Documentation (RFC 9637).
        [0x3fff, second, ..] => second < 0x1000,
        _ => false,
    };
    segments[0] & 0xe000 == 0x2000 && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for (address, public) in [
            ("8.8.8.8", true),
            ("100.63.255.255", true),
            ("100.128.0.1", true),
            ("172.15.0.1", true),
            ("172.32.0.1", true),
            ("192.0.1.1", true),
            ("223.255.255.255", true),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.0.0.1", false),
            ("100.64.0.1", false),
            ("100.127.255.255", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.0.0.1", false),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("198.51.100.1", false),
            ("203.0.113.1", false),
            ("224.0.0.1", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700::1111", true),
            ("2001:4860:4860::8888", true),
            ("2001:200::1", true),
            ("::", false),
            ("::1", false),
            ("::127.0.0.1", false),
            ("::ffff:8.8.8.8", false),
            ("::ffff:127.0.0.1", false),
            ("64:ff9b::a9fe:a9fe", false),
            ("64:ff9b:1::1", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:1ff::1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::1", false),
            ("3fff:fff::1", false),
            ("3fff:1000::1", true),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(check("host", parsed).is_ok(), public, "{address}");
        }
    }

    #[test]
    fn an_address_is_known_in_every_spelling_of_a_url() {
        for (url, public) in [
            ("https://8.8.8.8/", true),
            ("https://name.example/", true),
            ("https://127.0.0.1/", false),
            ("https://2130706433/", false),
            ("https://0x7f.1/", false),
            ("https://017700000001/", false),
            ("https://127.1:8443/", false),
            ("https://[::1]/", false),
            ("https://[::ffff:127.0.0.1]/", false),
            ("https://[::ffff:7f00:1]/", false),
            ("https://[fe80::1]/", false),
            ("https://\u{2460}27.0.0.1/", false),
        ] {
            let parsed = Url::parse(url).unwrap();
            assert_eq!(check_literal(&parsed).is_ok(), public, "{url}");
        }
    }

    #[test]
    fn what_leaves_this_host_unencrypted_is_in_the_open() {
        for (url, expected) in [
            ("http://issuer.example", true),
            ("http://10.0.0.1/", true),
            ("http://localhost.example/", true),
            ("http://notlocalhost/", true),
            ("http://localhost:8080", false),
            ("http://a.localhost/", false),
            ("http://127.0.0.1:1/", false),
            ("http://[::1]/", false),
            ("https://issuer.example", false),
        ] {
            let parsed = Url::parse(url).unwrap();
            assert_eq!(is_in_the_open(&parsed), expected, "{url}");
        }
    }
}
