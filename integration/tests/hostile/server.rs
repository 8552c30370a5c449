//! All issuers as one program: which of them is asked, the name of its host says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::answers::{Answering, Asked};
use crate::kind::{BROKEN_TLS, Kind, Lane, PLAIN, SILENT_TLS};
use crate::ledger::Ledger;
use crate::token::IssuerKey;
use crate::zone::{METADATA, PRIVATE, PUBLIC};

/// Serves for as long as the test runs.
pub(crate) async fn serve(ledger: &Arc<Ledger>, honest: &Arc<IssuerKey>) {
    let listener = TcpListener::bind((PUBLIC, PLAIN)).await.unwrap();
    let (seen, key) = (ledger.clone(), honest.clone());
    accept(listener, move |stream| {
        tokio::spawn(plain(stream, seen.clone(), key.clone()));
    });
    for (port, kind) in [(BROKEN_TLS, Kind::BrokenTls), (SILENT_TLS, Kind::SilentTls)] {
        let listener = TcpListener::bind((PUBLIC, port)).await.unwrap();
        let seen = ledger.clone();
        accept(listener, move |stream| {
            tokio::spawn(instead_of_tls(stream, kind, seen.clone()));
        });
    }
    for (address, port) in [
        (IpAddr::from(Ipv4Addr::LOCALHOST), PLAIN),
        (Ipv6Addr::LOCALHOST.into(), PLAIN),
        (PRIVATE.into(), PLAIN),
        (METADATA.into(), PLAIN),
        (METADATA.into(), 80),
    ] {
        let listener = TcpListener::bind((address, port)).await.unwrap();
        let seen = ledger.clone();
        accept(listener, move |_| {
            seen.trespass(format!("{address}:{port}"))
        });
    }
}

fn accept(listener: TcpListener, serve: impl Fn(TcpStream) + Send + 'static) {
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream);
        }
    });
}

/// One request of a connection; the next comes on another.
async fn plain(stream: TcpStream, ledger: Arc<Ledger>, honest: Arc<IssuerKey>) {
    let mut answering = Answering { stream, sent: 0 };
    let Some((host, path)) = request(&mut answering.stream).await else {
        return;
    };
    let Some(kind) = Kind::of_host(&host) else {
        ledger.trespass(format!("{host}{path}"));
        return;
    };
    if path == "/elsewhere" {
        ledger.trespass(format!("{host}{path}"));
    }
    let lane = match host.contains(".known.") {
        true => Lane::Known,
        false => Lane::Strange,
    };
    let asked = Asked {
        kind,
        issuer: format!("http://{host}"),
        path,
    };
    let number = ledger.begin((kind, lane));
    let _hung_up = answering.answer(&asked, &honest).await;
    ledger.end(number, (kind, lane), answering.sent);
}

/// Who named the issuer is in the encrypted part or nowhere, so it is looked for in the greeting as bytes.
async fn instead_of_tls(mut stream: TcpStream, kind: Kind, ledger: Arc<Ledger>) {
    let mut greeting = vec![0; 4_096];
    let length = stream.read(&mut greeting).await.unwrap_or_default();
    let is_known = greeting[..length]
        .windows(7)
        .any(|bytes| bytes == b".known.");
    let which = (kind, if is_known { Lane::Known } else { Lane::Strange });
    let number = ledger.begin(which);
    let mut answering = Answering { stream, sent: 0 };
    if kind == Kind::BrokenTls {
        let _hung_up = answering.send(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    } else {
        let _hung_up = answering.wait().await;
    }
    ledger.end(number, which, answering.sent);
}

/// Host and path of a request.
async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut head = Vec::new();
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    let host = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("host").then(|| value.to_owned())
    });
    Some((host?, path))
}
