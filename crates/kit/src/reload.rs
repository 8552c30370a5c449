use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::watched::Watched;

type Hook = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// Tells a running service to read again what it can read again, as SIGHUP does.
#[derive(Debug, Clone)]
pub struct Reload {
    /// How often it was told.
    told: watch::Sender<u64>,
    /// How often it had been told when its hooks last began, of those that have ended.
    followed: watch::Sender<u64>,
}

impl Reload {
    pub(crate) fn new() -> Self {
        Self {
            told: watch::Sender::new(0),
            followed: watch::Sender::new(0),
        }
    }

    /// Has everything read again, soon.
    pub fn now(&self) {
        self.told.send_modify(|count| *count += 1);
    }

    pub(crate) fn hang_ups(&self) -> HangUps {
        HangUps(self.told.subscribe())
    }

    /// Waits until every hook has ended of what it was told before this call; for ever, if the service stops before.
    pub(crate) async fn followed(&self) {
        let told = *self.told.borrow();
        let mut followed = self.followed.subscribe();
        if followed.wait_for(|count| *count >= told).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What somebody who reads things again waits for.
pub(crate) struct HangUps(watch::Receiver<u64>);

impl HangUps {
    /// The next time that it was told. Several times before it looks are one.
    pub(crate) async fn next(&mut self) {
        self.next_count().await;
    }

    async fn next_count(&mut self) -> u64 {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        *self.0.borrow_and_update()
    }
}

/// What a service reads again, by name, and the files whose new contents are a reason to.
#[derive(Default)]
pub(crate) struct Hooks {
    hooks: Vec<(&'static str, Hook)>,
    watched: Watched,
}

impl Hooks {
    pub(crate) fn add<F, Fut>(&mut self, name: &'static str, hook: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.hooks.push((name, Box::new(move || Box::pin(hook()))));
    }

    /// Has the hooks run also when this file has other contents.
    pub(crate) fn watch(&mut self, file: PathBuf) {
        self.watched.add(file);
    }

    /// Reads again each time that it is told to, or that a file has other contents, until the service stops. What fails leaves what
    /// was there before.
    pub(crate) async fn follow(self, reload: Reload, stop: CancellationToken) {
        let Self { hooks, mut watched } = self;
        let mut hang_ups = reload.hang_ups();
        loop {
            let next = async {
                tokio::select! {
                    told = hang_ups.next_count() => Some(told),
                    () = watched.wait() => None,
                }
            };
            let Some(told) = stop.run_until_cancelled(next).await else {
                return;
            };
            // The hooks read after that, so a change between the two is seen the next time.
            let changed = watched.look().await;
            if told.is_some() || changed {
                run(&hooks).await;
            }
            if let Some(told) = told {
                reload.followed.send_replace(told);
            }
        }
    }
}

async fn run(hooks: &[(&'static str, Hook)]) {
    for (name, hook) in hooks {
        let hooked = tokio::time::timeout(HOOK, hook()).await;
        match hooked.unwrap_or_else(|_| Err("it takes too long".to_owned())) {
            Ok(()) => tracing::info!(what = name, "read again"),
            Err(error) => {
                tracing::error!(what = name, "cannot be read again, what was stays: {error}");
            }
        }
    }
}

/// One that hangs must not keep the others from being read again for ever.
const HOOK: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn what_was_asked_for_is_followed_when_its_hooks_have_ended() {
        let (reload, stop) = (Reload::new(), CancellationToken::new());
        let gate = Arc::new(Semaphore::new(0));
        let mut hooks = Hooks::default();
        let waits = Arc::clone(&gate);
        hooks.add("slow", move || {
            let waits = Arc::clone(&waits);
            async move {
                waits.acquire().await.map_err(|_| String::new())?.forget();
                Err("it fails, and has ended all the same".to_owned())
            }
        });
        let following = tokio::spawn(hooks.follow(reload.clone(), stop.clone()));
        // It subscribes before it waits for the first time.
        tokio::task::yield_now().await;
        reload.now();
        let mut followed = std::pin::pin!(reload.followed());
        tokio::task::yield_now().await;
        assert!(futures::poll!(followed.as_mut()).is_pending());
        gate.add_permits(1);
        followed.await;
        stop.cancel();
        following.await.unwrap();
    }
}
