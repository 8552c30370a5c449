use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::access::{Role, UnknownRole};

/// Who calls the admin interface, as the certificate says; an extension of every request to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// The common name of the certificate.
    pub name: String,
    /// The serial number of the certificate, in hexadecimal.
    pub serial: String,
    /// What the holder may do.
    pub role: Role,
    /// From when on the certificate may be used.
    pub not_before: OffsetDateTime,
    /// Until when the certificate may be used.
    pub not_after: OffsetDateTime,
}

/// Why a certificate makes nobody an administrator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It cannot be read.
    #[error("it cannot be understood")]
    Malformed,
    /// It gives no role.
    #[error("it gives no role")]
    NoRole,
    /// It gives several.
    #[error("it gives more than one role")]
    ManyRoles,
    /// It gives one of a later version.
    #[error("its role is not known here: {0}")]
    UnknownRole(UnknownRole),
}

impl Administrator {
    /// Reads a certificate, DER, whose issuer was checked. A certificate that `sigctl init` made before there were roles
    /// has none, and is the owner's.
    ///
    /// # Errors
    /// If it gives not exactly one role.
    pub fn of(der: &[u8]) -> Result<Self, CertificateError> {
        let malformed = |_| CertificateError::Malformed;
        let certificate = Certificate::from_der(der).map_err(malformed)?;
        let content = certificate.tbs_certificate();
        let subject = content.subject();
        let name = subject.common_name().map_err(malformed)?;
        let name = name.map_or_else(String::new, |name| name.value().into_owned());
        let organization = subject.organization().map_err(malformed)?;
        let is_first = organization.is_some_and(|organization| {
            !organization.value().is_empty()
                && name == format!("{} {FIRST_OPERATOR}", organization.value())
        });
        let names = content.get_extension::<SubjectAltName>();
        let names = names
            .map_err(malformed)?
            .map_or_else(Vec::new, |(_, names)| names.0);
        let validity = content.validity();
        let time = |time: &x509_cert::time::Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok();
            seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        };
        Ok(Self {
            role: role_of(&names, is_first)?,
            name,
            serial: hex(content.serial_number().as_bytes()),
            not_before: time(&validity.not_before).ok_or(CertificateError::Malformed)?,
            not_after: time(&validity.not_after).ok_or(CertificateError::Malformed)?,
        })
    }
}

fn role_of(names: &[GeneralName], is_first: bool) -> Result<Role, CertificateError> {
    let uris: Vec<_> = names
        .iter()
        .filter_map(|name| match name {
            GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str()),
            _ => None,
        })
        .collect();
    let mut roles = uris.iter().filter_map(|uri| Role::of_uri(uri));
    match (roles.next(), roles.next()) {
        (Some(role), None) => role.map_err(CertificateError::UnknownRole),
        (Some(_), Some(_)) => Err(CertificateError::ManyRoles),
        (None, _) if is_first && uris.is_empty() => Ok(Role::Owner),
        (None, _) => Err(CertificateError::NoRole),
    }
}

/// Lower case, without separators or leading zero bytes.
pub(super) fn hex(bytes: &[u8]) -> String {
    let significant = bytes.iter().skip_while(|byte| **byte == 0);
    significant.map(|byte| format!("{byte:02x}")).collect()
}

/// What `sigctl init` called its own certificate, behind the name of the instance.
const FIRST_OPERATOR: &str = "operator";

#[cfg(test)]
mod tests {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject as _;

    use super::*;

    fn read(name: &str) -> Result<Administrator, CertificateError> {
        let path = format!("{}/testdata/{name}.pem", env!("CARGO_MANIFEST_DIR"));
        Administrator::of(&CertificateDer::from_pem_file(path).unwrap())
    }

    #[test]
    fn a_certificate_gives_the_one_role_that_it_names() {
        for (file, name, role) in [
            ("viewer", "Vera", Role::Viewer),
            ("operator", "Otto", Role::Operator),
            ("owner", "Olga", Role::Owner),
            ("former", "Sigstead test operator", Role::Owner),
        ] {
            let read = read(file).unwrap();
            assert_eq!((read.name.as_str(), read.role), (name, role), "{file}");
            assert!(read.not_before < read.not_after);
        }
    }

    #[test]
    fn a_certificate_without_one_role_makes_nobody_an_administrator() {
        assert_eq!(read("nobody"), Err(CertificateError::NoRole));
        assert_eq!(read("disguised"), Err(CertificateError::NoRole));
        assert_eq!(read("both"), Err(CertificateError::ManyRoles));
        let later = read("later").unwrap_err();
        assert!(matches!(later, CertificateError::UnknownRole(_)), "{later}");
        let garbage = Administrator::of(b"no certificate");
        assert_eq!(garbage, Err(CertificateError::Malformed));
    }

    #[test]
    fn a_serial_number_is_written_in_one_way() {
        assert_eq!(hex(&[0x00, 0xab, 0x00, 0x01]), "ab0001");
    }
}
