use std::path::Path;

use sigstead_key::PublicKey;
use sigstead_proto::admin::v1::tlog_admin_client::TlogAdminClient;
use sigstead_proto::admin::v1::{ListLogsRequest, LogInfo, OpenLogRequest};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::admin::refused;
use crate::failure::Failure;

/// Asks for a log whose key is in `key_file`.
///
/// The service goes on when its caller has gone, and remembers the log by its key. So the key is removed only when the
/// service itself says that it refuses.
pub(super) async fn open(
    client: &mut TlogAdminClient<Channel>,
    request: OpenLogRequest,
    public_key: &PublicKey,
    key_file: &Path,
) -> Result<LogInfo, Failure> {
    let status = match client.open_log(request).await {
        Ok(opened) => return Ok(opened.into_inner()),
        Err(status) => status,
    };
    if is_refusal(&status) {
        // Nobody has seen it. If it stays, the next log has another place.
        let _ = std::fs::remove_file(key_file);
        return Err(refused(status));
    }
    let listed = client.list_logs(ListLogsRequest {}).await;
    let logs = listed.map_or_else(|_| Vec::new(), |logs| logs.into_inner().logs);
    let mut logs = logs.into_iter();
    // A log that is not listed may still be under way.
    logs.find(|log| log.public_key == public_key.spki_der())
        .ok_or_else(|| unknown(key_file, &status))
}

/// Whether the service decided against it. A call that broke or took too long tells nothing about what the service did.
fn is_refusal(status: &Status) -> bool {
    let is_open = matches!(
        status.code(),
        Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::Unavailable
            | Code::Unknown
    );
    status.metadata().contains_key("sigstead-code") && !is_open
}

fn unknown(key_file: &Path, status: &Status) -> Failure {
    Failure::new(
        "E-CTL-054",
        format!(
            "it is not known whether the log was opened; its key stays in {}",
            key_file.display()
        ),
        "wait a minute and see with `sigctl log info` whether the log is there; while its key is gone, tlog does not start",
    )
    .because(status.message())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;
    use tonic::transport::Endpoint;

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
    async fn the_key_stays_when_the_connection_breaks() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let breaking = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 1]).await;
            }
        });
        let key_file = std::env::temp_dir().join(format!("sigctl-key-{}", std::process::id()));
        fs::write(&key_file, "key").unwrap();
        let key = sigstead_signer::PrivateKey::generate(sigstead_key::Algorithm::EcdsaP256Sha256);
        let channel = Endpoint::from_shared(url).unwrap().connect_lazy();
        let mut client = TlogAdminClient::new(channel);
        let request = OpenLogRequest::default();
        let opened = open(&mut client, request, key.unwrap().public_key(), &key_file).await;
        assert!(opened.is_err());
        assert!(key_file.exists());
        fs::remove_file(&key_file).unwrap();
        breaking.abort();
    }
}
