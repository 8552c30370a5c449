use std::time::Duration;

use tokio::sync::watch;

/// Waits, but not longer than the log lives.
pub(crate) async fn pause(duration: Duration, stopped: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(duration) => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// Between two tries of a keeper that failed.
pub(crate) const RETRY: Duration = Duration::from_secs(1);
