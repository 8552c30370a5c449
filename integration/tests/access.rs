//! Who may call what on the admin interfaces: every method of every service has a row in the one table, and running
//! services hold each certificate to it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use sigstead_config::ACCESS;
use sigstead_integration::Instance;
use sigstead_key::Algorithm;
use sigstead_kit::{Access, Clock as _, Role, SystemClock};
use sigstead_proto::admin::v1 as wire;
use sigstead_signer::{PrivateKey, Signer};
use sigstead_x509::{Certificate, Name, SerialNumber, TlsProfile, TlsRole, Validity};
use tonic::client::Grpc;
use tonic::transport::{Channel, ClientTlsConfig, Identity};
use tonic::{Code, Request, Status};

#[test]
fn every_method_of_every_admin_interface_has_one_row() {
    let defined: Vec<_> = sigstead_proto::method_paths()
        .into_iter()
        .filter(|path| path.starts_with("/sigstead.admin."))
        .collect();
    assert!(defined.len() > 20, "only {defined:?} are defined");
    for path in &defined {
        let rows = ACCESS.iter().filter(|row| row.method == path).count();
        assert_eq!(
            rows, 1,
            "{path} has {rows} rows in crates/config/src/access.rs"
        );
    }
    for Access { method, .. } in ACCESS {
        let is_defined = defined.iter().any(|path| path == method);
        assert!(is_defined, "{method} has a row and no definition");
    }
}

#[test]
fn the_chapter_shows_the_table() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/admin.md");
    let page = std::fs::read_to_string(page).unwrap();
    for Access { method, role, .. } in ACCESS {
        let name = method.trim_start_matches("/sigstead.admin.v1.");
        let row = page
            .lines()
            .find(|line| line.contains(&format!("`{name}`")));
        let row = row.unwrap_or_else(|| panic!("docs/admin.md does not name {name}"));
        assert!(
            row.starts_with(&format!("| `{role}` |")),
            "{name} is in another row"
        );
    }
}

/// Makes certificates that the instance's services meet.
struct Authority {
    certificate: Certificate,
    signer: std::sync::Arc<dyn Signer>,
}

impl Authority {
    fn of(instance: &Instance) -> Self {
        let directory = instance.directory();
        let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
        let passphrase = read("passphrase");
        let key = read("trust/admin-ca.key");
        let key = PrivateKey::from_encrypted_pem(&key, passphrase.trim_end().as_bytes());
        Self {
            certificate: Certificate::from_pem(&read("trust/admin-ca.pem")).unwrap(),
            signer: key.unwrap().into_signer(),
        }
    }

    async fn issue(&self, terms: Terms<'_>) -> Identity {
        let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
        let now = SystemClock.now();
        let [from, to] = terms
            .seconds
            .map(|seconds| now + time::Duration::seconds(seconds));
        let mut serial = [7; 20];
        aws_lc_rs::rand::fill(&mut serial).unwrap();
        let profile = TlsProfile {
            subject: Name {
                organization: "access".to_owned(),
                common_name: terms.name.to_owned(),
            },
            public_key: key.public_key().clone(),
            dns_names: vec!["localhost".to_owned()],
            ip_addresses: Vec::new(),
            uris: terms.role.map(Role::uri).into_iter().collect(),
            role: terms.end,
            validity: Validity {
                not_before: from,
                not_after: to,
            },
            serial: SerialNumber::from_random(serial),
        };
        let unsigned = profile.issued_by(&self.certificate).unwrap();
        let signature = self.signer.sign(unsigned.bytes_to_sign()).await.unwrap();
        let certificate = unsigned.sign_with(signature).unwrap().to_pem();
        Identity::from_pem(certificate, key.to_pem().unwrap().as_bytes())
    }
}

struct Terms<'a> {
    name: &'a str,
    role: Option<Role>,
    end: TlsRole,
    /// From when on and until when it is valid, from now.
    seconds: [i64; 2],
}

/// Within the life of an authority that has just been made.
const NOW: [i64; 2] = [-30, 3600];

fn client(name: &str, role: Option<Role>) -> Terms<'_> {
    Terms {
        name,
        role,
        end: TlsRole::Client,
        seconds: NOW,
    }
}

struct Services {
    instance: &'static Instance,
    ports: BTreeMap<String, Value>,
}

impl Services {
    fn start() -> Self {
        let instance = sigstead_integration::shared();
        let manifest = std::fs::read(instance.directory().join("instance.yaml")).unwrap();
        let manifest: Value = serde_yaml::from_slice(&manifest).unwrap();
        let ports = manifest["ports"].as_object().unwrap().clone();
        let ports = ports.into_iter().collect();
        Self { instance, ports }
    }

    fn port(&self, service: &str, listener: &str) -> u64 {
        self.ports[service][listener].as_u64().unwrap()
    }

    async fn connect(&self, service: &str, identity: Option<Identity>) -> Option<Channel> {
        let ca = std::fs::read(self.instance.directory().join("trust/admin-ca.pem")).unwrap();
        let tls = ClientTlsConfig::new()
            .domain_name("localhost")
            .ca_certificate(tonic::transport::Certificate::from_pem(ca));
        let tls = match identity {
            Some(identity) => tls.identity(identity),
            None => tls,
        };
        let url = format!("https://127.0.0.1:{}", self.port(service, "admin"));
        let endpoint = Channel::from_shared(url).unwrap().tls_config(tls).unwrap();
        let endpoint = endpoint.timeout(Duration::from_secs(60));
        endpoint.connect().await.ok()
    }
}

/// Calls a method with a request in which nothing is set: none of them makes a change then, but the one that makes an index
/// again.
async fn call(channel: &Channel, method: &'static str) -> Result<(), Status> {
    let mut client = Grpc::new(channel.clone());
    client
        .ready()
        .await
        .map_err(|error| Status::from_error(Box::new(error)))?;
    let codec = tonic_prost::ProstCodec::<wire::ListKeysRequest, wire::ListKeysRequest>::default();
    let path = http::uri::PathAndQuery::from_static(method);
    let answer = client.unary(Request::new(wire::ListKeysRequest {}), path, codec);
    answer.await.map(drop)
}

fn service_of(method: &str) -> &'static str {
    let name = method.trim_start_matches("/sigstead.admin.v1.");
    let of = |(interface, _): &&(&str, &str)| name.starts_with(&format!("{interface}/"));
    INTERFACES.iter().find(of).unwrap().1
}

/// Whose the interfaces are.
const INTERFACES: [(&str, &str); 6] = [
    ("CaAdmin", "ca"),
    ("TlogAdmin", "tlog"),
    ("CtLogAdmin", "ctlog"),
    ("TsaAdmin", "tsa"),
    ("TufAdmin", "tuf"),
    ("OidcAdmin", "oidc"),
];

fn code(status: &Status) -> &str {
    let code = status.metadata().get("sigstead-code");
    code.map_or("", |code| code.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn running_services_hold_each_certificate_to_the_table() {
    let services = Services::start();
    let authority = Authority::of(services.instance);
    for holder in [
        client("Vera", Some(Role::Viewer)),
        client("Otto", Some(Role::Operator)),
        client("Olga", Some(Role::Owner)),
        client("Nora", None),
        client("access operator", None),
    ] {
        let role = match holder.name {
            "access operator" => Some(Role::Owner),
            _ => holder.role,
        };
        let name = holder.name;
        let identity = authority.issue(holder).await;
        for row in ACCESS {
            let channel = services.connect(service_of(row.method), Some(identity.clone()));
            let answer = call(&channel.await.unwrap(), row.method).await;
            let refusal = match role {
                None => Some("E-KIT-019"),
                Some(role) if role < row.role => Some("E-KIT-020"),
                Some(_) => None,
            };
            match (refusal, answer) {
                (Some(refusal), Err(status)) => {
                    assert_eq!(status.code(), Code::PermissionDenied, "{name}: {status}");
                    assert_eq!(
                        code(&status),
                        refusal,
                        "{name} calls {}: {status}",
                        row.method
                    );
                }
                (Some(_), Ok(())) => panic!("{name} may call {}", row.method),
                (None, Err(status)) if status.code() == Code::PermissionDenied => {
                    panic!("{name} may not call {}: {status}", row.method)
                }
                (None, _) => {}
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_service_lets_in_a_certificate_that_is_not_a_clients_of_its_authority_and_valid() {
    let services = Services::start();
    let authority = Authority::of(services.instance);
    let owner = |end, seconds| Terms {
        name: "Olga",
        role: Some(Role::Owner),
        end,
        seconds,
    };
    let other = Instance::create("access", &[]).unwrap();
    let cases = [
        (
            "ended",
            authority.issue(owner(TlsRole::Client, [-30, -20])).await,
        ),
        (
            "coming",
            authority.issue(owner(TlsRole::Client, [3600, 7200])).await,
        ),
        (
            "a server's",
            authority.issue(owner(TlsRole::Server, NOW)).await,
        ),
        (
            "of another authority",
            Authority::of(&other)
                .issue(owner(TlsRole::Client, NOW))
                .await,
        ),
    ];
    for service in sigstead_integration::SERVICES {
        for (what, identity) in &cases {
            let is_let_in = is_let_in(&services, service, Some(identity.clone())).await;
            assert!(!is_let_in, "{service} lets in a certificate that is {what}");
        }
        assert!(
            !is_let_in(&services, service, None).await,
            "{service} lets in anybody"
        );
        let good = authority.issue(owner(TlsRole::Client, NOW)).await;
        assert!(
            is_let_in(&services, service, Some(good)).await,
            "{service} lets in nobody"
        );
    }
}

/// Whether the handshake of TLS succeeds: with TLS 1.3 a client learns of its refusal at its first call.
async fn is_let_in(services: &Services, service: &str, identity: Option<Identity>) -> bool {
    let Some(channel) = services.connect(service, identity).await else {
        return false;
    };
    let health = "/grpc.health.v1.Health/Check";
    let answer = call(&channel, health).await;
    answer.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_method_of_the_admin_interfaces_is_on_another_port() {
    let services = Services::start();
    for row in ACCESS {
        let service = service_of(row.method);
        for listener in ["public", "ops"] {
            let url = format!("http://127.0.0.1:{}", services.port(service, listener));
            let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
            let status = call(&channel, row.method).await.unwrap_err();
            let is_absent =
                status.message().contains("404 Not Found") || status.code() == Code::Unimplemented;
            assert!(is_absent, "{} on the {listener} port: {status}", row.method);
        }
    }
}

#[test]
fn the_first_certificate_is_the_owners() {
    let instance = Instance::create("access", &[]).unwrap();
    let path = instance.directory().join("trust/admin-client.pem");
    let pem = std::fs::read_to_string(path).unwrap();
    let certificate = Certificate::from_pem(&pem).unwrap();
    let owner = sigstead_kit::Administrator::of(certificate.to_der()).unwrap();
    assert_eq!(
        (owner.name.as_str(), owner.role),
        ("access operator", Role::Owner)
    );
}
