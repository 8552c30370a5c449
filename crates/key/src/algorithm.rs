//! The algorithms of the registry that the official clients and services use.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, ML_DSA_44, ML_DSA_65, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// The digest of a message.
    #[must_use]
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        digest::digest(self.implementation(), message)
            .as_ref()
            .to_vec()
    }

    /// Octets of a digest.
    #[must_use]
    pub const fn digest_length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The name in protobuf-JSON (`dev.sigstore.common.v1.HashAlgorithm`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA2_256",
            Self::Sha384 => "SHA2_384",
            Self::Sha512 => "SHA2_512",
        }
    }

    /// The hash of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|hash| hash.name() == name)
    }

    pub(crate) const fn implementation(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// RSASSA-PSS with this hash, in the mask as well, and a salt of its length.
    pub(crate) const fn pss(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Sha256 => &RSA_PSS_2048_8192_SHA256,
            Self::Sha384 => &RSA_PSS_2048_8192_SHA384,
            Self::Sha512 => &RSA_PSS_2048_8192_SHA512,
        }
    }
}

/// A signature algorithm: key type, parameters and hash together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384Sha384,
    /// ECDSA on P-521 with SHA-512.
    EcdsaP521Sha512,
    /// Ed25519 over the message.
    Ed25519,
    /// Ed25519ph over the SHA-512 digest of the message.
    Ed25519Ph,
    /// RSA of 2048 bits, PKCS #1 v1.5 with SHA-256.
    RsaPkcs1v15_2048Sha256,
    /// RSA of 3072 bits, PKCS #1 v1.5 with SHA-256.
    RsaPkcs1v15_3072Sha256,
    /// RSA of 4096 bits, PKCS #1 v1.5 with SHA-256.
    RsaPkcs1v15_4096Sha256,
    /// ML-DSA-44 over the message (FIPS 204).
    MlDsa44,
    /// ML-DSA-65 over the message (FIPS 204).
    MlDsa65,
}

impl Algorithm {
    /// All algorithms that clients verify. [`Self::POST_QUANTUM`] are not among them, so that no name of one is read from outside.
    pub const ALL: [Self; 8] = [
        Self::EcdsaP256Sha256,
        Self::EcdsaP384Sha384,
        Self::EcdsaP521Sha512,
        Self::Ed25519,
        Self::Ed25519Ph,
        Self::RsaPkcs1v15_2048Sha256,
        Self::RsaPkcs1v15_3072Sha256,
        Self::RsaPkcs1v15_4096Sha256,
    ];

    /// Those that keys may be made of before any client verifies them.
    pub const POST_QUANTUM: [Self; 2] = [Self::MlDsa44, Self::MlDsa65];

    /// The name in the registry (`dev.sigstore.common.v1.PublicKeyDetails`).
    #[must_use]
    pub const fn key_details(self) -> &'static str {
        match self {
            Self::EcdsaP256Sha256 => "PKIX_ECDSA_P256_SHA_256",
            Self::EcdsaP384Sha384 => "PKIX_ECDSA_P384_SHA_384",
            Self::EcdsaP521Sha512 => "PKIX_ECDSA_P521_SHA_512",
            Self::Ed25519 => "PKIX_ED25519",
            Self::Ed25519Ph => "PKIX_ED25519_PH",
            Self::RsaPkcs1v15_2048Sha256 => "PKIX_RSA_PKCS1V15_2048_SHA256",
            Self::RsaPkcs1v15_3072Sha256 => "PKIX_RSA_PKCS1V15_3072_SHA256",
            Self::RsaPkcs1v15_4096Sha256 => "PKIX_RSA_PKCS1V15_4096_SHA256",
            Self::MlDsa44 => "ML_DSA_44",
            Self::MlDsa65 => "ML_DSA_65",
        }
    }

    /// The algorithm of [`Self::ALL`] with that registry name.
    #[must_use]
    pub fn from_key_details(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.key_details() == name)
    }

    /// The hash that goes over the message. Ed25519 and ML-DSA take the message itself: theirs is the one of formats that have a
    /// digest beside the signature (RFC 8419 §3.1, RFC 9882 §3.3).
    #[must_use]
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::EcdsaP256Sha256
            | Self::RsaPkcs1v15_2048Sha256
            | Self::RsaPkcs1v15_3072Sha256
            | Self::RsaPkcs1v15_4096Sha256 => HashAlgorithm::Sha256,
            Self::EcdsaP384Sha384 => HashAlgorithm::Sha384,
            Self::EcdsaP521Sha512
            | Self::Ed25519
            | Self::Ed25519Ph
            | Self::MlDsa44
            | Self::MlDsa65 => HashAlgorithm::Sha512,
        }
    }

    /// Whether keys of this algorithm are RSA keys.
    #[must_use]
    pub const fn is_rsa(self) -> bool {
        matches!(
            self,
            Self::RsaPkcs1v15_2048Sha256
                | Self::RsaPkcs1v15_3072Sha256
                | Self::RsaPkcs1v15_4096Sha256
        )
    }

    /// Whether keys of this algorithm withstand a quantum computer, and no client verifies them yet.
    #[must_use]
    pub const fn is_post_quantum(self) -> bool {
        matches!(self, Self::MlDsa44 | Self::MlDsa65)
    }

    /// How signatures of such a key are verified with a hash; Ed25519 has its own.
    pub(crate) const fn verification(
        self,
        hash: HashAlgorithm,
    ) -> Option<&'static dyn VerificationAlgorithm> {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        Some(match (self, hash) {
            (Self::EcdsaP256Sha256, Sha256) => &ECDSA_P256_SHA256_ASN1,
            (Self::EcdsaP256Sha256, Sha384) => &ECDSA_P256_SHA384_ASN1,
            (Self::EcdsaP256Sha256, Sha512) => &ECDSA_P256_SHA512_ASN1,
            (Self::EcdsaP384Sha384, Sha256) => &ECDSA_P384_SHA256_ASN1,
            (Self::EcdsaP384Sha384, Sha384) => &ECDSA_P384_SHA384_ASN1,
            (Self::EcdsaP384Sha384, Sha512) => &ECDSA_P384_SHA512_ASN1,
            (Self::EcdsaP521Sha512, Sha256) => &ECDSA_P521_SHA256_ASN1,
            (Self::EcdsaP521Sha512, Sha384) => &ECDSA_P521_SHA384_ASN1,
            (Self::EcdsaP521Sha512, Sha512) => &ECDSA_P521_SHA512_ASN1,
            (Self::MlDsa44, Sha512) => &ML_DSA_44,
            (Self::MlDsa65, Sha512) => &ML_DSA_65,
            (Self::Ed25519 | Self::Ed25519Ph | Self::MlDsa44 | Self::MlDsa65, _) => return None,
            (_, Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            (_, Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            (_, Sha512) => &RSA_PKCS1_2048_8192_SHA512,
        })
    }
}
