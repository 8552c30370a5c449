//! Fulcio v2 over gRPC: `dev.sigstore.fulcio.v2.CA`.

use std::sync::Arc;

use sigstead_identity::{ConfiguredIssuer, IssuerLocation};
use sigstead_kit::{Budget, Method, Problem};
use sigstead_proto::fulcio::v2 as wire;
use sigstead_x509::Certificate;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};
use wire::ca_server::{Ca, CaServer};
use wire::create_signing_certificate_request::Key;
use wire::credentials::Credentials;
use wire::oidc_issuer::Issuer;
use wire::signing_certificate::Certificate as SignedCertificate;

use super::http::ISSUE;
use super::request::{choose_key, choose_token};
use crate::audit::RequestOrigin;
use crate::{CertificateAuthority, Error, IssuanceRequest};

/// The gRPC service of an authority.
pub(crate) fn service(authority: Arc<CertificateAuthority>) -> CaServer<CaService> {
    CaServer::new(CaService(authority))
}

pub(crate) struct CaService(Arc<CertificateAuthority>);

#[tonic::async_trait]
impl Ca for CaService {
    async fn create_signing_certificate(
        &self,
        request: Request<wire::CreateSigningCertificateRequest>,
    ) -> Result<Response<wire::SigningCertificate>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let traced = metadata.get("traceparent");
        let traced = traced.and_then(|value| value.to_str().ok());
        let origin = RequestOrigin::of(extensions.get(), extensions.get(), traced);
        let request = into_issuance(message, &metadata, origin).map_err(Problem::from)?;
        let chain = self.0.issue(request).await.map_err(Problem::from)?;
        Ok(Response::new(signing_certificate(&chain)))
    }

    async fn get_trust_bundle(
        &self,
        _request: Request<wire::GetTrustBundleRequest>,
    ) -> Result<Response<wire::TrustBundle>, Status> {
        let (keys, now) = (self.0.keys().0, self.0.parts().clock.now());
        let chains = keys.chains(now).into_iter().map(certificate_chain);
        Ok(Response::new(wire::TrustBundle {
            chains: chains.collect(),
        }))
    }

    async fn get_configuration(
        &self,
        _request: Request<wire::GetConfigurationRequest>,
    ) -> Result<Response<wire::Configuration>, Status> {
        let issuers = self
            .0
            .parts()
            .issuers
            .configured()
            .into_iter()
            .map(oidc_issuer)
            .collect();
        Ok(Response::new(wire::Configuration { issuers }))
    }
}

fn into_issuance(
    message: wire::CreateSigningCertificateRequest,
    metadata: &MetadataMap,
    origin: RequestOrigin,
) -> Result<IssuanceRequest, Error> {
    let in_body = message
        .credentials
        .and_then(|credentials| credentials.credentials);
    let in_body = in_body.map(|Credentials::OidcIdentityToken(token)| token);
    let in_metadata = metadata
        .get(TOKEN_METADATA)
        .and_then(|value| value.to_str().ok());
    let key = match message.key {
        Some(Key::PublicKeyRequest(request)) => {
            let content = request.public_key.unwrap_or_default().content.into_bytes();
            choose_key(Some((content, request.proof_of_possession)), Vec::new())
        }
        Some(Key::CertificateSigningRequest(request)) => choose_key(None, request),
        None => choose_key(None, Vec::new()),
    };
    Ok(IssuanceRequest {
        token: choose_token(in_body, in_metadata),
        key: key?,
        origin,
    })
}

fn signing_certificate(chain: &[Certificate]) -> wire::SigningCertificate {
    let is_logged = chain.first().is_some_and(|leaf| leaf.sct_list().is_ok());
    let chain = Some(certificate_chain(chain));
    let certificate = if is_logged {
        SignedCertificate::SignedCertificateEmbeddedSct(wire::SigningCertificateEmbeddedSct {
            chain,
        })
    } else {
        // What Fulcio answers without a log: the SCT beside the certificate is empty.
        SignedCertificate::SignedCertificateDetachedSct(wire::SigningCertificateDetachedSct {
            chain,
            signed_certificate_timestamp: Vec::new(),
        })
    };
    wire::SigningCertificate {
        certificate: Some(certificate),
    }
}

fn certificate_chain<'a>(
    chain: impl IntoIterator<Item = &'a Certificate>,
) -> wire::CertificateChain {
    wire::CertificateChain {
        certificates: chain.into_iter().map(Certificate::to_pem).collect(),
    }
}

fn oidc_issuer(issuer: ConfiguredIssuer) -> wire::OidcIssuer {
    wire::OidcIssuer {
        issuer: Some(match issuer.location {
            IssuerLocation::Url(url) => Issuer::IssuerUrl(url),
            IssuerLocation::Wildcard(pattern) => Issuer::WildcardIssuerUrl(pattern),
        }),
        audience: issuer.audience,
        challenge_claim: issuer.challenge_claim,
        spiffe_trust_domain: issuer.spiffe_trust_domain,
        issuer_type: issuer.kind.as_str().to_owned(),
        subject_domain: issuer.subject_domain,
        skip_email_verification: issuer.skip_email_verification,
    }
}

/// The methods, with the budgets that they have over HTTP.
pub(crate) const METHODS: &[Method] = &[
    Method::unary("CreateSigningCertificate", ISSUE),
    Method::unary("GetTrustBundle", Budget::read()),
    Method::unary("GetConfiguration", Budget::read()),
];

/// Where Fulcio's gateway puts the token of the `Authorization` header.
const TOKEN_METADATA: &str = "oidcidentitytoken";
