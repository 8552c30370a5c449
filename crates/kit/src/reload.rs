use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

type Hook = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// Tells a running service to read again what it can read again, as SIGHUP does.
#[derive(Debug, Clone)]
pub struct Reload(watch::Sender<u64>);

impl Reload {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// Has everything read again, soon.
    pub fn now(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    pub(crate) fn hang_ups(&self) -> HangUps {
        HangUps(self.0.subscribe())
    }
}

/// What somebody who reads things again waits for.
pub(crate) struct HangUps(watch::Receiver<u64>);

impl HangUps {
    /// The next time that it was told. Several times before it looks are one.
    pub(crate) async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What a service reads again, by name.
#[derive(Default)]
pub(crate) struct Hooks(Vec<(&'static str, Hook)>);

impl Hooks {
    pub(crate) fn add<F, Fut>(&mut self, name: &'static str, hook: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.0.push((name, Box::new(move || Box::pin(hook()))));
    }

    /// Reads again each time that it is told to, until the service stops. What fails leaves what was there before.
    pub(crate) async fn follow(self, mut hang_ups: HangUps, stop: CancellationToken) {
        while stop.run_until_cancelled(hang_ups.next()).await.is_some() {
            for (name, hook) in &self.0 {
                let hooked = tokio::time::timeout(HOOK, hook()).await;
                match hooked.unwrap_or_else(|_| Err("it takes too long".to_owned())) {
                    Ok(()) => tracing::info!(what = name, "read again"),
                    Err(error) => {
                        tracing::error!(
                            what = name,
                            "cannot be read again, what was stays: {error}"
                        );
                    }
                }
            }
        }
    }
}

/// One that hangs must not keep the others from being read again for ever.
const HOOK: Duration = Duration::from_secs(60);
