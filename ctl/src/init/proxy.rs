//! The reverse proxy in front of an instance that is made.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use clap::Args;
use sigstead_kit::AddressBlock;

use crate::failure::Failure;
use crate::instance::Proxy;
use crate::names::parse_domain;

/// What clients reach the services through.
#[derive(Args)]
pub(super) struct BehindProxy {
    /// The domain below which the proxy gives each service and each log a name of its own, such as `ca.DOMAIN`, all on port
    /// 443.
    #[arg(long, help_heading = HEADING, group = "proxied", conflicts_with = "host", value_parser = parse_domain)]
    domain: Option<String>,

    /// The first of the ports of a proxy that has one name, --host: one port for each service, in a row.
    #[arg(long, help_heading = HEADING, group = "proxied", value_name = "PORT",
          value_parser = clap::value_parser!(u16).range(1..=i64::from(Proxy::HIGHEST_FIRST_PORT)))]
    proxy_base_port: Option<u16>,

    /// The addresses that the proxy connects from, such as 10.0.0.7 or 10.0.0.0/24; who else names a caller is not believed.
    /// Default: loopback, if the services listen there.
    #[arg(long, help_heading = HEADING, requires = "proxied", value_name = "ADDRESSES")]
    trusted_proxy: Vec<AddressBlock>,
}

impl BehindProxy {
    pub(super) fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    pub(super) fn proxy(&self) -> Option<Proxy> {
        (self.domain.is_some() || self.proxy_base_port.is_some()).then_some(Proxy {
            first_port: self.proxy_base_port,
        })
    }

    /// Who may name the callers, of services that listen at `listen`.
    pub(super) fn trusted(&self, listen: Option<IpAddr>) -> Result<Vec<AddressBlock>, Failure> {
        if self.proxy().is_none() || !self.trusted_proxy.is_empty() {
            return Ok(self.trusted_proxy.clone());
        }
        if listen.is_none_or(|address| address.is_loopback()) {
            let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Ok(loopback.map(AddressBlock::from).to_vec());
        }
        Err(Failure::new(
            "E-CTL-012",
            "nobody knows where the reverse proxy connects from, so all callers would be one",
            "name its addresses with --trusted-proxy, or leave --listen out for a proxy on this machine",
        ))
    }
}

const HEADING: &str = "Behind a reverse proxy";

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(
        domain: Option<&str>,
        listen: Option<&str>,
        named: &[&str],
    ) -> Result<Vec<String>, String> {
        let behind = BehindProxy {
            domain: domain.map(str::to_owned),
            proxy_base_port: None,
            trusted_proxy: named.iter().map(|block| block.parse().unwrap()).collect(),
        };
        let trusted = behind.trusted(listen.map(|address| address.parse().unwrap()));
        let shown = |blocks: Vec<AddressBlock>| blocks.iter().map(ToString::to_string).collect();
        trusted
            .map(shown)
            .map_err(|failure| failure.code().to_owned())
    }

    #[test]
    fn who_names_callers_is_known_from_the_first_start() {
        let loopback = Ok(vec!["127.0.0.1/32".to_owned(), "::1/128".to_owned()]);
        let domain = Some("sig.example");
        assert_eq!(trusted(domain, None, &[]), loopback);
        assert_eq!(trusted(domain, Some("127.0.0.2"), &[]), loopback);
        assert_eq!(trusted(None, None, &[]), Ok(Vec::new()));
        let named = Ok(vec!["10.0.0.0/24".to_owned()]);
        assert_eq!(trusted(domain, None, &["10.0.0.0/24"]), named);
        assert_eq!(trusted(domain, Some("10.0.0.5"), &["10.0.0.0/24"]), named);
        for listen in ["10.0.0.5", "::", "0.0.0.0"] {
            let refused = trusted(domain, Some(listen), &[]);
            assert_eq!(refused, Err("E-CTL-012".to_owned()), "{listen}");
        }
    }
}
