//! The jobs of backups and of drills with a bucket: of a server in this process, which the network of the pods reaches through an
//! nginx of theirs.

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Output};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use sigstead_integration::{client, wait_for};
use tokio::runtime::Runtime;

use super::node::Node;
use super::{Chart, Objects};

const VALUES: &str = "
backup:
  enabled: true
  passphraseSecret: a-passphrase
  bucket: {address: 's3://backups/acme', endpoint: 'http://127.0.0.1:9000', credentialsSecret: a-bucket}
";
const KEY: &str = "a-key";
const SECRET: &str = "a-secret-of-a-key";

/// The newest backup of a pod that runs is restored from a bucket for a while; one that is damaged there is refused.
pub(crate) fn drills_through_a_bucket(chart: &Chart, values: &[&str], node: &mut Node) {
    let Some(nginx) = client::nginx() else { return };
    let bucket = Bucket::start(node, &nginx);
    let objects = chart.render(&[values, &[VALUES]].concat());
    let said = job(node, &objects, "drill-tlog-0");
    let none = String::from_utf8_lossy(&said.stderr);
    assert!(
        !said.status.success() && none.contains("E-CTL-498"),
        "{none}"
    );

    let taken = done(job(node, &objects, "backup-tlog-0"));
    assert!(
        taken.contains("backed acme up to s3://backups/acme"),
        "{taken}"
    );
    let drilled = done(job(node, &objects, "drill-tlog-0"));
    assert!(
        drilled.contains("a restore of tlog 0 of acme would work"),
        "{drilled}"
    );
    let scratch = node.storage.volume_of("drill-tlog-0", "scratch");
    let left = std::fs::read_dir(scratch).unwrap().count();
    assert_eq!(left, 0, "keys of nobody, but a whole log");

    bucket.damage("acme");
    let said = job(node, &objects, "drill-tlog-0");
    let damaged = String::from_utf8_lossy(&said.stderr);
    assert!(
        !said.status.success() && damaged.contains("E-CTL-"),
        "{damaged}"
    );
    assert!(!damaged.contains("E-CTL-498"), "{damaged}");
}

fn job(node: &Node, objects: &Objects, name: &str) -> Output {
    let job = objects.named("CronJob", &format!("acme-sigstead-{name}"));
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    node.storage.forget(name);
    let mut container = node.container(objects, name, pod, &pod["containers"][0]);
    container.output().unwrap()
}

fn done(output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// A server with one bucket, until the value goes.
struct Bucket {
    nginx: Child,
    folder: PathBuf,
    _runtime: Runtime,
}

impl Bucket {
    fn start(node: &mut Node, nginx: &Path) -> Self {
        let folder = node.work().join("bucket");
        std::fs::create_dir_all(folder.join("objects/backups")).unwrap();
        let secret = folder.join("secret");
        std::fs::create_dir(&secret).unwrap();
        let credentials =
            format!("[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n");
        std::fs::write(secret.join("credentials"), credentials).unwrap();
        node.storage.give("a-bucket", &secret);
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.join("objects")).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let runtime = Runtime::new().unwrap();
        let listener = UnixListener::bind(folder.join("socket")).unwrap();
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(serve(listener, builder.build()));
        let path = folder.join("nginx.conf");
        std::fs::write(&path, configuration(&folder)).unwrap();
        let nginx = node.command(nginx).arg("-c").arg(&path).spawn().unwrap();
        let ask = || node.command("curl").arg("http://127.0.0.1:9000/").output();
        wait_for("the bucket", || ask().unwrap().status.success()).unwrap();
        Self {
            nginx,
            folder,
            _runtime: runtime,
        }
    }

    /// Changes a byte in the middle of each object below a prefix.
    fn damage(&self, prefix: &str) {
        let folder = self.folder.join("objects/backups").join(prefix);
        let mut count = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "age") {
                let mut bytes = std::fs::read(&path).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                std::fs::write(&path, bytes).unwrap();
                count += 1;
            }
        }
        assert_eq!(count, 1);
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.nginx.kill();
        let _ = self.nginx.wait();
    }
}

async fn serve(listener: UnixListener, s3: S3Service) {
    let listener = tokio::net::UnixListener::from_std(listener).unwrap();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let s3 = s3.clone();
        tokio::spawn(async move {
            let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
                let s3 = s3.clone();
                async move { s3.call(request.map(s3s::Body::from)).await }
            });
            let builder = Builder::new(TokioExecutor::new());
            // A client that goes away is none of its business.
            let _ = builder
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}

/// The signatures of requests are over the host that was asked.
fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|kind| format!("  {kind}_temp_path {folder}/{kind};\n"));
    format!(
        "user root root;\ndaemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n\
         http {{\n  access_log off;\n  client_max_body_size 0;\n{}  server {{\n    listen 127.0.0.1:9000;\n    location / {{\n      \
         proxy_pass http://unix:{folder}/socket;\n      proxy_set_header Host $http_host;\n      proxy_http_version 1.1;\n      \
         proxy_request_buffering off;\n    }}\n  }}\n}}\n",
        temporary.concat()
    )
}
