use std::net::IpAddr;

use axum::Extension;

use super::*;
use crate::connected::CallerAddress;
use crate::listen::CallerHeader;

/// A service that tells every caller where the request comes from.
fn mirror(header: CallerHeader, proxies: &[&str]) -> Service {
    let mut listeners = Listeners::for_test();
    listeners.caller_header = header;
    listeners.trusted_proxies = proxies.iter().map(|block| block.parse().unwrap()).collect();
    let caller = |Extension(CallerAddress(caller))| async move { IpAddr::to_string(&caller) };
    let routes = Routes::new(BodyStyle::Text).get("/", Budget::read(), caller);
    Service::new("test", listeners).public(routes)
}

/// A client at an address of its own.
fn at(address: [u8; 4]) -> [Client; 2] {
    [
        Client::builder().http1_only(),
        Client::builder().http2_prior_knowledge(),
    ]
    .map(|builder| {
        builder
            .local_address(IpAddr::from(address))
            .build()
            .unwrap()
    })
}

#[tokio::test]
async fn only_a_trusted_proxy_names_the_caller() {
    let running = Running::start(mirror(CallerHeader::default(), &["127.0.0.2"])).await;
    for (address, expected) in [([127, 0, 0, 2], "192.0.2.1"), ([127, 0, 0, 3], "127.0.0.3")] {
        for client in at(address) {
            let request = client
                .get(&running.public)
                .header("x-forwarded-for", "198.51.100.1, 192.0.2.1")
                .header("forwarded", "for=unknown");
            let answer = request.send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), expected);
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn a_proxy_names_the_caller_in_the_header_that_is_configured() {
    let running = Running::start(mirror(CallerHeader::Forwarded, &["127.0.0.2"])).await;
    for client in at([127, 0, 0, 2]) {
        let request = client
            .get(&running.public)
            .header("forwarded", "for=192.0.2.1")
            .header("x-forwarded-for", "198.51.100.1");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "192.0.2.1");
    }
    running.stop().await;
}

#[tokio::test]
async fn without_a_trusted_proxy_nobody_names_the_caller() {
    let running = Running::start(mirror(CallerHeader::default(), &[])).await;
    for client in at([127, 0, 0, 1]) {
        let request = client
            .get(&running.public)
            .header("x-forwarded-for", "192.0.2.1")
            .header("forwarded", "for=192.0.2.1");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "127.0.0.1");
    }
    running.stop().await;
}
