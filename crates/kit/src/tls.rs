use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustix::fs::OFlags;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, version};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use x509_cert::der::Decode as _;

use crate::error::Error;
use crate::listen::TlsConfig;
use crate::reload::HangUps;

/// The TLS side of a listener, which follows its files while it runs.
pub(crate) struct Tls {
    files: TlsConfig,
    callers: Option<CallerAuthorities>,
    /// What the files were when they were last read, written by whoever reads them.
    seen: Mutex<Vec<Stamp>>,
    current: ArcSwap<Current>,
}

/// The authorities whose certificates callers show.
#[derive(Debug, Clone)]
pub(crate) struct CallerAuthorities {
    /// PEM.
    pub(crate) path: PathBuf,
    /// Whether callers come in without a certificate, too.
    pub(crate) are_optional: bool,
}

/// What connections are accepted with.
struct Current {
    config: Arc<ServerConfig>,
    /// When its certificate ends, in seconds since the epoch.
    ends: i64,
}

/// What changes when a file is written or a symbolic link is pointed elsewhere.
type Stamp = Option<(SystemTime, u64)>;

impl Tls {
    /// Loads the files. `callers` says whose certificates clients are asked for.
    pub(crate) fn load(
        files: &TlsConfig,
        callers: Option<CallerAuthorities>,
    ) -> Result<Self, Error> {
        // Taken before the files are read: a change in between is then seen as one.
        let seen = Mutex::new(stamps(files, callers.as_ref()));
        let current = ArcSwap::from_pointee(Current::read(files, callers.as_ref())?);
        Ok(Self {
            files: files.clone(),
            callers,
            seen,
            current,
        })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.load().config))
    }

    /// When the certificate in use ends, in seconds since the epoch.
    pub(crate) fn ends(&self) -> i64 {
        self.current.load().ends
    }

    /// Takes new contents of the files until told to stop, soon after they changed or when told to look. What does not
    /// fit together is logged once, and the contents before it stay in use.
    pub(crate) async fn follow(self: Arc<Self>, stop: CancellationToken, mut hang_ups: HangUps) {
        loop {
            let looked = tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(POLL) => self.look(Self::reload_if_changed).await,
                () = hang_ups.next() => self.look(Self::reload).await,
            };
            if let Err(error) = looked {
                tracing::error!("the tls files could not be looked at: {error}");
            }
        }
    }

    /// Files are read where nobody waits for them: they may lie on a disk that is slow.
    async fn look(self: &Arc<Self>, read: fn(&Self)) -> Result<(), tokio::task::JoinError> {
        let tls = Arc::clone(self);
        tokio::task::spawn_blocking(move || read(&tls)).await
    }

    fn reload_if_changed(&self) {
        let now = stamps(&self.files, self.callers.as_ref());
        let changed = *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != now;
        if changed {
            self.reload();
        }
    }

    fn reload(&self) {
        let now = stamps(&self.files, self.callers.as_ref());
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = now;
        let certificate = self.files.certificate.display();
        match Current::read(&self.files, self.callers.as_ref()) {
            Ok(current) => {
                self.current.store(Arc::new(current));
                tracing::info!(%certificate, "the tls certificate was reloaded");
            }
            Err(error) => {
                let cause = anyhow::Error::from(error);
                tracing::error!(
                    %certificate,
                    "the changed tls files cannot be used, the ones before stay in use: {cause:#}"
                );
            }
        }
    }
}

impl Current {
    fn read(files: &TlsConfig, callers: Option<&CallerAuthorities>) -> Result<Self, Error> {
        let chain = certificates(&files.certificate)?;
        let ends = chain.first().and_then(end_of).unwrap_or(i64::MAX);
        let config = Arc::new(server_config(files, chain, callers)?);
        Ok(Self { config, ends })
    }
}

/// When a certificate ends, if it says so as it should.
fn end_of(certificate: &CertificateDer<'_>) -> Option<i64> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let ends = certificate.tbs_certificate().validity().not_after;
    i64::try_from(ends.to_unix_duration().as_secs()).ok()
}

fn server_config(
    files: &TlsConfig,
    chain: Vec<CertificateDer<'static>>,
    callers: Option<&CallerAuthorities>,
) -> Result<ServerConfig, Error> {
    let keys = keys(&files.key)?;
    let pair = |source| Error::TlsPair {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        source,
    };
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(pair)?;
    let builder = match callers {
        Some(callers) => builder.with_client_cert_verifier(client_verifier(callers)?),
        None => builder.with_no_client_auth(),
    };
    // Two files cannot be replaced in one step: the next key is in the file before the next certificate is.
    let mut configs = keys
        .into_iter()
        .map(|key| builder.clone().with_single_cert(chain.clone(), key));
    let first = configs.next().ok_or_else(|| no_key(&files.key))?;
    let of_certificate = |first: rustls::Error| configs.find_map(Result::ok).ok_or(first);
    let mut config = first.or_else(of_certificate).map_err(pair)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// All keys of a file.
fn keys(path: &Path) -> Result<Vec<PrivateKeyDer<'static>>, Error> {
    let unreadable = |source| Error::TlsFile {
        path: path.to_owned(),
        source,
    };
    PrivateKeyDer::pem_slice_iter(&contents(path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)
}

fn no_key(path: &Path) -> Error {
    Error::TlsFile {
        path: path.to_owned(),
        source: pem::Error::NoItemsFound,
    }
}

fn client_verifier(callers: &CallerAuthorities) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let path = &callers.path;
    let unusable = |source: Box<dyn std::error::Error + Send + Sync>| Error::ClientAuthority {
        path: path.clone(),
        source,
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(Box::new(error)))?;
    }
    let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    if callers.are_optional {
        verifier = verifier.allow_unauthenticated();
    }
    verifier.build().map_err(|error| unusable(Box::new(error)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let unreadable = |source| Error::TlsFile {
        path: path.to_owned(),
        source,
    };
    let chain = CertificateDer::pem_slice_iter(&contents(path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    if chain.is_empty() {
        return Err(Error::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(chain)
}

/// Reads a file that may have been replaced by anything: a pipe would keep its reader for ever, a device has no end.
pub(crate) fn contents(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::TlsFile {
        path: path.to_owned(),
        source: pem::Error::Io(source),
    };
    let mut options = OpenOptions::new();
    options.read(true);
    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("it is not a regular file")));
    }
    let mut bytes = Vec::new();
    let mut within = file.take(MOST_BYTES + 1);
    within.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(failed(io::Error::other("it is larger than a megabyte")));
    }
    Ok(bytes)
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn stamps(files: &TlsConfig, callers: Option<&CallerAuthorities>) -> Vec<Stamp> {
    [
        Some(files.certificate.as_path()),
        Some(files.key.as_path()),
        callers.map(|callers| callers.path.as_path()),
    ]
    .into_iter()
    .flatten()
    .map(stamp)
    .collect()
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Hundreds of certificates.
const MOST_BYTES: u64 = 1 << 20;
/// By polling, because a mounted secret is replaced by moving a symbolic link two folders above.
const POLL: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;
