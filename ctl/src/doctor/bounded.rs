//! Work that may block, and must not keep the rest waiting.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// Does work in a thread of its own and waits no longer than `patience` for it; `None` if it is late or broke.
///
/// A disk that hangs holds its reader in the kernel, and nothing can end it: the thread is left behind and goes with the
/// process. Blocking threads of the event loop would keep the process from its end.
pub(crate) async fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (tell, told) = oneshot::channel();
    let thread = std::thread::Builder::new().spawn(move || {
        // Nobody waits any more if it is late.
        let _ = tell.send(work());
    });
    thread.ok()?;
    timeout(patience, told).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_that_hangs_or_breaks_is_left_behind() {
        let patience = Duration::from_secs(30);
        assert_eq!(within(patience, || 7).await, Some(7));
        assert_eq!(within(patience, || -> u8 { panic!("broken") }).await, None);
        let (release, held) = mpsc::channel::<()>();
        let hung = within(Duration::from_millis(1), move || held.recv().is_ok());
        assert_eq!(hung.await, None);
        drop(release);
    }
}
