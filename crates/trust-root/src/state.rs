//! The instance's one trust state, and everything that is derived from it.
//!
//! Services' trust documents are never edited by hand and never written by two programs: whatever a client can learn
//! about the instance comes out of [`TrustState`].

use serde::{Deserialize, Serialize};
use serde_json::json;
use sigstead_key::PublicKey as Key;
use sigstead_x509::Certificate;

use crate::trusted_root::{
    CertificateAuthority, CertificateChain, DistinguishedName, LogId, PublicKey, RawCertificate,
    TimeRange, TransparencyLogInstance, TrustedRoot,
};
use crate::{Base64Bytes, ClientTrustConfig, Error, Service, ServiceConfiguration, SigningConfig};

/// Which key or chain of which service counts from when to when. History is only ever appended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustState {
    /// The name under which the instance's services are published.
    pub operator: String,
    /// Chains of the certificate authority.
    pub certificate_authorities: Vec<AuthorityState>,
    /// Chains of the timestamp authority, each with its signing certificate first.
    pub timestamp_authorities: Vec<AuthorityState>,
    /// Certificate transparency logs.
    pub certificate_logs: Vec<LogState>,
    /// Signature transparency logs.
    pub signature_logs: Vec<LogState>,
    /// Issuers of identity tokens.
    pub issuers: Vec<ServiceState>,
}

/// One chain of an authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityState {
    /// The URL that clients dial.
    pub url: String,
    /// The chain, DER, its root last.
    pub chain: Vec<Base64Bytes>,
    /// When signatures of this chain count.
    pub valid_for: TimeRange,
    /// Whether clients shall sign with it now.
    pub in_service: bool,
}

/// One log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogState {
    /// What the log speaks.
    pub face: LogFace,
    /// The URL whose host names the log in checkpoints.
    pub base_url: String,
    /// The URL that clients dial.
    pub url: String,
    /// SubjectPublicKeyInfo of the log's key, DER.
    pub public_key: Base64Bytes,
    /// How entries name the log.
    pub log_id: Base64Bytes,
    /// When signatures of this log count.
    pub valid_for: TimeRange,
    /// Whether clients shall write to it now.
    pub in_service: bool,
}

/// What a log speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFace {
    /// Rekor v1.
    RekorV1,
    /// Rekor v2.
    RekorV2,
    /// Certificate transparency.
    CertificateTransparency,
}

/// A service without a key of its own in the trusted root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceState {
    /// The URL that clients dial.
    pub url: String,
    /// When it is in use.
    pub valid_for: TimeRange,
    /// Whether clients shall use it now.
    pub in_service: bool,
}

/// A file that the TUF repository distributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The target's name.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// The custom metadata that older clients choose by.
    pub custom: Option<serde_json::Value>,
}

impl TrustState {
    /// Whose signatures count: all of history.
    ///
    /// # Errors
    /// If a chain or key of the state cannot be read.
    pub fn trusted_root(&self) -> Result<TrustedRoot, Error> {
        Ok(TrustedRoot {
            media_type: TrustedRoot::MEDIA_TYPE.to_owned(),
            tlogs: self.logs(&self.signature_logs)?,
            certificate_authorities: self.authorities(&self.certificate_authorities)?,
            ctlogs: self.logs(&self.certificate_logs)?,
            timestamp_authorities: self.authorities(&self.timestamp_authorities)?,
        })
    }

    /// Which services to sign with: only those in use.
    #[must_use]
    pub fn signing_config(&self) -> SigningConfig {
        SigningConfig {
            media_type: SigningConfig::MEDIA_TYPE.to_owned(),
            ca_urls: self.authority_services(&self.certificate_authorities),
            oidc_urls: self
                .issuers
                .iter()
                .filter(|issuer| issuer.in_service)
                .map(|issuer| self.service(&issuer.url, 1, issuer.valid_for))
                .collect(),
            rekor_tlog_urls: self.log_services(),
            rekor_tlog_config: ServiceConfiguration::ANY,
            tsa_urls: self.authority_services(&self.timestamp_authorities),
            tsa_config: ServiceConfiguration::ANY,
        }
    }

    /// Both documents in one.
    ///
    /// # Errors
    /// If a chain or key of the state cannot be read.
    pub fn client_trust_config(&self) -> Result<ClientTrustConfig, Error> {
        Ok(ClientTrustConfig::new(
            self.trusted_root()?,
            self.signing_config(),
        ))
    }

    /// All targets of the TUF repository: the two documents and the single files that older clients read.
    ///
    /// # Errors
    /// If a chain or key of the state cannot be read.
    pub fn targets(&self) -> Result<Vec<Target>, Error> {
        let mut targets = vec![
            Target {
                name: "trusted_root.json".to_owned(),
                bytes: self.trusted_root()?.encode(),
                custom: None,
            },
            Target {
                name: "signing_config.v0.2.json".to_owned(),
                bytes: self.signing_config().encode(),
                custom: None,
            },
        ];
        targets.extend(self.certificate_authority_files()?);
        targets.extend(self.timestamp_authority_files()?);
        targets.extend(self.log_files("CTFE", "ctfe", &self.certificate_logs)?);
        // Only the v1 face has readers of single-file keys.
        let v1_logs: Vec<_> = self
            .signature_logs
            .iter()
            .filter(|log| log.face == LogFace::RekorV1)
            .cloned()
            .collect();
        targets.extend(self.log_files("Rekor", "rekor", &v1_logs)?);
        Ok(targets)
    }

    fn authorities(&self, states: &[AuthorityState]) -> Result<Vec<CertificateAuthority>, Error> {
        newest_first(states, |state| state.valid_for)
            .into_iter()
            .map(|state| {
                let root = state.certificates()?.pop();
                let root = root.ok_or_else(|| Error::EmptyChain {
                    owner: state.url.clone(),
                })?;
                let subject = root.subject_name();
                Ok(CertificateAuthority {
                    subject: DistinguishedName {
                        organization: subject.organization,
                        common_name: subject.common_name,
                    },
                    uri: state.url.clone(),
                    cert_chain: CertificateChain {
                        certificates: state
                            .chain
                            .iter()
                            .map(|der| RawCertificate {
                                raw_bytes: der.clone(),
                            })
                            .collect(),
                    },
                    valid_for: state.valid_for,
                    operator: self.operator.clone(),
                })
            })
            .collect()
    }

    fn logs(&self, states: &[LogState]) -> Result<Vec<TransparencyLogInstance>, Error> {
        newest_first(states, |state| state.valid_for)
            .into_iter()
            .map(|state| {
                Ok(TransparencyLogInstance {
                    base_url: state.base_url.clone(),
                    hash_algorithm: "SHA2_256".to_owned(),
                    public_key: PublicKey {
                        raw_bytes: state.public_key.clone(),
                        key_details: state.key()?.algorithm().key_details().to_owned(),
                        valid_for: state.valid_for,
                    },
                    log_id: LogId {
                        key_id: state.log_id.clone(),
                    },
                    checkpoint_key_id: None,
                    operator: self.operator.clone(),
                })
            })
            .collect()
    }

    fn authority_services(&self, states: &[AuthorityState]) -> Vec<Service> {
        newest_first(states, |state| state.valid_for)
            .into_iter()
            .filter(|state| state.in_service)
            .map(|state| self.service(&state.url, 1, state.valid_for))
            .collect()
    }

    fn log_services(&self) -> Vec<Service> {
        newest_first(&self.signature_logs, |state| state.valid_for)
            .into_iter()
            .filter(|state| state.in_service)
            .filter_map(|state| {
                let version = match state.face {
                    LogFace::RekorV1 => 1,
                    LogFace::RekorV2 => 2,
                    LogFace::CertificateTransparency => return None,
                };
                Some(self.service(&state.url, version, state.valid_for))
            })
            .collect()
    }

    fn service(&self, url: &str, major_api_version: u32, valid_for: TimeRange) -> Service {
        Service {
            url: url.to_owned(),
            major_api_version,
            valid_for,
            operator: self.operator.clone(),
        }
    }

    fn certificate_authority_files(&self) -> Result<Vec<Target>, Error> {
        let mut files = Vec::new();
        // Counted over all chains: by place in its chain, a second intermediate would get the name of the next chain's.
        let mut intermediates = 0..;
        for (position, state) in self.certificate_authorities.iter().enumerate() {
            let mut chain = state.certificates()?;
            let Some(root) = chain.pop() else { continue };
            let custom = custom("Fulcio", state.in_service, &state.url);
            let name = numbered("fulcio_v1.crt.pem", position);
            files.push(certificate_file(&name, &root, &custom));
            for (intermediate, number) in chain.iter().zip(&mut intermediates) {
                let name = numbered("fulcio_intermediate_v1.crt.pem", number);
                files.push(certificate_file(&name, intermediate, &custom));
            }
        }
        Ok(files)
    }

    fn timestamp_authority_files(&self) -> Result<Vec<Target>, Error> {
        let mut files = Vec::new();
        let mut intermediates = 0;
        for (position, state) in self.timestamp_authorities.iter().enumerate() {
            let chain = state.certificates()?;
            let custom = custom("TSA", state.in_service, &state.url);
            for (depth, certificate) in chain.iter().enumerate() {
                let name = match depth {
                    0 => numbered("tsa_leaf.crt.pem", position),
                    _ if depth + 1 == chain.len() => numbered("tsa_root.crt.pem", position),
                    _ => {
                        intermediates += 1;
                        format!("tsa_intermediate_{}.crt.pem", intermediates - 1)
                    }
                };
                files.push(certificate_file(&name, certificate, &custom));
            }
        }
        Ok(files)
    }

    fn log_files(&self, usage: &str, stem: &str, logs: &[LogState]) -> Result<Vec<Target>, Error> {
        logs.iter()
            .enumerate()
            .map(|(position, log)| {
                Ok(Target {
                    name: numbered(&format!("{stem}.pub"), position),
                    bytes: log.key()?.to_pem().into_bytes(),
                    custom: Some(custom(usage, log.in_service, &log.base_url)),
                })
            })
            .collect()
    }
}

impl AuthorityState {
    fn certificates(&self) -> Result<Vec<Certificate>, Error> {
        self.chain
            .iter()
            .map(|der| {
                Certificate::from_der(der.as_slice()).map_err(|source| Error::Certificate {
                    owner: self.url.clone(),
                    source,
                })
            })
            .collect()
    }
}

impl LogState {
    fn key(&self) -> Result<Key, Error> {
        Key::from_spki_der(self.public_key.as_slice()).map_err(|source| Error::PublicKey {
            owner: self.base_url.clone(),
            source,
        })
    }
}

/// Clients that look at the first entry only shall see the newest.
fn newest_first<T>(states: &[T], validity: impl Fn(&T) -> TimeRange) -> Vec<&T> {
    let mut sorted: Vec<&T> = states.iter().collect();
    sorted.sort_by_key(|state| std::cmp::Reverse(validity(state).start));
    sorted
}

/// `name.pub` for the first of its kind, `name_1.pub` for the next.
fn numbered(name: &str, position: usize) -> String {
    match (position, name.split_once('.')) {
        (1.., Some((stem, ending))) => format!("{stem}_{position}.{ending}"),
        _ => name.to_owned(),
    }
}

fn custom(usage: &str, in_service: bool, url: &str) -> serde_json::Value {
    let status = if in_service { "Active" } else { "Expired" };
    json!({ "sigstore": { "usage": usage, "status": status, "uri": url } })
}

fn certificate_file(name: &str, certificate: &Certificate, custom: &serde_json::Value) -> Target {
    Target {
        name: name.to_owned(),
        bytes: certificate.to_pem().into_bytes(),
        custom: Some(custom.clone()),
    }
}
