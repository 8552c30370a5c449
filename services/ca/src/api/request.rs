//! The bodies that clients send. What they do not need is not read: unknown fields, the names of
//! algorithms (clients send names that no enum has), and `null` for what is absent.

use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, header};
use serde::{Deserialize, Deserializer, de};
use sigstead_protojson::strict;

use crate::audit::RequestOrigin;
use crate::{Error, IssuanceRequest, KeyRequest};

/// `dev.sigstore.fulcio.v2.CreateSigningCertificateRequest` in JSON, with the field names of both
/// spellings.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CreateSigningCertificateRequest {
    credentials: Option<Credentials>,
    #[serde(rename = "publicKeyRequest", alias = "public_key_request")]
    public_key_request: Option<PublicKeyRequest>,
    #[serde(
        rename = "certificateSigningRequest",
        alias = "certificate_signing_request"
    )]
    certificate_signing_request: Option<Base64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Credentials {
    #[serde(rename = "oidcIdentityToken", alias = "oidc_identity_token")]
    oidc_identity_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PublicKeyRequest {
    #[serde(rename = "publicKey", alias = "public_key")]
    public_key: Option<PublicKey>,
    #[serde(rename = "proofOfPossession", alias = "proof_of_possession")]
    proof_of_possession: Option<Base64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PublicKey {
    content: Option<String>,
}

/// `dev.sigstore.fulcio.v1beta.CreateSigningCertificateRequest` in JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LegacyRequest {
    #[serde(rename = "publicKey", alias = "public_key")]
    public_key: Option<LegacyPublicKey>,
    #[serde(rename = "signedEmailAddress", alias = "signed_email_address")]
    signed_email_address: Option<Base64>,
    #[serde(
        rename = "certificateSigningRequest",
        alias = "certificate_signing_request"
    )]
    certificate_signing_request: Option<Base64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LegacyPublicKey {
    content: Option<Base64>,
}

impl CreateSigningCertificateRequest {
    /// `authorization` counts where the body has no token.
    pub(super) fn into_issuance(
        self,
        authorization: Option<&str>,
        origin: RequestOrigin,
    ) -> Result<IssuanceRequest, Error> {
        let in_body = self
            .credentials
            .and_then(|credentials| credentials.oidc_identity_token);
        let token = choose_token(in_body, authorization);
        let public_key = self.public_key_request.map(|request| {
            let content = request
                .public_key
                .and_then(|key| key.content)
                .unwrap_or_default();
            (
                content.into_bytes(),
                request.proof_of_possession.unwrap_or_default().0,
            )
        });
        let key = choose_key(
            public_key,
            self.certificate_signing_request.unwrap_or_default().0,
        )?;
        Ok(IssuanceRequest { token, key, origin })
    }
}

impl LegacyRequest {
    /// A request that has anything for a certification request is one: Go clients send all members, empty ones too.
    pub(super) fn into_issuance(
        self,
        authorization: Option<&str>,
        origin: RequestOrigin,
    ) -> Result<IssuanceRequest, Error> {
        let request = self.certificate_signing_request.unwrap_or_default().0;
        let public_key = self.public_key.filter(|_| request.is_empty()).map(|key| {
            let content = key.content.unwrap_or_default().0;
            (content, self.signed_email_address.unwrap_or_default().0)
        });
        Ok(IssuanceRequest {
            token: choose_token(None, authorization),
            key: choose_key(public_key, request)?,
            origin,
        })
    }
}

/// The token of the `Authorization` header, if there is one that is text.
pub(super) fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

/// Reads a body, whatever media type it claims to be.
pub(super) fn decode<T: de::DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    strict::from_slice(body)
        .map_err(|_| Error::RequestMalformed("it is not the expected json object"))
}

/// The token of the body, else the one of the `Authorization` header. A missing one is refused by
/// whoever reads it, like every other text that is not a token.
pub(super) fn choose_token(in_body: Option<String>, authorization: Option<&str>) -> String {
    match in_body {
        Some(token) if !token.is_empty() => token,
        _ => {
            let header = authorization.unwrap_or_default();
            without_scheme(header).to_owned()
        }
    }
}

/// RFC 9110 §11.1: the name of a scheme is read in any case.
fn without_scheme(header: &str) -> &str {
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => header,
    }
}

/// One of the two ways to name a key; what is empty is absent.
pub(super) fn choose_key(
    public_key: Option<(Vec<u8>, Vec<u8>)>,
    certificate_request: Vec<u8>,
) -> Result<KeyRequest, Error> {
    let has_request = !certificate_request.is_empty();
    let public_key = public_key.filter(|(content, _)| !content.is_empty() || !has_request);
    match (public_key, has_request) {
        (Some((content, proof)), false) => KeyRequest::public_key(&content, proof),
        (None, true) => KeyRequest::certificate_request(&certificate_request),
        (Some(_), true) => Err(Error::RequestMalformed(
            "it has both a public key and a certificate signing request",
        )),
        (None, false) => Err(Error::RequestMalformed(
            "it has neither a public key nor a certificate signing request",
        )),
    }
}

/// Bytes in protobuf-JSON: either alphabet, with or without padding.
#[derive(Default)]
struct Base64(Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_url_safe = text.contains(['-', '_']);
        let engine = if is_url_safe { &URL_SAFE } else { &STANDARD };
        engine
            .decode(text)
            .map(Self)
            .map_err(|_| de::Error::custom("not base64"))
    }
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
