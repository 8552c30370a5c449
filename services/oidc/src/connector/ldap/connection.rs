use std::sync::Arc;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sigstead_config::oidc::LdapConfig;
use zeroize::Zeroizing;

use super::{DirectoryError, SUCCESS};

/// How the directory is called, and whom to trust for it.
pub(super) fn settings(config: &LdapConfig) -> Result<LdapConnSettings, String> {
    let settings = LdapConnSettings::new()
        .set_conn_timeout(config.timeout.duration())
        .set_starttls(config.start_tls);
    let Some(path) = &config.ca_file else {
        return Ok(settings);
    };
    let failed = |why: String| format!("ca_file {}: {why}", path.display());
    let roots = authorities(path).map_err(failed)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(settings.set_config(Arc::new(tls)))
}

fn authorities(path: &std::path::Path) -> Result<rustls::RootCertStore, String> {
    let mut roots = rustls::RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("it has no certificates".to_owned());
    }
    Ok(roots)
}

/// A connection, encrypted where it is to be before anything is said on it. It is closed when the last handle is dropped.
pub(super) async fn open(
    config: &LdapConfig,
    settings: LdapConnSettings,
) -> Result<Ldap, DirectoryError> {
    let opened = LdapConnAsync::with_settings(settings, &config.url).await;
    let (connection, ldap) = opened.map_err(DirectoryError::Unreachable)?;
    tokio::spawn(async move {
        if let Err(error) = connection.drive().await {
            tracing::debug!("a connection to a directory ended: {error}");
        }
    });
    Ok(ldap)
}

/// Has the connection speak for the issuer's own account, or for nobody.
pub(super) async fn bind_as_issuer(
    ldap: &mut Ldap,
    config: &LdapConfig,
) -> Result<(), DirectoryError> {
    let (name, password) = match &config.bind {
        None => ("", Zeroizing::new(String::new())),
        Some(bind) => (bind.dn.as_str(), password_of(&bind.password_file).await?),
    };
    let bound = ldap
        .simple_bind(name, &password)
        .await
        .map_err(DirectoryError::Unreachable)?;
    match bound.rc {
        SUCCESS => Ok(()),
        _ => Err(DirectoryError::Bind(bound.to_string())),
    }
}

async fn password_of(path: &std::path::Path) -> Result<Zeroizing<String>, DirectoryError> {
    let failed = |source| DirectoryError::PasswordFile {
        path: path.to_owned(),
        source,
    };
    let text = tokio::fs::read_to_string(path).await.map_err(failed)?;
    let text = Zeroizing::new(text);
    let password = text.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        // It would be a bind as nobody, and succeed.
        return Err(failed(std::io::Error::other("it has no password")));
    }
    Ok(Zeroizing::new(password.to_owned()))
}
