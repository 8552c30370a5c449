//! Which subjects an issuer may speak for: the last two labels of the host names must agree.

use url::Url;

use crate::ConfigFault;
use crate::certificate_uri::CertificateUri;

/// A `uri` issuer's domain: a URL with the issuer's scheme and a host of the issuer's domain.
pub(crate) fn validate_uri(domain: &str, issuer: &Url) -> Result<(), ConfigFault> {
    if domain.is_empty() {
        return Err(ConfigFault::SubjectDomainMissing);
    }
    let domain = Url::parse(domain).map_err(|_| ConfigFault::SubjectDomainNotUrl)?;
    // Subjects are compared with the text, whose host must be written as browsers write it too.
    let host = domain.host_str().ok_or(ConfigFault::SubjectDomainNotUrl)?;
    if domain.scheme() != issuer.scheme() || !shares_domain(host, issuer) {
        return Err(ConfigFault::SubjectDomainForeign);
    }
    Ok(())
}

/// A `username` issuer's domain: a bare host name of the issuer's domain.
pub(crate) fn validate_username(domain: &str, issuer: &Url) -> Result<(), ConfigFault> {
    if domain.is_empty() {
        return Err(ConfigFault::SubjectDomainMissing);
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    if !domain.bytes().all(allowed) {
        return Err(ConfigFault::SubjectDomainNotHost);
    }
    if !shares_domain(domain, issuer) {
        return Err(ConfigFault::SubjectDomainForeign);
    }
    Ok(())
}

/// Whether a subject is a URI of the domain: same scheme, same host.
pub(crate) fn covers(domain: &str, subject: &CertificateUri) -> bool {
    CertificateUri::parse(domain).is_ok_and(|domain| {
        domain.scheme() == subject.scheme() && domain.hostname() == subject.hostname()
    })
}

fn shares_domain(host: &str, issuer: &Url) -> bool {
    let Some(issuer_host) = issuer.host_str() else {
        return false;
    };
    if host == issuer_host {
        return true;
    }
    // Labels of an address are not a domain: 10.0.0.1 and 10.1.0.1 belong to nobody in common.
    let is_name = matches!(issuer.host(), Some(url::Host::Domain(_)));
    is_name
        && last_two_labels(host).is_some_and(|labels| Some(labels) == last_two_labels(issuer_host))
}

fn last_two_labels(host: &str) -> Option<(&str, &str)> {
    let mut labels = host.rsplit('.');
    let top = labels.next().filter(|label| !label.is_empty())?;
    let second = labels.next().filter(|label| !label.is_empty())?;
    Some((second, top))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_speaks_for_hosts_of_its_own_domain_only() {
        for (domain, issuer, expected) in [
            (
                "https://example.com",
                "https://accounts.example.com",
                Ok(()),
            ),
            (
                "https://users.example.com",
                "https://accounts.example.com",
                Ok(()),
            ),
            ("http://localhost", "http://localhost:8085", Ok(())),
            (
                "https://example.com",
                "http://example.com",
                Err(ConfigFault::SubjectDomainForeign),
            ),
            (
                "https://example.org",
                "https://example.com",
                Err(ConfigFault::SubjectDomainForeign),
            ),
            (
                "https://notexample.com",
                "https://example.com",
                Err(ConfigFault::SubjectDomainForeign),
            ),
            (
                "https://com",
                "https://example.com",
                Err(ConfigFault::SubjectDomainForeign),
            ),
            (
                "https://10.1.0.1",
                "https://10.2.0.1",
                Err(ConfigFault::SubjectDomainForeign),
            ),
            (
                "example.com",
                "https://example.com",
                Err(ConfigFault::SubjectDomainNotUrl),
            ),
            (
                "mailto:a@example.com",
                "https://example.com",
                Err(ConfigFault::SubjectDomainNotUrl),
            ),
            (
                "",
                "https://example.com",
                Err(ConfigFault::SubjectDomainMissing),
            ),
        ] {
            let issuer = Url::parse(issuer).unwrap();
            assert_eq!(validate_uri(domain, &issuer), expected, "{domain} {issuer}");
        }
    }

    #[test]
    fn the_domain_of_user_names_is_a_bare_host() {
        for (domain, expected) in [
            ("example.com", Ok(())),
            ("users.example.com", Ok(())),
            (
                "https://example.com",
                Err(ConfigFault::SubjectDomainNotHost),
            ),
            ("example.com!other", Err(ConfigFault::SubjectDomainNotHost)),
            ("example.org", Err(ConfigFault::SubjectDomainForeign)),
            ("com", Err(ConfigFault::SubjectDomainForeign)),
        ] {
            let issuer = Url::parse("https://accounts.example.com").unwrap();
            assert_eq!(validate_username(domain, &issuer), expected, "{domain}");
        }
    }

    #[test]
    fn a_subject_has_the_scheme_and_the_host_of_the_domain() {
        for (subject, expected) in [
            ("https://example.com/users/1", true),
            ("https://example.com:8443/users/1", true),
            ("http://example.com/users/1", false),
            ("https://users.example.com/1", false),
            ("https://example.com@evil.org/1", false),
        ] {
            assert_eq!(
                covers(
                    "https://example.com",
                    &CertificateUri::parse(subject).unwrap()
                ),
                expected,
                "{subject}"
            );
        }
    }
}
