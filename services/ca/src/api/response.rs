//! The bodies that clients receive, in the JSON of grpc-gateway: members of a oneof that are not
//! set are absent, everything else is present even if empty.

use serde::Serialize;
use sigstead_identity::{ConfiguredIssuer, IssuerLocation};
use sigstead_x509::Certificate;

/// `SigningCertificate`. Rust clients read it as an enum, so it has exactly one member.
#[derive(Serialize)]
pub(super) enum SigningCertificateResponse {
    #[serde(rename = "signedCertificateEmbeddedSct")]
    EmbeddedSct { chain: CertificateChain },
    /// What Fulcio answers without a log: the SCT beside the certificate is empty.
    #[serde(rename = "signedCertificateDetachedSct", rename_all = "camelCase")]
    DetachedSct {
        chain: CertificateChain,
        signed_certificate_timestamp: &'static str,
    },
}

#[derive(Serialize)]
pub(super) struct CertificateChain {
    certificates: Vec<String>,
}

/// `TrustBundle`.
#[derive(Serialize)]
pub(super) struct TrustBundleResponse {
    chains: Vec<CertificateChain>,
}

/// `Configuration`.
#[derive(Serialize)]
pub(super) struct ConfigurationResponse {
    issuers: Vec<OidcIssuer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OidcIssuer {
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wildcard_issuer_url: Option<String>,
    audience: String,
    challenge_claim: String,
    spiffe_trust_domain: String,
    issuer_type: &'static str,
    subject_domain: String,
    skip_email_verification: bool,
}

impl SigningCertificateResponse {
    pub(super) fn new(chain: &[Certificate]) -> Self {
        let is_logged = chain.first().is_some_and(|leaf| leaf.sct_list().is_ok());
        let chain = CertificateChain::new(chain);
        if is_logged {
            return Self::EmbeddedSct { chain };
        }
        Self::DetachedSct {
            chain,
            signed_certificate_timestamp: "",
        }
    }
}

impl TrustBundleResponse {
    pub(super) fn new(chains: Vec<&[Certificate]>) -> Self {
        Self {
            chains: chains.into_iter().map(CertificateChain::new).collect(),
        }
    }
}

impl CertificateChain {
    fn new<'a>(chain: impl IntoIterator<Item = &'a Certificate>) -> Self {
        Self {
            certificates: chain.into_iter().map(Certificate::to_pem).collect(),
        }
    }
}

impl ConfigurationResponse {
    pub(super) fn new(issuers: Vec<ConfiguredIssuer>) -> Self {
        Self {
            issuers: issuers.into_iter().map(OidcIssuer::from).collect(),
        }
    }
}

impl From<ConfiguredIssuer> for OidcIssuer {
    fn from(issuer: ConfiguredIssuer) -> Self {
        let (issuer_url, wildcard_issuer_url) = match issuer.location {
            IssuerLocation::Url(url) => (Some(url), None),
            IssuerLocation::Wildcard(pattern) => (None, Some(pattern)),
        };
        Self {
            issuer_url,
            wildcard_issuer_url,
            audience: issuer.audience,
            challenge_claim: issuer.challenge_claim,
            spiffe_trust_domain: issuer.spiffe_trust_domain,
            issuer_type: issuer.kind.as_str(),
            subject_domain: issuer.subject_domain,
            skip_email_verification: issuer.skip_email_verification,
        }
    }
}
