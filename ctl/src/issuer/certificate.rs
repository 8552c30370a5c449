//! What a certificate for a token would say.

use std::collections::BTreeMap;

use serde::Serialize;
use sigstead_proto::admin::v1::TokenCertificate;
use sigstead_x509::{FulcioExtensions, SubjectAlternativeName};

/// The parts of a certificate that come from the token.
#[derive(Serialize)]
pub(crate) struct Shown {
    pub(crate) identity: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// The text that a client has to sign.
    pub(crate) proof_of_possession: String,
    /// The claims that become extensions, by their names in the certificate profile, and the operator's own by their identifiers.
    pub(crate) extensions: BTreeMap<String, String>,
}

impl From<TokenCertificate> for Shown {
    fn from(certificate: TokenCertificate) -> Self {
        Self {
            identity: certificate.identity,
            issuer: certificate.issuer,
            subject: certificate.subject,
            proof_of_possession: certificate.proof_of_possession,
            extensions: certificate.extensions.into_iter().collect(),
        }
    }
}

impl Shown {
    pub(crate) fn new(
        name: &str,
        san: &SubjectAlternativeName,
        extensions: &FulcioExtensions,
    ) -> Self {
        let named = extensions.named().into_iter();
        Self {
            identity: san.value().to_owned(),
            issuer: extensions.issuer.clone(),
            subject: extensions.subject.clone(),
            proof_of_possession: name.to_owned(),
            extensions: named
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
        }
    }

    /// For people, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("  identity   {}", self.identity),
            format!("  issuer     {}", self.issuer),
            format!("  subject    {}", self.subject),
            format!("  to sign    {}", self.proof_of_possession),
        ];
        let extensions = self.extensions.iter();
        lines.extend(extensions.map(|(name, value)| format!("  {name}  {value}")));
        lines
    }
}
