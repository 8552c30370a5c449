//! The instance's one trust state, and everything that is derived from it.
//!
//! Services' trust documents are never edited by hand and never written by two programs: whatever a client can learn
//! about the instance comes out of [`TrustState`].

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::authorities::AuthorityChains;
use crate::error::Error;
use crate::issuers::BrowserIssuers;
use crate::logs::{self, LogFace, LogState, first_faces_first, newest_first};
use crate::signing_config::{ClientTrustConfig, Service, ServiceConfiguration, SigningConfig};
use crate::single_file;
use crate::target::Target;
use crate::trusted_root::{
    CertificateAuthority, CertificateChain, DistinguishedName, LogId, PublicKey, RawCertificate,
    TimeRange, TransparencyLogInstance, TrustedRoot,
};

/// Which key or chain of which service counts from when to when. History is only ever appended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustState {
    /// The name under which the instance's services are published.
    pub operator: String,
    /// Chains of the certificate authority.
    pub certificate_authorities: AuthorityChains,
    /// Chains of the timestamp authority, each with its signing certificate first.
    pub timestamp_authorities: AuthorityChains,
    /// Certificate transparency logs.
    pub certificate_logs: Vec<LogState>,
    /// Signature transparency logs.
    pub signature_logs: Vec<LogState>,
    /// Issuers at which people log in with a browser.
    pub issuers: BrowserIssuers,
}

impl TrustState {
    /// The state with one more log. If the log is in service, clients write to it from now on, and the logs of its face
    /// that came before are in service no more; their signatures count until [`Self::with_log_ended`] says otherwise. A
    /// log that the state has already is put in service or out of it, and stays as it is but for that.
    ///
    /// # Errors
    /// If the log's key cannot be read or counts from no time, or the state has another log of that identifier.
    pub fn with_log(mut self, log: LogState) -> Result<Self, Error> {
        log.key()?;
        if log.valid_for.start.is_none() {
            return Err(Error::NoStart {
                owner: log.base_url,
            });
        }
        let (face, log_id, in_service) = (log.face, log.log_id.clone(), log.in_service);
        let logs = self.logs_of(face);
        match logs.iter().find(|known| known.log_id == log_id) {
            None => logs.push(log),
            Some(known) if known.is_same_log(&log) => {}
            Some(known) => {
                return Err(Error::LogIdTaken {
                    owner: known.base_url.clone(),
                });
            }
        }
        for known in logs.iter_mut().filter(|known| known.face == face) {
            if known.log_id == log_id {
                known.in_service = in_service;
            } else if in_service {
                known.in_service = false;
            }
        }
        Ok(self)
    }

    /// The state with one more log beside those of its face, which stay in service.
    ///
    /// # Errors
    /// If the log's key cannot be read or counts from no time, or the state has another log of that identifier.
    pub fn with_log_beside(mut self, log: LogState) -> Result<Self, Error> {
        logs::add_beside(self.logs_of(log.face), log)?;
        Ok(self)
    }

    /// The state in which a log's signatures count until `end`, which is part of the time, and clients write to it no more.
    ///
    /// # Errors
    /// If there is no such log, or `end` is before its start or after the end that it has already.
    pub fn with_log_ended(mut self, log_id: &[u8], end: OffsetDateTime) -> Result<Self, Error> {
        let logs = self.signature_logs.iter_mut();
        let log = logs
            .chain(&mut self.certificate_logs)
            .find(|log| log.log_id.as_slice() == log_id)
            .ok_or_else(|| Error::LogUnknown {
                log_id: hex::encode(log_id),
            })?;
        let starts_later = log.valid_for.start.is_none_or(|start| end < start);
        if starts_later || log.valid_for.end.is_some_and(|ended| ended < end) {
            return Err(Error::EndNotInRange {
                owner: log.base_url.clone(),
            });
        }
        log.valid_for.end = Some(end);
        log.in_service = false;
        Ok(self)
    }

    /// The state with one more log, to which clients write from the start of its offer on; those of its face that are in
    /// service now are offered until `until`. Both are there so that clients change over by the date, each at its own time.
    ///
    /// # Errors
    /// If the log's key cannot be read, the log begins to be offered before it counts or after `until`, or the state has or
    /// had another log of that identifier.
    pub fn with_successor(mut self, log: LogState, until: OffsetDateTime) -> Result<Self, Error> {
        logs::add_successor(self.logs_of(log.face), log, until)?;
        Ok(self)
    }

    /// The state in which clients do not change over to a log of signatures that was announced.
    ///
    /// # Errors
    /// If there is no such log, or no other of its face is in service.
    pub fn with_log_withdrawn(mut self, log_id: &[u8]) -> Result<Self, Error> {
        logs::withdraw(&mut self.signature_logs, log_id)?;
        Ok(self)
    }

    /// Whose signatures count: all of history.
    ///
    /// # Errors
    /// If a chain or key of the state cannot be read.
    pub fn trusted_root(&self) -> Result<TrustedRoot, Error> {
        Ok(TrustedRoot {
            media_type: TrustedRoot::MEDIA_TYPE.to_owned(),
            tlogs: self.logs(&first_faces_first(&self.signature_logs))?,
            certificate_authorities: self.authorities(&self.certificate_authorities)?,
            ctlogs: self.logs(&newest_first(&self.certificate_logs))?,
            timestamp_authorities: self.authorities(&self.timestamp_authorities)?,
        })
    }

    /// Which services to sign with: only those in use.
    #[must_use]
    pub fn signing_config(&self) -> SigningConfig {
        self.signing_config_of(&[LogFace::RekorV2, LogFace::RekorV1])
    }

    /// The same for clients that shall write to logs of one face only, whichever they would choose by themselves.
    #[must_use]
    pub fn signing_config_of_face(&self, face: LogFace) -> SigningConfig {
        self.signing_config_of(&[face])
    }

    fn signing_config_of(&self, faces: &[LogFace]) -> SigningConfig {
        SigningConfig {
            media_type: SigningConfig::MEDIA_TYPE.to_owned(),
            ca_urls: self.authority_services(&self.certificate_authorities),
            oidc_urls: self
                .issuers
                .offered()
                .into_iter()
                .map(|issuer| Service {
                    operator: issuer.operator.as_ref().unwrap_or(&self.operator).clone(),
                    ..self.service(&issuer.url, 1, issuer.valid_for)
                })
                .collect(),
            rekor_tlog_urls: faces
                .iter()
                .flat_map(|face| self.log_services(*face))
                .collect(),
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
        // Only the v1 face has readers of single-file keys.
        let v1_logs = self.signature_logs.iter();
        let v1_logs: Vec<_> = v1_logs.filter(|log| log.face == LogFace::RekorV1).collect();
        targets.extend(single_file::targets(
            &self.certificate_authorities,
            &self.timestamp_authorities,
            &self.certificate_logs,
            &v1_logs,
        )?);
        Ok(targets)
    }

    fn authorities(&self, chains: &AuthorityChains) -> Result<Vec<CertificateAuthority>, Error> {
        chains
            .newest_first()
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

    fn logs(&self, states: &[&LogState]) -> Result<Vec<TransparencyLogInstance>, Error> {
        states
            .iter()
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

    fn authority_services(&self, chains: &AuthorityChains) -> Vec<Service> {
        let services = chains.services().into_iter();
        services
            .map(|(url, valid_for)| self.service(url, 1, valid_for))
            .collect()
    }

    fn log_services(&self, face: LogFace) -> Vec<Service> {
        let major_api_version = match face {
            LogFace::RekorV1 => 1,
            LogFace::RekorV2 => 2,
            LogFace::CertificateTransparency => return Vec::new(),
        };
        newest_first(&self.signature_logs)
            .into_iter()
            .filter(|state| state.in_service && state.face == face)
            .map(|state| self.service(&state.url, major_api_version, state.offer()))
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

    fn logs_of(&mut self, face: LogFace) -> &mut Vec<LogState> {
        match face {
            LogFace::RekorV1 | LogFace::RekorV2 => &mut self.signature_logs,
            LogFace::CertificateTransparency => &mut self.certificate_logs,
        }
    }
}
