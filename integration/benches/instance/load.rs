//! The generator: requests that are ready before the clock starts, sent over plain kept-alive connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use integration::Instance;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Bytes to send, and where.
#[derive(Clone)]
pub(crate) struct Request {
    address: Arc<str>,
    bytes: Arc<[u8]>,
}

/// What one run showed.
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p50_millis: f64,
    pub(crate) p99_millis: f64,
    pub(crate) cpu_millis: f64,
    pub(crate) resident_mib: f64,
    pub(crate) errors: usize,
}

impl Request {
    pub(crate) fn get(url: &str, path: &str) -> Result<Self> {
        Self::new(url, "GET", path, "", b"")
    }

    fn post(url: &str, path: &str, content_type: &str, body: &[u8]) -> Result<Self> {
        Self::new(url, "POST", path, content_type, body)
    }

    fn new(url: &str, method: &str, path: &str, content_type: &str, body: &[u8]) -> Result<Self> {
        let host = url
            .strip_prefix("http://")
            .context("only plain HTTP is measured")?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let bytes = [head.as_bytes(), body].concat();
        Ok(Self {
            address: host.into(),
            bytes: bytes.into(),
        })
    }
}

/// Sends the requests over and over until the time is up.
pub(crate) async fn run(
    requests: &[Request],
    clients: usize,
    time: Duration,
    usage: Usage,
) -> Result<Measured> {
    drive(requests, clients, time, usage, false).await
}

/// Sends each request once, until the time is up or none is left.
pub(crate) async fn run_once(
    requests: &[Request],
    clients: usize,
    time: Duration,
    usage: Usage,
) -> Result<Measured> {
    drive(requests, clients, time, usage, true).await
}

async fn drive(
    requests: &[Request],
    clients: usize,
    time: Duration,
    usage: Usage,
    once: bool,
) -> Result<Measured> {
    let requests: Arc<[Request]> = requests.into();
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let cpu_before = usage.cpu_millis()?;
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            tokio::spawn(client(
                Arc::clone(&requests),
                Arc::clone(&next),
                start + time,
                once,
            ))
        })
        .collect();
    let (mut millis, mut errors) = (Vec::new(), 0);
    for task in tasks {
        let (took, failed) = task.await??;
        millis.extend(took);
        errors += failed;
    }
    let elapsed = start.elapsed().as_secs_f64();
    millis.sort_by(f64::total_cmp);
    let at = |share: f64| {
        millis
            .get((millis.len() as f64 * share) as usize)
            .copied()
            .unwrap_or(f64::NAN)
    };
    Ok(Measured {
        per_second: millis.len() as f64 / elapsed,
        p50_millis: at(0.50),
        p99_millis: at(0.99),
        cpu_millis: (usage.cpu_millis()? - cpu_before) / millis.len() as f64,
        resident_mib: usage.resident_mib()?,
        errors,
    })
}

async fn client(
    requests: Arc<[Request]>,
    next: Arc<AtomicUsize>,
    end: Instant,
    once: bool,
) -> Result<(Vec<f64>, usize)> {
    let address = requests
        .first()
        .context("nothing to send")?
        .address
        .to_string();
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let (mut millis, mut errors) = (Vec::new(), 0);
    while Instant::now() < end {
        let position = next.fetch_add(1, Ordering::Relaxed);
        if once && position >= requests.len() {
            break;
        }
        let Some(request) = requests.get(position % requests.len()) else {
            break;
        };
        let start = Instant::now();
        stream.get_mut().write_all(&request.bytes).await?;
        let status = answer(&mut stream).await?;
        if (200..300).contains(&status) {
            millis.push(start.elapsed().as_secs_f64() * 1e3);
        } else {
            errors += 1;
        }
    }
    Ok((millis, errors))
}

async fn answer(stream: &mut BufReader<TcpStream>) -> Result<u16> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let status = line.split(' ').nth(1).context("no status line")?.parse()?;
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        if header.starts_with("transfer-encoding") {
            bail!("the generator reads answers of known length only");
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(status)
}

/// One RFC 3161 request over JSON per digest.
pub(crate) fn timestamp_queries(instance: &Instance) -> Result<Vec<Request>> {
    let url = instance.url("tsa");
    (0..512_u32)
        .map(|number| {
            let body = json!({
                "artifactHash": STANDARD.encode(Sha256::digest(number.to_be_bytes())),
                "hashAlgorithm": "sha256",
            });
            Request::post(
                &url,
                "/api/v1/timestamp",
                "application/json",
                body.to_string().as_bytes(),
            )
        })
        .collect()
}

/// Requests for certificates, each for a key of its own.
pub(crate) fn certificate_requests(instance: &Instance) -> Result<Vec<Request>> {
    let (url, token) = (instance.url("ca"), instance.token(IDENTITY)?);
    let random = SystemRandom::new();
    (0..256)
        .map(|_| {
            let key = generate()?;
            let proof = key
                .sign(&random, IDENTITY.as_bytes())
                .ok()
                .context("no signature")?;
            let body = json!({
                "credentials": {"oidcIdentityToken": token},
                "publicKeyRequest": {
                    "publicKey": {"algorithm": "ECDSA", "content": pem(&key)?},
                    "proofOfPossession": STANDARD.encode(proof.as_ref()),
                },
            });
            Request::post(
                &url,
                "/api/v2/signingCert",
                "application/json",
                body.to_string().as_bytes(),
            )
        })
        .collect()
}

/// Unique entries, enough for the fastest log at hand.
pub(crate) fn log_entries(
    instance: &Instance,
    clients: usize,
    time: Duration,
) -> Result<Vec<Request>> {
    let url = instance.url("tlog");
    let (random, key) = (SystemRandom::new(), generate()?);
    let spki = key.public_key().as_der().ok().context("no key")?;
    let count = if clients == 1 { 2_000 } else { 15_000 } * time.as_secs();
    (0..count)
        .map(|number| {
            let artifact = number.to_be_bytes();
            let signature = key.sign(&random, &artifact).ok().context("no signature")?;
            let body = json!({"hashedRekordRequestV002": {
                "digest": STANDARD.encode(Sha256::digest(artifact)),
                "signature": {
                    "content": STANDARD.encode(signature.as_ref()),
                    "verifier": {
                        "publicKey": {"rawBytes": STANDARD.encode(spki.as_ref())},
                        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    },
                },
            }});
            Request::post(
                &url,
                "/api/v2/log/entries",
                "application/json",
                body.to_string().as_bytes(),
            )
        })
        .collect()
}

/// Processor time and memory of services.
pub(crate) struct Usage {
    pids: Vec<u32>,
}

impl Usage {
    pub(crate) fn of(instance: &Instance, services: &[&str]) -> Result<Self> {
        let pids = services
            .iter()
            .map(|service| pid(instance, service))
            .collect::<Result<_>>()?;
        Ok(Self { pids })
    }

    /// Fields 14 and 15 of `stat`, in ticks of 10 ms.
    fn cpu_millis(&self) -> Result<f64> {
        let mut ticks = 0;
        for pid in &self.pids {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
            let after_name = stat.rsplit(')').next().context("no name")?;
            let fields: Vec<_> = after_name.split_whitespace().collect();
            for position in [11, 12] {
                ticks += fields.get(position).context("short stat")?.parse::<u64>()?;
            }
        }
        Ok(ticks as f64 * 10.0)
    }

    fn resident_mib(&self) -> Result<f64> {
        let kib = self
            .pids
            .iter()
            .map(|pid| resident_kib(*pid))
            .sum::<Result<u64>>()?;
        Ok(kib as f64 / 1024.0)
    }
}

pub(crate) fn pid(instance: &Instance, service: &str) -> Result<u32> {
    let file = instance
        .directory()
        .join("run")
        .join(format!("{service}.pid"));
    Ok(std::fs::read_to_string(file)?.trim().parse()?)
}

pub(crate) fn resident_kib(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn generate() -> Result<EcdsaKeyPair> {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
        .ok()
        .context("no key")
}

fn pem(key: &EcdsaKeyPair) -> Result<Value> {
    let spki = key.public_key().as_der().ok().context("no key")?;
    let body = STANDARD.encode(spki.as_ref());
    Ok(format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n").into())
}

const IDENTITY: &str = "bench@example.com";
