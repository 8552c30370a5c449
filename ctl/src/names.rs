//! What an instance, its host and its listeners may be called.

use std::net::{IpAddr, Ipv4Addr};

use url::Host;

/// A DNS label: it becomes part of log names.
pub(crate) fn parse_name(text: &str) -> Result<String, String> {
    if is_label(text) && text.len() <= 40 {
        return Ok(text.to_owned());
    }
    Err("write 1 to 40 lower-case letters, digits and inner hyphens".to_owned())
}

/// A host name or address, without scheme, port or path.
pub(crate) fn parse_host(text: &str) -> Result<String, String> {
    let refused = || {
        format!(
            "`{text}` is not one; write a name such as sig.example.com, or an address, without scheme, port or path"
        )
    };
    // An IPv6 address may come without the brackets that URLs need.
    if let Ok(IpAddr::V6(address)) = text.parse() {
        return Ok(format!("[{address}]"));
    }
    match Host::parse(text).map_err(|_| refused())? {
        Host::Domain(name) if name.len() <= 253 && name.split('.').all(is_label) => Ok(name),
        Host::Domain(_) => Err(refused()),
        address => Ok(address.to_string()),
    }
}

/// A domain that services have names below.
pub(crate) fn parse_domain(text: &str) -> Result<String, String> {
    let host = parse_host(text)?;
    match Host::parse(&host) {
        // The longest name below it is a label longer.
        Ok(Host::Domain(name)) if name.len() <= 200 => Ok(name),
        _ => Err(format!(
            "`{text}` is not one; write a domain such as sig.example.com"
        )),
    }
}

/// The address on which the services listen for clients of `host`, if nobody chose another: whoever names this machine's
/// loopback wants no one else to reach it.
pub(crate) fn listen_address(host: &str) -> IpAddr {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) if address.is_loopback() => address,
        Err(_) if host == "localhost" || host.ends_with(".localhost") => loopback,
        // Both families: an unspecified IPv6 address takes IPv4 connections too.
        _ => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
    }
}

fn is_label(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(is_plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        for name in ["a", "acme", "acme-2"] {
            assert!(parse_name(name).is_ok(), "{name}");
        }
        for name in ["", "-a", "a-", "Acme", "a.b", "a b", &"a".repeat(41)] {
            assert!(parse_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn hosts_have_no_scheme_port_or_path_and_stand_for_one_host() {
        for (host, kept) in [
            ("localhost", "localhost"),
            ("Sigstore.Example.com", "sigstore.example.com"),
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "[2001:db8::1]"),
            ("[2001:db8::1]", "[2001:db8::1]"),
        ] {
            assert_eq!(parse_host(host).as_deref(), Ok(kept));
        }
        let long = format!("{}.com", "a".repeat(64));
        for host in [
            "",
            "http://a",
            "a:1",
            "a:443",
            "a/b",
            "a b",
            "*",
            "*.example.com",
            "a_b",
            "-a.com",
            "a..b",
            ".",
            "\u{1b}",
            &long,
        ] {
            let refused = parse_host(host).unwrap_err();
            assert!(
                refused.contains("without scheme, port or path"),
                "{host}: {refused}"
            );
        }
    }

    #[test]
    fn a_domain_is_a_name() {
        assert_eq!(
            parse_domain("Sig.Example.com").as_deref(),
            Ok("sig.example.com")
        );
        for text in [
            "192.0.2.1",
            "[2001:db8::1]",
            "2001:db8::1",
            "a:443",
            "https://a.com",
        ] {
            assert!(parse_domain(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_loopback_host_listens_on_loopback_and_any_other_everywhere() {
        for (host, address) in [
            ("localhost", "127.0.0.1"),
            ("sig.localhost", "127.0.0.1"),
            ("127.0.0.1", "127.0.0.1"),
            ("127.9.8.7", "127.9.8.7"),
            ("[::1]", "::1"),
            ("sig.example.com", "::"),
            ("localhost.example.com", "::"),
            ("192.0.2.1", "::"),
            ("[2001:db8::1]", "::"),
        ] {
            assert_eq!(listen_address(host).to_string(), address, "{host}");
        }
    }
}
