use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigstead_identity::{IssuerConfig, IssuerType, IssuersConfig};
use sigstead_key::Algorithm;
use sigstead_note::{KeyId, KeyName};

use super::world::{Base, World};
use super::{Plant, find, on, plant};
use crate::instance::Service;

pub(super) const PLANTS: &[Plant] = &[
    plant(&["E-DOCTOR-001"], "a misspelled field", |world| {
        world.edit("tsa/config.yaml", "listeners:", "lisseners:");
    }),
    plant(
        &["E-DOCTOR-001"],
        "fields that contradict each other",
        |world| {
            let (from, to) = ("timestamp_validity: 7d", "timestamp_validity: 70d");
            world.edit("tuf/config.yaml", from, to);
        },
    ),
    plant(&["E-DOCTOR-001"], "a log that cannot be read of", |world| {
        fs::create_dir_all(world.path("tlog/logs.d")).unwrap();
        fs::write(world.path("tlog/logs.d/1.yaml"), "face: none").unwrap();
    }),
    plant(
        &["E-DOCTOR-002"],
        "a port that is not the manifest's",
        |world| {
            let ops = world.instance().manifest.ports(Service::Tuf).ops;
            world.edit("tuf/config.yaml", &format!(":{ops}"), ":1234");
        },
    ),
    plant(&["E-DOCTOR-003"], "two listeners on one port", |world| {
        let manifest = world.instance().manifest;
        let (ours, theirs) = (
            manifest.ports(Service::Tsa).ops,
            manifest.ports(Service::Ca).ops,
        );
        world.edit(
            "instance.yaml",
            &format!("ops: {ours}\n"),
            &format!("ops: {theirs}\n"),
        );
        world.edit(
            "tsa/config.yaml",
            &format!(":{ours}"),
            &format!(":{theirs}"),
        );
    }),
    on(
        Base::Tls,
        &["E-DOCTOR-004"],
        "a service that lost its TLS",
        |world| {
            let tls = "    tls:\n      certificate: tls.pem\n      key: tls.key\n";
            world.edit("tuf/config.yaml", tls, "");
        },
    ),
    plant(
        &["E-DOCTOR-005"],
        "an issuer that calls itself otherwise",
        |world| {
            let url = world.instance().manifest.url(Service::Oidc);
            world.edit("oidc/config.yaml", &url, "http://localhost:1");
        },
    ),
    plant(
        &["E-DOCTOR-006"],
        "an authority that logs elsewhere",
        |world| {
            let url = world.instance().manifest.url(Service::Ctlog);
            world.edit("ca/config.yaml", &url, "http://localhost:1");
        },
    ),
    plant(&["E-DOCTOR-007"], "metrics for everybody", |world| {
        let ops = world.instance().manifest.ports(Service::Tuf).ops;
        let from = format!("127.0.0.1:{ops}");
        world.edit("tuf/config.yaml", &from, &format!("0.0.0.0:{ops}"));
    }),
    on(
        Base::Proxy,
        &["E-DOCTOR-008"],
        "a proxy that nobody knows",
        |world| {
            let proxies = "  trusted_proxies:\n  - 127.0.0.1/32\n  - ::1/128\n";
            world.edit("ca/config.yaml", proxies, "");
        },
    ),
    on(
        Base::Proxy,
        &["E-DOCTOR-009"],
        "a proxy that is everybody",
        |world| {
            world.edit("ca/config.yaml", "127.0.0.1/32", "128.0.0.0/1");
        },
    ),
    on(
        Base::Proxy,
        &["E-DOCTOR-010"],
        "tokens for everybody",
        |world| {
            world.edit("instance.yaml", "profile: production", "profile: dev");
        },
    ),
    plant(
        &["E-DOCTOR-011"],
        "a file of issuers that is none",
        |world| {
            fs::write(world.path("ca/issuers.yaml"), "oidc-issuers: 7").unwrap();
        },
    ),
    plant(&["E-DOCTOR-011"], "no file of issuers", |world| {
        fs::remove_file(world.path("ca/issuers.yaml")).unwrap();
    }),
    plant(
        &["E-DOCTOR-012"],
        "keys of an issuer in the open",
        |world| {
            write_issuers(world, |issuers| {
                let issuer =
                    IssuerConfig::new("http://idp.example.com", "other", IssuerType::Email);
                issuers.with_issuer(issuer)
            });
        },
    ),
    plant(&["E-DOCTOR-013"], "an issuer that is forgotten", |world| {
        write_issuers(world, |_| {
            let issuer = IssuerConfig::new("https://idp.example.com", "other", IssuerType::Email);
            IssuersConfig::default().with_issuer(issuer)
        });
    }),
    plant(
        &["E-DOCTOR-014"],
        "a witness policy that is not there",
        |world| {
            name_policy(world);
        },
    ),
    plant(&["E-DOCTOR-015"], "witnesses on one machine", |world| {
        name_policy(world);
        let hosts = ["https://w.example.com/1", "https://w.example.com/2"];
        write_policy(world, &hosts);
    }),
    plant(
        &["E-DOCTOR-015"],
        "a witness on the machine of the log",
        |world| {
            name_policy(world);
            write_policy(world, &["http://127.0.0.1:7380"]);
        },
    ),
    plant(&[], "witnesses on two machines", |world| {
        name_policy(world);
        write_policy(world, &["https://a.example.com", "https://b.example.com"]);
    }),
];

#[test]
fn a_fault_of_a_configuration_is_named() {
    find(PLANTS);
}

fn write_issuers(world: &World, change: impl FnOnce(IssuersConfig) -> IssuersConfig) {
    let path = world.path("ca/issuers.yaml");
    let issuers = IssuersConfig::parse(&fs::read_to_string(&path).unwrap()).unwrap();
    fs::write(path, change(issuers).to_yaml().unwrap()).unwrap();
}

fn name_policy(world: &World) {
    let (from, to) = (
        "face: rekor-v2\n",
        "face: rekor-v2\n  witnesses:\n    policy: witnesses.policy\n",
    );
    world.edit("tlog/config.yaml", from, to);
}

fn write_policy(world: &World, urls: &[&str]) {
    let mut policy = String::new();
    for (number, url) in urls.iter().enumerate() {
        let name = KeyName::parse(&format!("w{number}.example")).unwrap();
        let key = sigstead_signer::ephemeral(Algorithm::Ed25519).unwrap();
        let raw = key.public_key().raw_ed25519().unwrap();
        let id = KeyId::truncate(&KeyId::hash(&name, 4, &raw));
        let encoded = STANDARD.encode([&[4], &raw[..]].concat());
        policy.push_str(&format!("witness w{number} {name}+{id}+{encoded} {url}\n"));
    }
    let names: Vec<_> = (0..urls.len()).map(|number| format!("w{number}")).collect();
    policy.push_str(&format!("group all all {}\nquorum all\n", names.join(" ")));
    fs::write(world.path("tlog/witnesses.policy"), policy).unwrap();
}
