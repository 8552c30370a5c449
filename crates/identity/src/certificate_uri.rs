use std::fmt;
use std::net::Ipv6Addr;

mod escape;

use escape::{Part, decode, encode, normal};

/// A URL that names somebody or something in a certificate.
///
/// Verifiers compare the texts, byte by byte, with those of Fulcio, which are what `net/url` of Go
/// makes of a URL; the URL standard of browsers makes another text of many. This type reads and
/// writes as Go does, and takes only URLs with a scheme and a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateUri {
    scheme: String,
    /// With the `@` behind it.
    user_info: Option<String>,
    /// With the port; percent-encoding is undone.
    host: Vec<u8>,
    path: String,
    query: Option<String>,
    fragment: String,
}

/// Why a text is no such URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UriFault {
    #[error("which contains a control character")]
    Control,
    #[error("which has no scheme")]
    Scheme,
    #[error("which has no host")]
    HostMissing,
    #[error("whose host is malformed")]
    Host,
    #[error("whose port is malformed")]
    Port,
    #[error("whose user information is malformed")]
    UserInfo,
    #[error("which has a percent sign without two hexadecimal digits")]
    Escape,
}

impl CertificateUri {
    pub(crate) fn parse(text: &str) -> Result<Self, UriFault> {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(UriFault::Control);
        }
        let (scheme, rest) = split_scheme(text).ok_or(UriFault::Scheme)?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let rest = rest.strip_prefix("//").ok_or(UriFault::HostMissing)?;
        let path_start = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path_start);
        let (user_info, host) = match authority.rsplit_once('@') {
            Some((user_info, host)) => (Some(read_user_info(user_info)?), host),
            None => (None, authority),
        };
        let scheme = scheme.to_ascii_lowercase();
        let host = read_host(host, &scheme)?;
        if host.is_empty() {
            return Err(UriFault::HostMissing);
        }
        Ok(Self {
            scheme,
            user_info,
            host,
            path: normal(path, Part::Path)?,
            query,
            fragment: normal(fragment, Part::Fragment)?,
        })
    }

    /// The URL whose path goes on with these elements, without empty, `.` and `..` segments.
    pub(crate) fn join(&self, elements: &[&str]) -> Result<Self, UriFault> {
        let mut segments: Vec<&str> = Vec::new();
        let paths = std::iter::once(self.path.as_str()).chain(elements.iter().copied());
        for segment in paths.flat_map(|path| path.split('/')) {
            match segment {
                "" | "." => {}
                ".." => drop(segments.pop()),
                segment => segments.push(segment),
            }
        }
        let mut path = match segments.as_slice() {
            [] if self.path.is_empty() => String::new(),
            segments => format!("/{}", segments.join("/")),
        };
        let ends_open = elements.last().is_some_and(|last| last.ends_with('/'));
        if ends_open && !path.ends_with('/') {
            path.push('/');
        }
        Ok(Self {
            path: normal(&path, Part::Path)?,
            ..self.clone()
        })
    }

    pub(crate) fn scheme(&self) -> &str {
        &self.scheme
    }

    pub(crate) fn has_user_info(&self) -> bool {
        self.user_info.is_some()
    }

    /// The host without its port and without the brackets of an address.
    pub(crate) fn hostname(&self) -> &[u8] {
        let colon = self.host.iter().rposition(|byte| *byte == b':');
        let host = match colon.and_then(|colon| self.host.split_at_checked(colon)) {
            Some((host, port)) if is_port(port) => host,
            _ => &self.host,
        };
        let inner = host.strip_prefix(b"[");
        inner
            .and_then(|host| host.strip_suffix(b"]"))
            .unwrap_or(host)
    }
}

impl fmt::Display for CertificateUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user_info = self.user_info.as_deref().unwrap_or_default();
        let host = encode(&self.host, Part::Host);
        write!(f, "{}://{user_info}{host}{}", self.scheme, self.path)?;
        if let Some(query) = &self.query {
            write!(f, "?{query}")?;
        }
        if !self.fragment.is_empty() {
            write!(f, "#{}", self.fragment)?;
        }
        Ok(())
    }
}

fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let starts = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    (starts && scheme.bytes().all(allowed)).then_some((scheme, rest))
}

fn read_user_info(text: &str) -> Result<String, UriFault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !text.bytes().all(allowed) {
        return Err(UriFault::UserInfo);
    }
    let written =
        |part| decode(part, Part::UserInfo).map(|decoded| encode(&decoded, Part::UserInfo));
    Ok(match text.split_once(':') {
        Some((name, password)) => format!("{}:{}@", written(name)?, written(password)?),
        None => format!("{}@", written(text)?),
    })
}

fn read_host(text: &str, scheme: &str) -> Result<Vec<u8>, UriFault> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.rsplit_once(']').ok_or(UriFault::Host)?;
        if !is_port(port.as_bytes()) {
            return Err(UriFault::Port);
        }
        address.parse::<Ipv6Addr>().map_err(|_| UriFault::Host)?;
        return Ok(text.as_bytes().to_vec());
    }
    if text.contains('[') {
        return Err(UriFault::Host);
    }
    // Go has let other schemes have several hosts with ports.
    let colon = match scheme {
        "http" | "https" => text.find(':'),
        _ => text.rfind(':'),
    };
    let port = colon.and_then(|colon| text.get(colon..));
    if !port.is_none_or(|port| is_port(port.as_bytes())) {
        return Err(UriFault::Port);
    }
    decode(text, Part::Host)
}

/// Nothing, or a colon and digits.
fn is_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((colon, digits)) => *colon == b':' && digits.iter().all(u8::is_ascii_digit),
    }
}

#[cfg(test)]
mod tests;
