//! OpenSSL asks the timestamp authority for the time, and checks the answer.

use std::path::Path;
use std::process::Command;

use sigstead_integration::{Instance, client, run, shared};

use crate::{artifact, beside, refuses};

#[test]
fn openssl_accepts_a_timestamp_of_each_digest() {
    let Some(openssl) = client::openssl() else {
        return;
    };
    let instance = shared();
    for digest in ["-sha256", "-sha384", "-sha512"] {
        let file = artifact(instance.work(), "timestamp");
        let reply = ask(&openssl, instance, &file, digest);
        run(&mut verify(&openssl, instance, &file, &reply)).unwrap();
    }
}

#[test]
fn openssl_refuses_the_timestamp_of_another_file() {
    let Some(openssl) = client::openssl() else {
        return;
    };
    let instance = shared();
    let file = artifact(instance.work(), "timestamp");
    let reply = ask(&openssl, instance, &file, "-sha256");
    let other = artifact(instance.work(), "timestamp-other");
    refuses(
        &mut verify(&openssl, instance, &other, &reply),
        &["imprint", "failed"],
    );
}

fn ask(openssl: &Path, instance: &Instance, file: &Path, digest: &str) -> std::path::PathBuf {
    let query = beside(file, "tsq");
    run(Command::new(openssl)
        .args(["ts", "-query", digest, "-cert", "-data"])
        .arg(file)
        .arg("-out")
        .arg(&query))
    .unwrap();
    let url = format!("{}/api/v1/timestamp", instance.url("tsa"));
    let (status, bytes) = block_on(async {
        let answer = reqwest::Client::new()
            .post(url)
            .header("content-type", "application/timestamp-query")
            .body(std::fs::read(&query).unwrap())
            .send()
            .await
            .unwrap();
        (answer.status(), answer.bytes().await.unwrap())
    });
    assert_eq!(status, 200);
    let reply = beside(file, "tsr");
    std::fs::write(&reply, bytes).unwrap();
    reply
}

fn verify(openssl: &Path, instance: &Instance, file: &Path, reply: &Path) -> Command {
    let url = format!("{}/api/v1/timestamp/certchain", instance.url("tsa"));
    let chain = beside(file, "pem");
    let pem = block_on(async { reqwest::get(url).await.unwrap().bytes().await.unwrap() });
    std::fs::write(&chain, pem).unwrap();
    let mut command = Command::new(openssl);
    command
        .args(["ts", "-verify", "-data"])
        .arg(file)
        .arg("-in")
        .arg(reply);
    command
        .arg("-CAfile")
        .arg(&chain)
        .arg("-untrusted")
        .arg(&chain);
    command
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
