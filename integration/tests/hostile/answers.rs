//! What the issuers answer.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::kind::{Kind, Lane, PLAIN};
use crate::ledger::Which;
use crate::token::{IssuerKey, KEY_ID};
use crate::zone::METADATA;

/// A request that an issuer reads.
pub(crate) struct Asked {
    pub(crate) kind: Kind,
    /// The URL of the issuer that was asked.
    pub(crate) issuer: String,
    pub(crate) path: String,
}

/// A connection, and how much went out on it.
pub(crate) struct Answering {
    pub(crate) stream: TcpStream,
    pub(crate) sent: u64,
}

impl Answering {
    /// Answers until it is done or the authority hangs up.
    pub(crate) async fn answer(
        &mut self,
        asked: &Asked,
        honest: &IssuerKey,
    ) -> std::io::Result<()> {
        match asked.kind {
            Kind::Silent => self.wait().await,
            Kind::Endless => self.endless().await,
            Kind::Bomb => self.bomb().await,
            Kind::DripHead => self.drip(b"HTTP/1.1 200 O").await,
            Kind::DripBody => {
                self.send(&head("200 OK", "application/json", 9_999))
                    .await?;
                self.drip(b"{\"issuer\": \"").await
            }
            Kind::EndlessHead => {
                self.send(b"HTTP/1.1 200 OK\r\n").await?;
                self.repeat(&[&b"x-more: "[..], &[b'a'; 8_000], b"\r\n"].concat())
                    .await
            }
            Kind::EndlessEarly => self.announce().await,
            Kind::Cut => self.send(&head("200 OK", "application/json", 9_999)).await,
            Kind::Html => {
                self.document("text/html", b"<html>Please log in.</html>")
                    .await
            }
            Kind::RedirectSame => self.redirect("/elsewhere").await,
            Kind::RedirectOther => {
                self.redirect(&format!("http://elsewhere.example:{PLAIN}/"))
                    .await
            }
            Kind::RedirectLoopback => self.redirect(&format!("http://127.0.0.1:{PLAIN}/")).await,
            Kind::RedirectMetadata => self.redirect(&format!("http://{METADATA}/latest/")).await,
            _ if asked.path == KEYS => {
                let keys = keys(asked.kind, honest);
                self.document("application/json", &keys).await
            }
            _ => {
                let document = discovery(asked).to_string();
                self.document("application/json", document.as_bytes()).await
            }
        }
    }

    async fn document(&mut self, media_type: &str, body: &[u8]) -> std::io::Result<()> {
        self.send(&head("200 OK", media_type, body.len())).await?;
        self.send(body).await
    }

    async fn redirect(&mut self, location: &str) -> std::io::Result<()> {
        let head =
            format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        self.send(head.as_bytes()).await
    }

    async fn endless(&mut self) -> std::io::Result<()> {
        self.send(&head("200 OK", "application/json", 10 << 30))
            .await?;
        self.repeat(&[b' '; 65_536]).await
    }

    /// A gzip file may have several members (RFC 1952 §2.2).
    async fn bomb(&mut self) -> std::io::Result<()> {
        let member = bomb();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            member.len() * BOMB_MEMBERS
        );
        self.send(head.as_bytes()).await?;
        for _ in 0..BOMB_MEMBERS {
            self.send(member).await?;
        }
        Ok(())
    }

    /// As fast as a network is, not as a machine talks to itself.
    async fn announce(&mut self) -> std::io::Result<()> {
        loop {
            self.send(&b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100))
                .await?;
            tokio::time::sleep(ANNOUNCE).await;
        }
    }

    async fn drip(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        for byte in bytes.iter().chain(std::iter::repeat(&b' ')) {
            self.send(&[*byte]).await?;
            tokio::time::sleep(DRIP).await;
        }
        Ok(())
    }

    async fn repeat(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        loop {
            self.send(bytes).await?;
        }
    }

    /// Says nothing until the authority hangs up.
    pub(crate) async fn wait(&mut self) -> std::io::Result<()> {
        use tokio::io::AsyncReadExt as _;
        let mut more = [0; 4_096];
        while self.stream.read(&mut more).await? > 0 {}
        Ok(())
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.sent += bytes.len() as u64;
        Ok(())
    }
}

fn head(status: &str, media_type: &str, length: usize) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")
        .into_bytes()
}

/// OpenID Connect Discovery 1.0 §3.
fn discovery(asked: &Asked) -> Value {
    let issuer = match asked.kind {
        Kind::OtherIssuer => asked.issuer.replace("other-issuer", "honest"),
        _ => asked.issuer.clone(),
    };
    let keys = match asked.kind {
        Kind::PrivateKeys => format!("http://private-name-1.example:{PLAIN}{KEYS}"),
        Kind::LiteralKeys => format!("http://{}:{PLAIN}{KEYS}", spelling()),
        Kind::MetadataKeys => format!("http://{METADATA}/latest/meta-data/"),
        Kind::ReboundKeys => format!("http://rebound-name-1.example:{PLAIN}{KEYS}"),
        _ => format!("{}{KEYS}", asked.issuer),
    };
    json!({
        "issuer": issuer,
        "jwks_uri": keys,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

/// Another spelling of an address that is not public, each time.
fn spelling() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    SPELLINGS[next % SPELLINGS.len()].to_owned()
}

/// How often an issuer is asked at least, so that it has done all that it does: each document names another spelling, and one
/// that the operator named is asked again after a minute only.
pub(crate) fn least_asked(which: Which) -> usize {
    match which {
        (Kind::LiteralKeys, Lane::Strange) => SPELLINGS.len(),
        _ => 1,
    }
}

fn keys(kind: Kind, honest: &IssuerKey) -> Vec<u8> {
    static MANY: OnceLock<Vec<u8>> = OnceLock::new();
    static SMALL: OnceLock<Vec<u8>> = OnceLock::new();
    let key = |number| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{number}","x":"{X}"}}"#);
    // The key that signs is among them, so that taking them would be seen.
    let many = |count| {
        let mut keys = vec![honest.public(KEY_ID).to_string()];
        keys.extend((0..count).map(key));
        format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into_bytes()
    };
    let one = |key: Value| json!({"keys": [key]}).to_string().into_bytes();
    match kind {
        // What signs is published at the private address alone, where nobody may ask for it.
        Kind::Swap | Kind::ReboundName => one(IssuerKey::generate().public(KEY_ID)),
        Kind::ManyKeys => MANY.get_or_init(|| many(10_000)).clone(),
        Kind::SmallKeys => SMALL.get_or_init(|| many(2_000)).clone(),
        _ => one(honest.public(KEY_ID)),
    }
}

/// 64 MiB of nothing, compressed.
fn bomb() -> &'static [u8] {
    static MEMBER: OnceLock<Vec<u8>> = OnceLock::new();
    MEMBER.get_or_init(|| {
        let gzip = "head -c 67108864 /dev/zero | gzip -9";
        let output = std::process::Command::new("sh").args(["-c", gzip]).output();
        output.unwrap().stdout
    })
}

const KEYS: &str = "/keys";
/// Those of this machine and of the private address of the network.
const SPELLINGS: [&str; 9] = [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "017700000001",
    "[::ffff:127.0.0.1]",
    "[::1]",
    "0.0.0.0",
    "10.0.0.1",
    "[::ffff:10.0.0.1]",
];
/// A point, as long as one is.
const X: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const DRIP: Duration = Duration::from_millis(100);
const ANNOUNCE: Duration = Duration::from_millis(10);
/// Ten gigabytes in all.
const BOMB_MEMBERS: usize = 160;
