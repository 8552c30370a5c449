use sigstead_key::PublicKey;
use sigstead_proto::admin::v1::tlog_admin_client::TlogAdminClient;
use sigstead_proto::admin::v1::{ListLogsRequest, LogInfo, OpenLogRequest};
use sigstead_signer::KeyConfig;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::admin::refused;
use crate::failure::Failure;

/// Asks for a log whose key is `key`.
///
/// The service goes on when its caller has gone, and remembers the log by its key. So the key is removed only when the
/// service itself says that it refuses.
pub(super) async fn open(
    client: &mut TlogAdminClient<Channel>,
    request: OpenLogRequest,
    public_key: &PublicKey,
    key: &KeyConfig,
) -> Result<LogInfo, Failure> {
    let status = match client.open_log(request).await {
        Ok(opened) => return Ok(opened.into_inner()),
        Err(status) => status,
    };
    let listed = client.list_logs(ListLogsRequest {}).await;
    let logs = listed.map_or_else(|_| Vec::new(), |logs| logs.into_inner().logs);
    let mut logs = logs.into_iter();
    match logs.find(|log| log.public_key == public_key.spki_der()) {
        // Also after a refusal: an earlier run may have asked with the same key, and the log is there already.
        Some(log) => Ok(log),
        None if is_refusal(&status) => {
            // Nobody has seen it. If its file stays, the next log has another place.
            if let Some(file) = key.path() {
                let _ = std::fs::remove_file(file);
            }
            Err(refused(status))
        }
        // A log that is not listed may still be under way.
        None => Err(unknown(key, &status)),
    }
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

fn unknown(key: &KeyConfig, status: &Status) -> Failure {
    Failure::new(
        "E-CTL-054",
        format!(
            "it is not known whether the log was opened; its key stays: {key}"
        ),
        "wait a minute and run the command again: it publishes the log if it is open, and opens one if it is not",
    )
    .because(status.message())
}

#[cfg(test)]
mod tests;
