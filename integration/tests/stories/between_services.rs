//! Who is let in on which connection within an instance, by the certificate that is shown
//! ([ADR 33](../../../docs/adr/0033-services-show-certificates-where-one-must-know-the-other.md)).

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use sigstead_integration::Instance;
use sigstead_kit::Administrator;
use time::Duration;

use crate::private_authority::{Holder, PrivateAuthority, read};

#[test]
fn each_connection_takes_the_certificate_that_is_meant_for_it_and_no_other() {
    let instance = Instance::start("between", &["--tls"]).unwrap();
    let mut lines = vec![Line {
        name: "ca to ctlog".to_owned(),
        authority: "tls-ca",
        right: instance.directory().join("ca/tls-client"),
        other: instance.directory().join("trust/admin-client"),
        url: format!("{}/ct/v1/add-pre-chain", instance.url("ctlog")),
        // A certificate that counts is asked for more than this.
        body: "{\"chain\":[]}",
        is_let_in: |answer| answer.contains("E-CTLOG-003"),
    }];
    lines.extend(SERVICES.map(|service| Line {
        name: format!("sigctl to the admin interface of {service}"),
        authority: "admin-ca",
        right: instance.directory().join("trust/admin-client"),
        other: instance.directory().join("ca/tls-client"),
        url: format!(
            "https://localhost:{}/grpc.health.v1.Health/Check",
            admin_port(&instance, service)
        ),
        body: "\0\0\0\0\0",
        is_let_in: |answer| answer.contains("grpc-status: 0"),
    }));
    for line in &lines {
        for shown in Shown::ALL {
            let answer = line.ask(&instance, shown);
            let is_expected = shown == Shown::Right;
            assert_eq!(
                (line.is_let_in)(&answer),
                is_expected,
                "{}, {shown:?}: {answer}",
                line.name
            );
        }
    }
}

/// A connection.
struct Line {
    name: String,
    /// Whose certificates are taken.
    authority: &'static str,
    /// Certificate and key of who may connect.
    right: PathBuf,
    /// Those of another connection.
    other: PathBuf,
    url: String,
    body: &'static str,
    /// Whether an answer is one to who was let in.
    is_let_in: fn(&str) -> bool,
}

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Nothing,
    /// By another authority of the same name.
    Foreign,
    /// By the right authority, for a time that is over.
    Expired,
    /// By the right authority, for a time that has not begun.
    Early,
    /// What is for another connection.
    Other,
    Right,
}

impl Shown {
    const ALL: [Self; 6] = [
        Self::Nothing,
        Self::Foreign,
        Self::Expired,
        Self::Early,
        Self::Other,
        Self::Right,
    ];
}

impl Line {
    fn ask(&self, instance: &Instance, shown: Shown) -> String {
        let trusted = instance.directory().join("trust").join(self.authority);
        let mut curl = Command::new("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--include",
            "--http2",
            "--max-time",
            "20",
        ]);
        curl.arg("--cacert").arg(trusted.with_extension("pem"));
        if let Some((certificate, key)) = self.identity(instance, shown) {
            curl.arg("--cert").arg(certificate).arg("--key").arg(key);
        }
        let body = instance.work().join("body");
        std::fs::write(&body, self.body).unwrap();
        let is_grpc = self.body.starts_with('\0');
        let kind = if is_grpc {
            "application/grpc"
        } else {
            "application/json"
        };
        curl.args([
            "--header",
            &format!("content-type: {kind}"),
            "--header",
            "te: trailers",
        ]);
        curl.arg("--data-binary")
            .arg(format!("@{}", body.display()))
            .arg(&self.url);
        let output = curl.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Certificate and key.
    fn identity(&self, instance: &Instance, shown: Shown) -> Option<(PathBuf, PathBuf)> {
        let files = |place: &PathBuf| (place.with_extension("pem"), place.with_extension("key"));
        let authority = PrivateAuthority::of(instance, self.authority);
        let day = Duration::days(1);
        let (authority, ago, ahead) = match shown {
            Shown::Nothing => return None,
            Shown::Right => return Some(files(&self.right)),
            Shown::Other => return Some(files(&self.other)),
            Shown::Foreign => (authority.double(), day, day),
            Shown::Expired => (authority, day, -day / 2),
            Shown::Early => (authority, -day / 2, day),
        };
        let (right, key) = files(&self.right);
        let right = read(&right);
        let role = Administrator::of(right.to_der()).map(|holder| holder.role.uri());
        let holder = Holder {
            subject: right.subject_name(),
            public_key: right.public_key().clone(),
            uris: role.into_iter().collect(),
        };
        let made = instance.work().join("shown.pem");
        std::fs::write(&made, authority.issue(holder, ago, ahead).to_pem()).unwrap();
        Some((made, key))
    }
}

fn admin_port(instance: &Instance, service: &str) -> u64 {
    let manifest = std::fs::read_to_string(instance.directory().join("instance.yaml")).unwrap();
    let manifest: Value = serde_yaml::from_str(&manifest).unwrap();
    manifest["ports"][service]["admin"].as_u64().unwrap()
}

const SERVICES: [&str; 6] = ["ca", "ctlog", "oidc", "tlog", "tsa", "tuf"];
