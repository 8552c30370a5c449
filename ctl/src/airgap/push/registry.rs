//! A registry, as the OCI distribution specification 1.1 has it, by the client of the `oci-client` crate.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use futures::Stream;
use oci_client::client::{Certificate, CertificateEncoding, Client, ClientConfig, ClientProtocol};
use oci_client::errors::{OciDistributionError, OciErrorCode};
use oci_client::manifest::OciDescriptor;
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};
use reqwest::header::HeaderValue;

use super::super::refusal;
use super::asked::asked;
use crate::failure::Failure;
use crate::{input, passphrase};

/// How the registry is reached.
#[derive(Args)]
pub(super) struct RegistryOptions {
    /// The authority that vouches for the registry's TLS, PEM. Without, those of this machine do.
    #[arg(long, value_name = "FILE", help_heading = "Registry")]
    registry_ca: Option<PathBuf>,

    /// Speak HTTP without TLS to the registry.
    #[arg(long, conflicts_with = "registry_ca", help_heading = "Registry")]
    plain_http: bool,

    /// Who pushes. The password is in a file, or in `SIGSTEAD_REGISTRY_PASSWORD`.
    #[arg(long, value_name = "NAME", help_heading = "Registry")]
    user: Option<String>,

    /// A file with the password; `-` is standard input.
    #[arg(
        long,
        value_name = "FILE",
        requires = "user",
        help_heading = "Registry"
    )]
    password_file: Option<PathBuf>,
}

/// A registry, and the path in it below which images get their names.
pub(super) struct Registry {
    client: Client,
    auth: RegistryAuth,
    to: String,
}

/// Where one image is in a registry.
pub(super) struct Repository {
    client: Client,
    auth: RegistryAuth,
    registry: String,
    path: String,
}

impl Registry {
    /// Nothing is sent yet.
    pub(super) fn new(to: &str, options: &RegistryOptions) -> Result<Self, Failure> {
        let roots = match &options.registry_ca {
            Some(path) => vec![Certificate {
                encoding: CertificateEncoding::Pem,
                data: input::read_file(path)?,
            }],
            None => Vec::new(),
        };
        let config = ClientConfig {
            protocol: match options.plain_http {
                true => ClientProtocol::Http,
                false => ClientProtocol::Https,
            },
            // One request for a blob, whose bytes are read once; some registries know no other.
            use_monolithic_push: true,
            tls_certs_only: roots,
            connect_timeout: Some(LONGEST_CONNECT),
            user_agent: concat!("sigctl/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| refusal::registry(to, &error))?;
        Ok(Self {
            client,
            auth: options.auth()?,
            to: to.trim_end_matches('/').to_owned(),
        })
    }

    /// The repository of an image, with the leave to push there.
    pub(super) async fn repository(&self, image: &str) -> Result<Repository, Failure> {
        let name = format!("{}/{image}", self.to);
        let (registry, path) = self.parsed(&name)?;
        let reference = Reference::with_tag(registry.clone(), path.clone(), PROBE.to_owned());
        let operation = RegistryOperation::Push;
        let leave = self.client.auth(&reference, &self.auth, operation);
        let leave = asked(0, leave).await;
        leave.map_err(|error| refusal::registry(&name, &error))?;
        Ok(Repository {
            client: self.client.clone(),
            auth: self.auth.clone(),
            registry,
            path,
        })
    }

    /// The host and the path of a name. A name without a host would be one of a registry of the internet.
    fn parsed(&self, name: &str) -> Result<(String, String), Failure> {
        let (host, path) = name.split_once('/').unwrap_or_default();
        let is_host = host == "localhost" || host.contains(['.', ':']);
        let is_path = name.parse::<Reference>().is_ok_and(|parsed| {
            parsed.registry() == host && parsed.repository() == path && parsed.digest().is_none()
        });
        match is_host && is_path {
            true => Ok((host.to_owned(), path.to_owned())),
            false => Err(Failure::new(
                "E-CTL-012",
                format!("{name} is no name of an image in a registry"),
                "write HOST or HOST:PORT and, in lower case, the path in it, as in registry.inside:5000/sigstead",
            )),
        }
    }
}

impl Repository {
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.registry, self.path)
    }

    pub(super) fn tagged(&self, tag: &str) -> String {
        format!("{}:{tag}", self.name())
    }

    /// What a tag names.
    pub(super) async fn tag(&self, tag: &str) -> Result<Option<String>, Failure> {
        let reference = self.by_tag(tag);
        let found = self.client.fetch_manifest_digest(&reference, &self.auth);
        self.found(asked(0, found).await)
    }

    /// The bytes of the manifest with a digest.
    pub(super) async fn manifest(&self, digest: &str) -> Result<Option<Vec<u8>>, Failure> {
        let reference = self.by_digest(digest);
        let pulled = self
            .client
            .pull_manifest_raw(&reference, &self.auth, &ACCEPTED);
        let pulled = self.found(asked(0, pulled).await)?;
        Ok(pulled.map(|(bytes, _)| bytes.to_vec()))
    }

    pub(super) async fn has_blob(&self, digest: &str) -> Result<bool, Failure> {
        let reference = self.by_digest(digest);
        let exists = self.client.blob_exists(&reference, digest);
        Ok(self.found(asked(0, exists).await)?.unwrap_or(false))
    }

    pub(super) async fn push_blob(
        &self,
        bytes: impl Stream<Item = Result<bytes::Bytes, OciDistributionError>> + Send + 'static,
        digest: &str,
        size: u64,
    ) -> Result<(), Failure> {
        let reference = self.by_digest(digest);
        let pushed = self
            .client
            .push_blob_stream(&reference, bytes, digest, Some(size));
        match asked(size, pushed).await {
            // Some do not say where a blob is. That it is there is seen when everything is read again.
            Ok(_) | Err(OciDistributionError::RegistryNoLocationError) => Ok(()),
            Err(error) => Err(self.refused(&error)),
        }
    }

    /// Reads a blob again and compares it with its digest.
    pub(super) async fn read_blob(&self, digest: &str, size: u64) -> Result<(), Failure> {
        let descriptor = OciDescriptor {
            digest: digest.to_owned(),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            ..OciDescriptor::default()
        };
        let reference = self.by_digest(digest);
        let pulled = self
            .client
            .pull_blob(&reference, &descriptor, tokio::io::sink());
        match asked(size, pulled).await {
            Err(OciDistributionError::DigestError(_)) => {
                Err(refusal::changed_there(&self.name(), digest))
            }
            pulled => pulled.map_err(|error| self.refused(&error)),
        }
    }

    pub(super) async fn push_manifest(
        &self,
        digest: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        // Of a registry that does not say where a manifest is, the client takes the address apart at the tag, and ends if there is none.
        let reference = Reference::with_tag_and_digest(
            self.registry.clone(),
            self.path.clone(),
            digest.to_owned(),
            digest.to_owned(),
        );
        self.put(&reference, media_type, bytes).await
    }

    pub(super) async fn set_tag(
        &self,
        tag: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        self.put(&self.by_tag(tag), media_type, bytes).await
    }

    async fn put(&self, at: &Reference, media_type: &str, bytes: &[u8]) -> Result<(), Failure> {
        let content_type = HeaderValue::from_str(media_type)
            .map_err(|error| refusal::unfit(format!("{media_type:?} is no media type"), error))?;
        let pushed = self
            .client
            .push_manifest_raw(at, bytes.to_vec(), content_type);
        let pushed = asked(bytes.len() as u64, pushed).await;
        pushed.map_err(|error| self.refused(&error))?;
        Ok(())
    }

    /// What the registry, or the tag that takes the place of its list, knows to be about a manifest.
    pub(super) async fn known_referrers(
        &self,
        subject: &str,
    ) -> Result<oci_client::manifest::OciImageIndex, Failure> {
        let reference = self.by_digest(subject);
        let known = asked(0, self.client.pull_referrers(&reference, None)).await;
        known.map_err(|error| self.refused(&error))
    }

    fn by_tag(&self, tag: &str) -> Reference {
        Reference::with_tag(self.registry.clone(), self.path.clone(), tag.to_owned())
    }

    fn by_digest(&self, digest: &str) -> Reference {
        Reference::with_digest(self.registry.clone(), self.path.clone(), digest.to_owned())
    }

    fn refused(&self, error: &OciDistributionError) -> Failure {
        refusal::registry(&self.name(), error)
    }

    /// What was found, or nothing where the registry says that it does not have it.
    fn found<T>(&self, found: Result<T, OciDistributionError>) -> Result<Option<T>, Failure> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(self.refused(&error)),
        }
    }
}

fn is_absence(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::ImageManifestNotFoundError(_)
        | OciDistributionError::ServerError { code: 404, .. } => true,
        OciDistributionError::RegistryError { envelope, .. } => {
            let mut errors = envelope.errors.iter();
            errors.any(|error| ABSENCES.contains(&error.code))
        }
        _ => false,
    }
}

impl RegistryOptions {
    fn auth(&self) -> Result<RegistryAuth, Failure> {
        let Some(user) = &self.user else {
            return Ok(RegistryAuth::Anonymous);
        };
        let wrong = |what: &str| {
            Failure::new(
                "E-CTL-012",
                what,
                "name a file with --password-file, or set SIGSTEAD_REGISTRY_PASSWORD",
            )
        };
        let password = passphrase::read(self.password_file.as_deref(), PASSWORD)?;
        let password = password.ok_or_else(|| wrong("there is no password for the registry"))?;
        let password = String::from_utf8(password);
        let password = password.map_err(|_| wrong("the password for the registry is no text"))?;
        Ok(RegistryAuth::Basic(user.clone(), password))
    }
}

const PASSWORD: &str = "SIGSTEAD_REGISTRY_PASSWORD";
/// A name for a request that asks for leave only.
const PROBE: &str = "latest";
const LONGEST_CONNECT: Duration = Duration::from_secs(10);
const ABSENCES: [OciErrorCode; 5] = [
    OciErrorCode::ManifestUnknown,
    OciErrorCode::NameUnknown,
    OciErrorCode::NotFound,
    OciErrorCode::BlobUnknown,
    OciErrorCode::ManifestBlobUnknown,
];
const ACCEPTED: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
