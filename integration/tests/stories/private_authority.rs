//! An authority of an instance's own connections, that issues what a story needs: also what was valid once, and what an authority
//! of another instance would issue.

use std::path::Path;
use std::sync::Arc;

use sigstead_integration::Instance;
use sigstead_key::{Algorithm, PublicKey};
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_signer::{KeyConfig, Signer};
use sigstead_x509::{
    CaKind, CaProfile, Certificate, Name, SerialNumber, TlsProfile, TlsRole, UnsignedCertificate,
    Validity,
};
use time::Duration;

pub(crate) struct PrivateAuthority {
    certificate: Certificate,
    signer: Arc<dyn Signer>,
}

/// Whom a certificate is for.
pub(crate) struct Holder {
    pub(crate) subject: Name,
    pub(crate) public_key: PublicKey,
    pub(crate) uris: Vec<String>,
}

impl PrivateAuthority {
    /// The one whose certificate and key an instance has under a name of its folder `trust`.
    pub(crate) fn of(instance: &Instance, name: &str) -> Self {
        let place = instance.directory().join("trust").join(name);
        let passphrase = instance.directory().join("passphrase");
        let key = KeyConfig::file(place.with_extension("key"), Some(passphrase));
        Self {
            certificate: read(&place.with_extension("pem")),
            signer: wait(sigstead_signer::open(&key)).unwrap(),
        }
    }

    /// Another one that calls itself as this one does.
    pub(crate) fn double(&self) -> Self {
        Self {
            certificate: self.certificate.clone(),
            signer: sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap(),
        }
    }

    /// A certificate for one who connects, that began `ago` and ends `ahead` from now.
    pub(crate) fn issue(&self, holder: Holder, ago: Duration, ahead: Duration) -> Certificate {
        let now = SystemClock.now().replace_nanosecond(0).unwrap();
        let validity = Validity {
            not_before: now - ago,
            not_after: now + ahead,
        };
        let profile = TlsProfile {
            subject: holder.subject,
            public_key: holder.public_key,
            dns_names: Vec::new(),
            ip_addresses: Vec::new(),
            uris: holder.uris,
            role: TlsRole::Client,
            validity,
            serial: serial(),
        };
        self.sign(profile.issued_by(&self.as_old_as(validity)).unwrap())
    }

    /// It issues nothing that is older than itself.
    fn as_old_as(&self, validity: Validity) -> Certificate {
        let profile = CaProfile {
            subject: self.certificate.subject_name(),
            public_key: self.signer.public_key().clone(),
            validity,
            kind: CaKind::Root,
            serial: serial(),
        };
        self.sign(profile.self_signed().unwrap())
    }

    fn sign(&self, unsigned: UnsignedCertificate) -> Certificate {
        let signature = wait(self.signer.sign(unsigned.bytes_to_sign())).unwrap();
        unsigned.sign_with(signature).unwrap()
    }
}

pub(crate) fn read(path: &Path) -> Certificate {
    Certificate::from_pem(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn serial() -> SerialNumber {
    let nanos = SystemClock.now().unix_timestamp_nanos().to_be_bytes();
    let mut random = [7; 20];
    random[4..].copy_from_slice(&nanos);
    SerialNumber::from_random(random)
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}
