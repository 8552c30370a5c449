use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sigstead_key::Algorithm;
use sigstead_signer::PrivateKey;
use sigstead_x509::{
    Certificate, Name, SerialNumber, TlsProfile, TlsRole, UnsignedCertificate, Validity,
};
use time::Duration;

use super::signed::{new_key, open_file, write_private};
use super::world::{Base, World, wait};
use super::{Plant, find, on, plant};

pub(super) const PLANTS: &[Plant] = &[
    plant(&["E-DOCTOR-020"], "no passphrase", |world| {
        fs::remove_file(world.path("passphrase")).unwrap();
    }),
    plant(&["E-DOCTOR-020"], "an empty passphrase", |world| {
        fs::write(world.path("passphrase"), "\n").unwrap();
    }),
    plant(
        &["E-DOCTOR-021"],
        "a passphrase that all can read",
        |world| {
            chmod(&world.path("passphrase"), 0o644);
        },
    ),
    plant(&["E-DOCTOR-022"], "a key that is cut off", |world| {
        let path = world.path("tsa/keys/tsa.key");
        let pem = fs::read(&path).unwrap();
        fs::write(path, &pem[..pem.len() / 2]).unwrap();
    }),
    plant(&["E-DOCTOR-022"], "a key that is gone", |world| {
        fs::remove_file(world.path("oidc/keys/oidc.key")).unwrap();
    }),
    plant(&["E-DOCTOR-023"], "a key that all can read", |world| {
        chmod(&world.path("tsa/keys/tsa.key"), 0o644);
    }),
    plant(
        &["E-DOCTOR-023"],
        "a key of the operator that all can read",
        |world| {
            chmod(&world.path("trust/admin-client.key"), 0o604);
        },
    ),
    plant(&["E-DOCTOR-024"], "another key of the authority", |world| {
        new_key(world, "ca/keys/ca.key", Algorithm::EcdsaP256Sha256);
    }),
    plant(
        &["E-DOCTOR-025"],
        "another key of the timestamp authority",
        |world| {
            new_key(world, "tsa/keys/tsa.key", Algorithm::EcdsaP256Sha256);
        },
    ),
    plant(&["E-DOCTOR-026"], "another key for the CT log", |world| {
        let other = sigstead_signer::ephemeral(Algorithm::EcdsaP256Sha256).unwrap();
        fs::write(world.path("ca/ctlog.pub"), other.public_key().to_pem()).unwrap();
    }),
    // The timestamp authority signs with a key that is not its own.
    plant(
        &["E-DOCTOR-025", "E-DOCTOR-027"],
        "one key for two",
        |world| {
            fs::copy(world.path("ca/keys/ca.key"), world.path("tsa/keys/tsa.key")).unwrap();
        },
    ),
    plant(
        &["E-DOCTOR-028"],
        "an issuer's key that clients do not take",
        |world| {
            new_key(world, "oidc/keys/oidc.key", Algorithm::EcdsaP256Sha256);
        },
    ),
    plant(&["E-DOCTOR-030"], "a chain that is cut off", |world| {
        let path = world.path("tsa/chain.pem");
        let pem = fs::read(&path).unwrap();
        fs::write(path, &pem[..pem.len() / 3]).unwrap();
    }),
    plant(&["E-DOCTOR-031"], "a chain under another root", |world| {
        let path = world.path("ca/chain.pem");
        let chain = Certificate::chain_from_pem(&fs::read_to_string(&path).unwrap()).unwrap();
        let root = fs::read_to_string(world.path("trust/tsa-root.pem")).unwrap();
        fs::write(path, [chain[0].to_pem(), root].concat()).unwrap();
    }),
    plant(&["E-DOCTOR-032"], "a certificate that has ended", |world| {
        issue(world, "tsa/admin", &Terms::within(0..2));
        world.now += Duration::days(3);
    }),
    plant(&["E-DOCTOR-033"], "a certificate of the future", |world| {
        issue(world, "tsa/admin", &Terms::within(10..400));
    }),
    plant(&["E-DOCTOR-034"], "a certificate that ends soon", |world| {
        issue(world, "tsa/admin", &Terms::within(0..30));
    }),
    plant(&["E-DOCTOR-035"], "a certificate of another key", |world| {
        let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        write_private(
            &world.path("ca/admin.key"),
            key.to_pem().unwrap().as_bytes(),
        );
    }),
    plant(
        &["E-DOCTOR-036"],
        "a service that trusts another operator",
        |world| {
            fs::copy(
                world.path("trust/tsa-root.pem"),
                world.path("ca/admin-ca.pem"),
            )
            .unwrap();
        },
    ),
    plant(
        &["E-DOCTOR-036"],
        "a service that the operator does not trust",
        |world| {
            issue(world, "tsa/admin", &Terms::of("trust/tsa-root"));
        },
    ),
    on(
        Base::Tls,
        &["E-DOCTOR-037"],
        "a server that clients do not trust",
        |world| {
            issue(world, "tuf/tls", &Terms::of("trust/admin-ca"));
        },
    ),
    on(
        Base::Tls,
        &["E-DOCTOR-038"],
        "a server of another name",
        |world| {
            let mut terms = Terms::of("trust/tls-ca");
            terms.host = "other.example.com";
            issue(world, "tuf/tls", &terms);
        },
    ),
    on(
        Base::Tls,
        &["E-DOCTOR-029"],
        "a CT log that takes certificates from others than the authority",
        |world| {
            fs::copy(
                world.path("trust/tsa-root.pem"),
                world.path("ctlog/tls-ca.pem"),
            )
            .unwrap();
        },
    ),
    plant(
        &["E-DOCTOR-039"],
        "a CT log that does not know the root",
        |world| {
            fs::copy(
                world.path("trust/tsa-root.pem"),
                world.path("ctlog/roots.pem"),
            )
            .unwrap();
        },
    ),
];

#[test]
fn a_fault_of_a_key_or_certificate_is_named() {
    find(PLANTS);
}

pub(super) fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// What a new certificate of TLS says, and who issues it.
struct Terms {
    authority: &'static str,
    host: &'static str,
    /// Counted from now.
    days: Range<i64>,
}

impl Terms {
    const fn within(days: Range<i64>) -> Self {
        Self {
            authority: "trust/admin-ca",
            host: "localhost",
            days,
        }
    }

    const fn of(authority: &'static str) -> Self {
        Self {
            authority,
            ..Self::within(0..400)
        }
    }
}

/// Puts a new certificate and its key in the place of a pair.
fn issue(world: &World, place: &str, terms: &Terms) {
    let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    write_private(
        &world.path(&format!("{place}.key")),
        key.to_pem().unwrap().as_bytes(),
    );
    let profile = TlsProfile {
        subject: name(),
        public_key: key.public_key().clone(),
        dns_names: vec![terms.host.to_owned()],
        ip_addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
        uris: Vec::new(),
        role: TlsRole::Server,
        validity: Validity {
            not_before: world.now + Duration::days(terms.days.start),
            not_after: world.now + Duration::days(terms.days.end),
        },
        serial: SerialNumber::from_random([7; 20]),
    };
    let issuer = certificate(world, &format!("{}.pem", terms.authority));
    let unsigned = profile.issued_by(&issuer).unwrap();
    let signed = sign(world, unsigned, &format!("{}.key", terms.authority));
    fs::write(world.path(&format!("{place}.pem")), signed.to_pem()).unwrap();
}

pub(super) fn name() -> Name {
    Name {
        organization: "acme".to_owned(),
        common_name: "planted".to_owned(),
    }
}

pub(super) fn certificate(world: &World, path: &str) -> Certificate {
    Certificate::from_pem(&fs::read_to_string(world.path(path)).unwrap()).unwrap()
}

pub(super) fn sign(world: &World, unsigned: UnsignedCertificate, key: &str) -> Certificate {
    let key = open_file(&world.instance(), key);
    let signature = wait(key.sign(unsigned.bytes_to_sign())).unwrap();
    unsigned.sign_with(signature).unwrap()
}
