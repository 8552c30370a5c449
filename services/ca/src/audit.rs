use serde::Serialize;
use sigstead_identity::Principal;
use sigstead_x509::{Certificate, SerialNumber, Validity};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::ProvenKey;

/// What the authority must be able to show later: what it was about to sign and for whom, written
/// before the key signs, so that no signature exists without a record.
#[derive(Debug, Serialize)]
pub(crate) struct AuditEvent {
    stage: Stage,
    serial: String,
    /// The issuer as the certificate names it.
    issuer: String,
    subject: String,
    /// What the certificate certifies.
    identity: String,
    /// Fingerprint of the certified key.
    key: String,
    not_before: String,
    not_after: String,
    /// SHA-256 of the certificate, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Intended,
    Issued,
}

impl AuditEvent {
    pub(crate) fn intended(
        principal: &Principal,
        key: &ProvenKey,
        serial: &SerialNumber,
        validity: &Validity,
    ) -> Self {
        Self {
            stage: Stage::Intended,
            serial: serial.to_string(),
            issuer: principal.issuer().to_owned(),
            subject: principal.subject().to_owned(),
            identity: principal.name().to_owned(),
            key: key.public_key().fingerprint(),
            not_before: text(validity.not_before),
            not_after: text(validity.not_after),
            certificate: None,
        }
    }

    pub(crate) fn into_issued(self, certificate: &Certificate) -> Self {
        let digest = sigstead_key::HashAlgorithm::Sha256.digest(certificate.to_der());
        Self {
            stage: Stage::Issued,
            certificate: Some(hex::encode(&digest)),
            ..self
        }
    }

    /// Writes the event under a target of its own, so that it can be kept longer than the log and
    /// is written whatever the log's level.
    pub(crate) fn record(&self) {
        let event = serde_json::to_string(self).unwrap_or_default();
        match self.stage {
            Stage::Intended => {
                tracing::info!(target: TARGET, serial = self.serial, event, "a certificate is about to be signed");
            }
            Stage::Issued => {
                tracing::info!(target: TARGET, serial = self.serial, event, "a certificate was issued");
            }
        }
    }
}

fn text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

const TARGET: &str = "audit";
