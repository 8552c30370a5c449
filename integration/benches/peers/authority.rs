//! The chain of an authority, the same for both sides of a pair.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use sigstead_key::Algorithm;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_signer::{PrivateKey, Signer as _};
use sigstead_x509::{
    CaKind, CaProfile, Certificate, Name, SerialNumber, UnsignedCertificate, Validity,
};
use time::Duration;

use crate::variant::Curve;

/// Files and certificates of an authority, whose own key and whose root's are of one curve.
pub(crate) struct Authority {
    /// PKCS #8 in PEM, not encrypted.
    pub(crate) key: PathBuf,
    /// The issuing certificate and the root, PEM.
    pub(crate) chain: PathBuf,
    /// The root, PEM.
    pub(crate) root: PathBuf,
    /// The issuing certificate.
    pub(crate) issuer: Certificate,
}

impl Authority {
    /// Makes keys and certificates and writes them into `folder`.
    pub(crate) async fn make(folder: &Path, curve: Curve) -> Result<Self> {
        let (name, algorithm) = match curve {
            Curve::P256 => ("p256", Algorithm::EcdsaP256Sha256),
            Curve::P384 => ("p384", Algorithm::EcdsaP384Sha384),
        };
        let (root_key, key) = (
            PrivateKey::generate(algorithm)?,
            PrivateKey::generate(algorithm)?,
        );
        let unsigned = profile("root", CaKind::Root, &root_key).self_signed()?;
        let root = signed(unsigned, &root_key).await?;
        let unsigned = profile("issuer", CaKind::CodeSigning, &key).issued_by(&root)?;
        let issuer = signed(unsigned, &root_key).await?;
        let file = |kind: &str| folder.join(format!("{name}-{kind}.pem"));
        let authority = Self {
            key: file("key"),
            chain: file("chain"),
            root: file("root"),
            issuer,
        };
        std::fs::write(&authority.key, key.to_pem()?.as_bytes())?;
        std::fs::set_permissions(&authority.key, PermissionsExt::from_mode(0o600))?;
        std::fs::write(&authority.root, root.to_pem())?;
        let chain = authority.issuer.to_pem() + &root.to_pem();
        std::fs::write(&authority.chain, chain)?;
        Ok(authority)
    }
}

fn profile(common_name: &str, kind: CaKind, key: &PrivateKey) -> CaProfile {
    let now = SystemClock.now();
    CaProfile {
        subject: Name {
            organization: "bench".to_owned(),
            common_name: common_name.to_owned(),
        },
        public_key: key.public_key().clone(),
        validity: Validity {
            not_before: now - Duration::hours(1),
            not_after: now + Duration::days(30),
        },
        serial: SerialNumber::from_random([kind as u8 + 1; 20]),
        kind,
    }
}

async fn signed(unsigned: UnsignedCertificate, key: &PrivateKey) -> Result<Certificate> {
    let signature = key.sign(unsigned.bytes_to_sign()).await?;
    Ok(unsigned.sign_with(signature)?)
}
