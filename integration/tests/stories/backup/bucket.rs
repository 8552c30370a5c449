//! A bucket of a server in this process, which can be told to fail.

use std::error::Error;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::Body;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// What is wrong with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Nothing,
    /// Parts are refused with this status.
    RefusesParts(StatusCode),
    /// The connection ends while a part is sent.
    CutsParts,
    /// No part is ever answered.
    HoldsParts,
    /// No read of a backup that is whole is ever answered.
    HoldsWhole,
    /// A byte of a backup that is whole comes out changed.
    ChangesWhole,
    /// The connection ends while the object is made of its parts, and that is not done until [`Bucket::complete`].
    CompletesLate,
}

/// A server with one bucket, until the value goes.
pub(super) struct Bucket {
    shared: Arc<Shared>,
    port: u16,
    runtime: Runtime,
}

struct Shared {
    root: TempDir,
    fault: Mutex<Fault>,
    /// The request that makes an object, whose client has gone.
    late: Mutex<Option<Request<Body>>>,
    s3: S3Service,
}

impl Bucket {
    pub(super) fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(NAME)).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(root.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let shared = Arc::new(Shared {
            s3: builder.build(),
            fault: Mutex::new(Fault::Nothing),
            late: Mutex::new(None),
            root,
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(serve(listener, Arc::clone(&shared)));
        Self {
            shared,
            port,
            runtime,
        }
    }

    pub(super) fn fail(&self, fault: Fault) {
        *self.shared.fault.lock().unwrap() = fault;
    }

    /// Makes the object that was not made in time.
    pub(super) fn complete(&self) {
        let request = self.shared.late.lock().unwrap().take().unwrap();
        let answer = self.runtime.block_on(self.shared.s3.call(request));
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }

    /// The URL of its server.
    pub(super) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Who may use it, as a file of credentials says it.
    pub(super) fn credentials() -> String {
        format!("[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    }

    /// Lets a command reach the bucket.
    pub(super) fn reach(&self, mut command: Command) -> Command {
        command.env("AWS_ENDPOINT_URL", self.endpoint());
        command.env("AWS_ACCESS_KEY_ID", KEY);
        command.env("AWS_SECRET_ACCESS_KEY", SECRET);
        command.env_remove("HTTP_PROXY").env_remove("http_proxy");
        command
    }

    /// The address of something in it.
    pub(super) fn address(name: &str) -> PathBuf {
        format!("s3://{NAME}/{name}").into()
    }

    /// The files of the objects below a prefix.
    pub(super) fn objects(&self, prefix: &str) -> Vec<String> {
        let folder = self.shared.root.path().join(NAME).join(prefix);
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            // What the server remembers of an object.
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }

    /// Removes what is below a prefix.
    pub(super) fn clear(&self, prefix: &str) {
        std::fs::remove_dir_all(self.shared.root.path().join(NAME).join(prefix)).unwrap();
    }

    /// How many parts of uploads lie around.
    pub(super) fn parts(&self) -> usize {
        let entries = std::fs::read_dir(self.shared.root.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(".upload_id-")).count()
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&shared), request));
            let builder = Builder::new(TokioExecutor::new());
            // It fails where it is told to.
            let _ = builder
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Box<dyn Error + Send + Sync>> {
    let fault = *shared.fault.lock().unwrap();
    let uri = request.uri().clone();
    let query = uri.query().unwrap_or_default();
    let is_part = query.contains("partNumber=");
    let is_whole = *request.method() == Method::GET && shared.has(uri.path());
    let is_ending = *request.method() == Method::DELETE && query.contains("uploadId=");
    let is_completing = *request.method() == Method::POST && query.contains("uploadId=");
    match fault {
        Fault::RefusesParts(status) if is_part => {
            request.into_body().collect().await?;
            return Ok(refusal(status, "Refused"));
        }
        Fault::CutsParts if is_part => return Err("cut".into()),
        Fault::HoldsParts if is_part => std::future::pending().await,
        Fault::HoldsWhole if is_whole => std::future::pending().await,
        Fault::CompletesLate if is_completing => {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let late = Request::from_parts(head, Body::from(body));
            *shared.late.lock().unwrap() = Some(late);
            return Err("cut".into());
        }
        // It makes the object of the upload already.
        Fault::CompletesLate if is_ending => {
            return Ok(refusal(StatusCode::NOT_FOUND, "NoSuchUpload"));
        }
        _ => {}
    }
    let answer = shared
        .s3
        .call(request.map(Body::from))
        .await
        .map_err(|error| format!("{error:?}"))?;
    if is_ending && answer.status() == StatusCode::FORBIDDEN {
        // Of an upload that is over others say what S3 says.
        return Ok(refusal(StatusCode::NOT_FOUND, "NoSuchUpload"));
    }
    if fault != Fault::ChangesWhole || !is_whole {
        return Ok(answer);
    }
    let (head, body) = answer.into_parts();
    let mut bytes = body.collect().await?.to_bytes().to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    Ok(Response::from_parts(head, Body::from(bytes)))
}

impl Shared {
    /// Whether a backup of this path is there and more than begun.
    fn has(&self, path: &str) -> bool {
        let path = path.trim_start_matches('/');
        path.ends_with(".age") && Path::new(self.root.path()).join(path).exists()
    }
}

fn refusal(status: StatusCode, code: &str) -> Response<Body> {
    let body = format!("<Error><Code>{code}</Code><Message>as told</Message></Error>");
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    answer
}

const NAME: &str = "backups";
const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "a-secret-that-no-argument-shows";
