//! A log that takes certificates from certified submitters only.

use axum::body::Body;
use http::{Request, StatusCode};
use rustls_pki_types::CertificateDer;
use sigstead_kit::PeerCertificate;
use sigstead_proto::ct::v1 as wire;
use sigstead_proto::ct::v1::ct_log_client::CtLogClient;

use crate::authorities::ephemeral;
use crate::world::{self, TestCtLog, submission};

#[tokio::test]
async fn only_who_showed_a_certificate_that_has_not_ended_submits() {
    let mut log = TestCtLog::new().await;
    let mut config = world::config(log.folder.path());
    config.submitters = Some("submitters.pem".into());
    drop(log.router);
    log.router = world::open_as(config, &log.clock).await;
    // The listener verifies what is shown; here any certificate is as good.
    let valid = log.authorities.root.to_der().to_vec();
    let ended = log.authorities.certificate(ephemeral().as_ref()).await;
    log.clock.advance(std::time::Duration::from_secs(3_600));
    let cases = [
        (None, "E-CTLOG-029"),
        (Some(ended.to_der().to_vec()), "E-CTLOG-029"),
        (Some(b"no certificate".to_vec()), "E-CTLOG-029"),
        (Some(valid), ""),
    ];
    for (shown, code) in cases {
        let precertificate = log.authorities.precertificate(1).await;
        let chain = log.authorities.chain(precertificate.to_der());
        for path in ["/ct/v1/add-chain", "/ct/v1/add-pre-chain"] {
            let mut request = Request::post(path).body(Body::from(submission(&chain)));
            if let (Ok(request), Some(shown)) = (&mut request, shown.clone()) {
                let shown = PeerCertificate(CertificateDer::from(shown));
                request.extensions_mut().insert(shown);
            }
            let answer = log.send(request.unwrap()).await;
            // What the log thinks of a certificate is another question.
            let code = if code.is_empty() && path.ends_with("add-chain") {
                "E-CTLOG-005"
            } else {
                code
            };
            assert_eq!(answer.header("sigstead-code"), code, "{path} {shown:?}");
        }
    }
    assert_eq!(log.get("/ct/v1/get-sth").await.status, StatusCode::OK);
    let chain = log
        .authorities
        .chain(log.authorities.precertificate(2).await.to_der());
    let mut client = CtLogClient::new(log.router.clone());
    let request = wire::AddChainRequest { chain };
    for refused in [
        client.add_pre_chain(request.clone()).await,
        client.add_chain(request).await,
    ] {
        assert_eq!(refused.unwrap_err().code(), tonic::Code::PermissionDenied);
    }
    client.get_roots(()).await.unwrap();
    assert_eq!(log.verify_log().await.len(), 1);
}

#[tokio::test]
async fn submitters_need_a_listener_that_speaks_tls() {
    use sigstead_kit::ServiceConfig as _;
    let folder = tempfile::tempdir().unwrap();
    let mut config = world::config(folder.path());
    config.submitters = Some("submitters.pem".into());
    let refused = config.check().unwrap_err();
    assert!(refused.contains("listeners.public.tls"), "{refused}");
}

#[tokio::test]
async fn where_submitters_have_a_listener_of_their_own_the_public_one_takes_nothing() {
    use sigstead_kit::{CertifiedListenConfig, ServiceConfig as _, TlsConfig};
    let mut log = TestCtLog::new().await;
    let mut config = world::config(log.folder.path());
    config.submission = Some(CertifiedListenConfig {
        address: ([127, 0, 0, 1], 0).into(),
        tls: TlsConfig {
            certificate: "log.pem".into(),
            key: "log.key".into(),
        },
        client_ca: "submitters.pem".into(),
    });
    config.check().unwrap();
    let mut both = config.clone();
    both.submitters = Some("submitters.pem".into());
    both.listeners.public.tls = both.submission.clone().map(|listen| listen.tls);
    let refused = both.check().unwrap_err();
    assert!(refused.contains("submitters and submission"), "{refused}");
    drop(log.router);
    log.router = world::open_as(config, &log.clock).await;
    let precertificate = log.authorities.precertificate(1).await;
    let body = submission(&log.authorities.chain(precertificate.to_der()));
    let request = Request::post("/ct/v1/add-pre-chain");
    let answer = log.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.header("sigstead-code"), "E-CTLOG-029");
    assert_eq!(log.get("/ct/v1/get-sth").await.status, StatusCode::OK);
}
