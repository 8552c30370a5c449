use std::net::IpAddr;

use axum::Extension;

use super::*;
use crate::server::CallerAddress;

/// A service that tells every caller where the request comes from.
fn mirror(proxies: &[&str]) -> Service {
    let mut listeners = Listeners::for_test();
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
    let running = Running::start(mirror(&["127.0.0.2"])).await;
    for (address, expected) in [([127, 0, 0, 2], "192.0.2.1"), ([127, 0, 0, 3], "127.0.0.3")] {
        for client in at(address) {
            let request = client
                .get(&running.public)
                .header("x-forwarded-for", "198.51.100.1, 192.0.2.1");
            let answer = request.send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), expected);
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn without_a_trusted_proxy_nobody_names_the_caller() {
    let running = Running::start(mirror(&[])).await;
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
