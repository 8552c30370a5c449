//! Somebody who asks the certificate authority of an instance for certificates.

use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sigstead_integration::Instance;
use sigstead_x509::Certificate;
use tokio::runtime::Runtime;

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Certified {
    /// The serial number of the certificate, hex.
    Certificate(String),
    Refused {
        status: u16,
        code: String,
        says_when_to_return: bool,
    },
    /// Nobody answered, or not to the end.
    Lost,
}

/// See the module.
pub(crate) struct Caller {
    runtime: Runtime,
    http: reqwest::Client,
    key: EcdsaKeyPair,
    url: String,
    ops: String,
    log: String,
}

impl Caller {
    pub(crate) fn of(instance: &Instance) -> Self {
        let runtime = Runtime::new().unwrap();
        Self {
            runtime,
            // A connection of a killed service must not be taken for one of the next.
            http: reqwest::Client::builder()
                .no_proxy()
                .pool_max_idle_per_host(0)
                .timeout(Duration::from_secs(20))
                .build()
                .unwrap(),
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            url: format!("{}/api/v2/signingCert", instance.url("ca")),
            ops: format!("http://127.0.0.1:{}", ops_port(instance)),
            log: format!("{}/ct/v1/get-sth", instance.url("ctlog")),
        }
    }

    /// Asks for a certificate of a person.
    pub(crate) fn certify(&self, instance: &Instance, email: &str) -> Certified {
        self.certify_with(&instance.token(email).unwrap(), email)
    }

    /// Asks for a certificate with a token of a person.
    pub(crate) fn certify_with(&self, token: &str, email: &str) -> Certified {
        let signed = self.key.sign(&SystemRandom::new(), email.as_bytes());
        let body = json!({
            "credentials": {"oidcIdentityToken": token},
            "publicKeyRequest": {
                "publicKey": {"algorithm": "ECDSA", "content": self.public_key()},
                "proofOfPossession": STANDARD.encode(signed.unwrap()),
            },
        });
        let answered = self.runtime.block_on(async {
            let request = self.http.post(&self.url).json(&body);
            let response = request.send().await.ok()?;
            let status = response.status().as_u16();
            let headers = response.headers().clone();
            Some((status, headers, response.json::<Value>().await.ok()?))
        });
        let Some((status, headers, answer)) = answered else {
            return Certified::Lost;
        };
        if status != 200 {
            let code = headers.get("sigstead-code").unwrap();
            return Certified::Refused {
                status,
                code: code.to_str().unwrap().to_owned(),
                says_when_to_return: headers.contains_key("retry-after"),
            };
        }
        let pem = &answer["signedCertificateEmbeddedSct"]["chain"]["certificates"][0];
        let certificate = Certificate::from_pem(pem.as_str().unwrap()).unwrap();
        let serial = certificate.serial().iter();
        let serial: String = serial.map(|byte| format!("{byte:02x}")).collect();
        Certified::Certificate(format!("{serial:0>40}"))
    }

    /// Status and text of a page of the operator's listener; nothing if nobody answers.
    pub(crate) fn ops(&self, path: &str) -> Option<(u16, String)> {
        let url = format!("{}{path}", self.ops);
        self.runtime.block_on(async {
            let response = self.http.get(url).send().await.ok()?;
            Some((response.status().as_u16(), response.text().await.ok()?))
        })
    }

    /// How many certificates the CT log has.
    pub(crate) fn logged(&self) -> u64 {
        let head: Value = self.runtime.block_on(async {
            let response = self.http.get(&self.log).send().await.unwrap();
            response.json().await.unwrap()
        });
        head["tree_size"].as_u64().unwrap()
    }

    fn public_key(&self) -> String {
        use aws_lc_rs::encoding::AsDer as _;
        let der = self.key.public_key().as_der().unwrap();
        let body = STANDARD.encode(der.as_ref());
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
    }
}

/// The file that the record of an instance appends to.
pub(crate) fn newest(instance: &Instance) -> PathBuf {
    let files = std::fs::read_dir(instance.directory().join("ca/record")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let segments = files.filter(|path| path.extension().is_some_and(|each| each == "rec"));
    segments.max().unwrap()
}

fn ops_port(instance: &Instance) -> u16 {
    let manifest = std::fs::read_to_string(instance.directory().join("instance.yaml")).unwrap();
    let of_ca = manifest
        .lines()
        .skip_while(|line| line.trim() != "ca:")
        .find_map(|line| line.trim().strip_prefix("ops: "));
    of_ca.unwrap().parse().unwrap()
}
