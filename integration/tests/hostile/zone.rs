//! The names of the network: everything is at one public address, but for what is meant to be elsewhere.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::UdpSocket;

use crate::kind::Kind;

/// Answers questions for as long as the test runs.
pub(crate) async fn serve() {
    let socket = UdpSocket::bind("127.0.0.1:53").await.unwrap();
    tokio::spawn(async move {
        let mut question = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            if let Some(answer) = answer(&question[..length]) {
                let _gone = socket.send_to(&answer, from).await;
            }
        }
    });
}

/// RFC 1035 §4.1: the head, the question again, and an address for each question of type A.
fn answer(question: &[u8]) -> Option<Vec<u8>> {
    let (labels, end) = labels(question)?;
    let asked = question.get(12..end + 4)?;
    let name = labels.join(".");
    if Kind::of_host(&name) == Some(Kind::SilentName) {
        return None;
    }
    let addresses = match asked[asked.len() - 4..] {
        [0, 1, 0, 1] => addresses(&name),
        _ => Vec::new(),
    };
    let count = addresses.len() as u8;
    let mut answer = [
        &question[..2],
        &[0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0],
        asked,
    ]
    .concat();
    for address in addresses {
        // The name of the question, type A, class IN, no time to live, four bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}

fn labels(question: &[u8]) -> Option<(Vec<String>, usize)> {
    let (mut labels, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*question.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels, at));
        }
        let label = question.get(at..at + length)?;
        labels.push(String::from_utf8_lossy(label).into_owned());
        at += length;
    }
}

fn addresses(name: &str) -> Vec<Ipv4Addr> {
    static REBOUND: AtomicUsize = AtomicUsize::new(0);
    match Kind::of_host(name) {
        Some(Kind::PrivateName) => vec![PRIVATE],
        Some(Kind::MixedName) => vec![PUBLIC, Ipv4Addr::LOCALHOST],
        Some(Kind::ReboundName) => {
            let times = REBOUND.fetch_add(1, Ordering::Relaxed);
            vec![[PUBLIC, Ipv4Addr::LOCALHOST][times % 2]]
        }
        _ => vec![PUBLIC],
    }
}

/// An address of the internet, where the issuers are.
pub(crate) const PUBLIC: Ipv4Addr = Ipv4Addr::new(1, 2, 3, 4);
/// An address of a private network.
pub(crate) const PRIVATE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// Where clouds have their metadata.
pub(crate) const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
