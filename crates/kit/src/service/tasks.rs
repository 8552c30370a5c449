use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::readiness::Readiness;

/// What runs beside the listeners until its token is cancelled.
pub(super) type Task =
    Box<dyn FnOnce(CancellationToken) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

pub(super) fn start(
    tasks: Vec<(&'static str, Task)>,
    readiness: &Readiness,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let mut running = JoinSet::new();
    for (name, task) in tasks {
        let (stop, readiness) = (stop.clone(), readiness.clone());
        // In a task of its own, so that a panic is seen here as an end.
        let handle = tokio::spawn(task(stop.clone()));
        running.spawn(async move {
            let ended = handle.await;
            if ended.is_err() || !stop.is_cancelled() {
                tracing::error!(task = name, "a background task ended before the service");
                readiness.task_ended(name);
            }
        });
    }
    running
}

pub(super) async fn join(mut tasks: JoinSet<()>) {
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(TASK_STOP, all).await.is_err() {
        tracing::error!("background tasks did not end in time and were left behind");
    }
}

pub(super) const TASK_STOP: Duration = Duration::from_secs(30);
