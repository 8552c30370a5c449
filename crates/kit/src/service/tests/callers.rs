//! The public port asks callers for a certificate, and serves those without one as well.

use axum::Extension;
use rustls_pki_types::pem::PemObject as _;

use super::*;
use crate::PeerCertificate;

async fn shown(certificate: Option<Extension<PeerCertificate>>) -> String {
    certificate.map_or(0, |shown| shown.0.0.len()).to_string()
}

#[tokio::test]
async fn a_caller_shows_a_certificate_that_verifies_or_none() {
    let mut listeners = Listeners::for_test();
    listeners.public.tls = Some(tls("first"));
    let routes = Routes::new(BodyStyle::Text).get("/shown", Budget::read(), shown);
    let service = Service::new("test", listeners)
        .public(routes)
        .certified_callers(Some(&testdata("admins.pem")));
    let running = Running::start(service).await;
    let url = running.public.replace("http://", "https://") + "/shown";
    let ask = async |identity| {
        let answer = tls_client(identity).get(&url).send().await;
        Some(answer.ok()?.text().await.unwrap())
    };
    assert_eq!(ask(None).await.as_deref(), Some("0"));
    let pem = std::fs::read(testdata("viewer.pem")).unwrap();
    let der = rustls_pki_types::CertificateDer::from_pem_slice(&pem).unwrap();
    assert_eq!(ask(Some("viewer")).await, Some(der.len().to_string()));
    // Of another authority, out of its time, and for servers.
    for identity in ["stranger", "ended", "coming", "server"] {
        assert_eq!(ask(Some(identity)).await, None, "{identity}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_port_of_its_own_lets_in_only_who_shows_a_certificate_and_the_public_one_asks_for_none() {
    let routes = Routes::new(BodyStyle::Text).get("/shown", Budget::read(), shown);
    let listen = CertifiedListenConfig {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: tls("first"),
        client_ca: testdata("admins.pem"),
    };
    let service = service().public(routes).certified(Some(listen));
    let running = Running::start(service).await;
    assert_eq!(get(format!("{}/shown", running.public)).await.1, "0");
    let port = running.certified.unwrap().port();
    let ask = async |identity| {
        let url = format!("https://localhost:{port}/shown");
        let answer = tls_client(identity).get(url).send().await;
        Some(answer.ok()?.text().await.unwrap())
    };
    let pem = std::fs::read(testdata("viewer.pem")).unwrap();
    let der = rustls_pki_types::CertificateDer::from_pem_slice(&pem).unwrap();
    assert_eq!(ask(Some("viewer")).await, Some(der.len().to_string()));
    assert_eq!(ask(None).await, None);
    for identity in ["stranger", "ended", "coming", "server"] {
        assert_eq!(ask(Some(identity)).await, None, "{identity}");
    }
    running.stop().await;
}
