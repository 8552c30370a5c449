//! The certificates that clients see are replaced while clients ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sigstead_integration::{Instance, Rotated, run, sigctl};

const TLS: Rotated = Rotated("tls");

#[test]
fn certificates_that_clients_see_are_replaced_while_they_ask() {
    let instance = Instance::start("renewed-tls", &["--tls"]).unwrap();
    let process = instance.service("tuf").unwrap()["pid"].clone();
    let certificate = instance.directory().join("tuf/tls.pem");
    let before = std::fs::read(&certificate).unwrap();
    let authority = std::fs::read(instance.kit("tls-ca.pem")).unwrap();
    let url = format!("{}/timestamp.json", instance.url("tuf"));
    let is_over = Arc::new(AtomicBool::new(false));
    let load = {
        let (is_over, authority) = (Arc::clone(&is_over), authority);
        std::thread::spawn(move || {
            let mut shown = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let seen = ask(&url, &authority);
                if shown.last() != Some(&seen) {
                    shown.push(seen);
                }
            }
            shown
        })
    };
    let soon = ["--drain", "2s", "--accept-short-times"];
    let started = TLS.rotate(&instance, "start", &soon);
    assert_eq!(started["phase"], "loaded", "{started}");
    assert_eq!(TLS.until_over(&instance)["phase"], "retired");
    is_over.store(true, Ordering::Relaxed);
    assert_eq!(
        load.join().unwrap().len(),
        2,
        "the one before, and the next"
    );
    assert_ne!(std::fs::read(&certificate).unwrap(), before);
    assert_eq!(instance.service("tuf").unwrap()["pid"], process);
    let doctor = sigctl().arg("doctor").arg(instance.directory()).output();
    let said = String::from_utf8(doctor.unwrap().stdout).unwrap();
    assert!(!said.contains("E-DOCTOR-03"), "{said}");
    run(sigctl().arg("restart").arg(instance.directory()).arg("tuf")).unwrap();
}

/// The certificate that a new connection is shown, with a good answer.
fn ask(url: &str, authority: &[u8]) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        let authority = reqwest::Certificate::from_pem(authority).unwrap();
        let client = reqwest::Client::builder().tls_info(true);
        let client = client.tls_certs_only([authority]).build().unwrap();
        let answer = client.get(url).send().await.unwrap();
        assert!(answer.status().is_success());
        let info = answer.extensions().get::<reqwest::tls::TlsInfo>().unwrap();
        info.peer_certificate().unwrap().to_vec()
    })
}
