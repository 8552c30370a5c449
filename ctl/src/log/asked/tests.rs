use std::future::pending;
use std::path::PathBuf;
use std::time::Duration;

use sigstead_key::Algorithm;
use sigstead_proto::admin::v1 as wire;
use sigstead_proto::admin::v1::tlog_admin_server::{TlogAdmin, TlogAdminServer};
use sigstead_signer::PrivateKey;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response};

use super::*;

#[test]
fn only_a_decision_of_the_service_is_a_refusal() {
    let table = [
        (Code::InvalidArgument, true, true),
        (Code::AlreadyExists, true, true),
        (Code::FailedPrecondition, true, true),
        (Code::FailedPrecondition, false, false),
        (Code::DeadlineExceeded, true, false),
        (Code::Cancelled, true, false),
        (Code::Unavailable, true, false),
        (Code::Unknown, true, false),
        (Code::Internal, true, false),
    ];
    for (code, has_sigstead_code, expected) in table {
        let mut status = Status::new(code, "");
        if has_sigstead_code {
            let code = "E-TLOG-001".parse().unwrap();
            status.metadata_mut().insert("sigstead-code", code);
        }
        assert_eq!(is_refusal(&status), expected, "{code:?}");
    }
}

#[tokio::test]
async fn the_key_goes_with_a_refusal() {
    let asking = Asking::new();
    let refusal = Status::already_exists("E-TLOG-050: there is one");
    let failure = asking.ask(Answer::Refuse(refusal)).await.unwrap_err();
    assert_eq!(failure.code(), "E-TLOG-050");
    assert!(!asking.key_file.exists());
}

#[tokio::test]
async fn a_log_that_is_listed_after_an_answer_that_did_not_come_is_open() {
    let asking = Asking::new();
    let known = Answer::Refuse(Status::already_exists("E-TLOG-050: there is one"));
    for answer in [Answer::Break, Answer::Never, known] {
        let opened = asking.ask(answer.listing(&asking.key)).await.unwrap();
        assert_eq!(opened.public_key, asking.key.public_key().spki_der());
        assert!(asking.key_file.exists());
    }
}

#[tokio::test]
async fn the_key_stays_when_nobody_knows_whether_the_log_was_opened() {
    let asking = Asking::new();
    for answer in [Answer::Break, Answer::Never] {
        let failure = asking.ask(answer).await.unwrap_err();
        assert_eq!(failure.code(), "E-CTL-054");
        assert!(asking.key_file.exists());
    }
}

/// Who asks for a log, with a key on disk.
struct Asking {
    _folder: TempDir,
    key_file: PathBuf,
    key: PrivateKey,
}

impl Asking {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key_file = folder.path().join("key");
        std::fs::write(&key_file, "key").unwrap();
        Self {
            key_file,
            _folder: folder,
            key: PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap(),
        }
    }

    async fn ask(&self, answer: Answer) -> Result<LogInfo, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = TlogAdminServer::new(Stub(answer));
        let serving = Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpIncoming::from(listener));
        let serving = tokio::spawn(serving);
        // Nothing of this answers later than that, but for what never answers.
        let endpoint = Endpoint::from_shared(url).unwrap();
        let channel = endpoint.timeout(Duration::from_secs(1)).connect_lazy();
        let mut client = TlogAdminClient::new(channel);
        let request = OpenLogRequest::default();
        let at = KeyConfig::file(&self.key_file, None);
        let opened = open(&mut client, request, self.key.public_key(), &at).await;
        serving.abort();
        opened
    }
}

/// What the service does when it is asked for a log.
enum Answer {
    Refuse(Status),
    /// As a proxy answers whose service went away.
    Break,
    Never,
    /// As the one inside, and the log is there.
    Listing(Box<Self>, Vec<u8>),
}

impl Answer {
    fn listing(self, key: &PrivateKey) -> Self {
        Self::Listing(Box::new(self), key.public_key().spki_der().to_vec())
    }

    async fn give(&self) -> Status {
        match self {
            Self::Refuse(status) => status.clone(),
            Self::Break => Status::unavailable("the connection broke"),
            Self::Never => pending().await,
            Self::Listing(answer, _) => Box::pin(answer.give()).await,
        }
    }
}

/// A `tlog` that opens no log.
struct Stub(Answer);

#[tonic::async_trait]
impl TlogAdmin for Stub {
    async fn list_logs(
        &self,
        _: Request<ListLogsRequest>,
    ) -> Result<Response<wire::ListLogsResponse>, Status> {
        let mut logs = vec![LogInfo::default()];
        if let Answer::Listing(_, public_key) = &self.0 {
            logs.push(LogInfo {
                public_key: public_key.clone(),
                ..LogInfo::default()
            });
        }
        Ok(Response::new(wire::ListLogsResponse { logs }))
    }

    async fn open_log(&self, _: Request<OpenLogRequest>) -> Result<Response<LogInfo>, Status> {
        let mut status = self.0.give().await;
        if matches!(self.0, Answer::Refuse(_)) {
            let code = "E-TLOG-050".parse().unwrap();
            status.metadata_mut().insert("sigstead-code", code);
        }
        Err(status)
    }

    async fn freeze_log(
        &self,
        _: Request<wire::FreezeLogRequest>,
    ) -> Result<Response<LogInfo>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }

    async fn pause_log(
        &self,
        _: Request<wire::PauseLogRequest>,
    ) -> Result<Response<LogInfo>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }

    async fn resume_log(
        &self,
        _: Request<wire::ResumeLogRequest>,
    ) -> Result<Response<LogInfo>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }

    async fn get_entry(
        &self,
        _: Request<wire::GetEntryRequest>,
    ) -> Result<Response<wire::Entry>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }

    async fn search_entries(
        &self,
        _: Request<wire::SearchEntriesRequest>,
    ) -> Result<Response<wire::SearchEntriesResponse>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }

    async fn prove_consistency(
        &self,
        _: Request<wire::ProveConsistencyRequest>,
    ) -> Result<Response<wire::ConsistencyProof>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }

    async fn rebuild_index(
        &self,
        _: Request<wire::RebuildIndexRequest>,
    ) -> Result<Response<wire::RebuildIndexResponse>, Status> {
        Err(Status::unimplemented("nobody asks for it"))
    }
}
