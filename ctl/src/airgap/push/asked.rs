//! One request to a registry: it ends in time, and with an answer whatever the registry sends.

use std::io;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use oci_client::errors::OciDistributionError;
use tokio::time::timeout;

/// What comes of a request that moves `bytes` bytes.
pub(super) async fn asked<T>(
    bytes: u64,
    request: impl Future<Output = Result<T, OciDistributionError>>,
) -> Result<T, OciDistributionError> {
    within(longest(bytes), request).await
}

async fn within<T>(
    longest: Duration,
    request: impl Future<Output = Result<T, OciDistributionError>>,
) -> Result<T, OciDistributionError> {
    // The client panics on some addresses and tokens that a registry may send.
    let request = AssertUnwindSafe(request).catch_unwind();
    match timeout(longest, request).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => {
            let what = "it sent an address or a token that is none";
            Err(OciDistributionError::GenericError(Some(what.to_owned())))
        }
        Err(_) => {
            let what = format!("it did not answer within {} s", longest.as_secs());
            Err(io::Error::new(io::ErrorKind::TimedOut, what).into())
        }
    }
}

/// A registry writes what it gets to disk before it answers, and lines can be slow.
const fn longest(bytes: u64) -> Duration {
    Duration::from_secs(300 + bytes / SLOWEST)
}

/// Bytes in a second.
const SLOWEST: u64 = 32 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_without_an_end_ends_and_a_panic_is_an_answer() {
        let silent = std::future::pending::<Result<(), _>>();
        match within(Duration::ZERO, silent).await.unwrap_err() {
            OciDistributionError::IoError(error) => {
                assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            }
            other => panic!("{other}"),
        }
        let broken = asked(0, async { Ok("no address".parse::<u8>().unwrap()) });
        let broken = broken.await.unwrap_err();
        assert!(
            matches!(broken, OciDistributionError::GenericError(_)),
            "{broken}"
        );
        assert_eq!(asked(0, async { Ok(7) }).await.unwrap(), 7);
        assert_eq!(longest(1 << 30).as_secs(), 300 + (1 << 15));
    }
}
