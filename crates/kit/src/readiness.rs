use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use serde::Serialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

type CheckFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type CheckFn = dyn Fn() -> CheckFuture + Send + Sync;
type WarningFn = dyn Fn() -> Option<String> + Send + Sync;

/// Whether the service can do its work now, and if not, why.
#[derive(Clone)]
pub(crate) struct Readiness {
    checks: Vec<(&'static str, Arc<CheckFn>)>,
    warnings: Vec<(&'static str, Arc<WarningFn>)>,
    ended_tasks: Arc<Mutex<Vec<&'static str>>>,
    draining: CancellationToken,
    /// Which checks failed when they were last told in the log.
    told: Arc<Mutex<Option<Vec<&'static str>>>>,
    /// What was found last. The holder of the lock looks; who waits for it finds a fresh answer.
    recent: Arc<tokio::sync::Mutex<Option<Found>>>,
}

/// What the checks said at some time.
struct Found {
    at: Instant,
    reasons: Vec<Reason>,
}

/// One reason not to be ready, or to become unready if nobody acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Reason {
    pub(crate) check: &'static str,
    pub(crate) reason: String,
}

impl Readiness {
    pub(crate) fn new(draining: CancellationToken) -> Self {
        Self {
            checks: Vec::new(),
            warnings: Vec::new(),
            ended_tasks: Arc::default(),
            draining,
            told: Arc::default(),
            recent: Arc::default(),
        }
    }

    pub(crate) fn add<F, Fut>(&mut self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks
            .push((name, Arc::new(move || Box::pin(check()))));
    }

    pub(crate) fn warn<F>(&mut self, name: &'static str, warning: F)
    where
        F: Fn() -> Option<String> + Send + Sync + 'static,
    {
        self.warnings.push((name, Arc::new(warning)));
    }

    /// A background task that ends before the service does leaves the service unready.
    pub(crate) fn task_ended(&self, name: &'static str) {
        self.ended_tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(name);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Waits so long, or until the service begins to stop.
    pub(crate) async fn wait(&self, time: Duration) {
        self.draining
            .run_until_cancelled(tokio::time::sleep(time))
            .await;
    }

    /// As [`Self::reasons`], at most a second old: callers that nobody knows must not make the service probe others as
    /// often as they like.
    pub(crate) async fn recent_reasons(&self) -> Vec<Reason> {
        let mut recent = self.recent.lock().await;
        match &*recent {
            Some(found) if found.at.elapsed() < RECENT && !self.is_draining() => {
                found.reasons.clone()
            }
            _ => {
                let reasons = self.reasons().await;
                *recent = Some(Found {
                    at: Instant::now(),
                    reasons: reasons.clone(),
                });
                reasons
            }
        }
    }

    /// Empty if the service is ready.
    pub(crate) async fn reasons(&self) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = join_all(self.checks.iter().map(run))
            .await
            .into_iter()
            .flatten()
            .collect();
        if self.is_draining() {
            reasons.push(Reason {
                check: "process",
                reason: "the service is stopping".to_owned(),
            });
        }
        let ended = self
            .ended_tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let ended = ended.into_iter().map(|check| Reason {
            check,
            reason: "this background task has ended; see the log and restart the service"
                .to_owned(),
        });
        reasons.extend(ended);
        self.tell(&reasons);
        reasons
    }

    /// What will make the service unready later; it is ready until then.
    pub(crate) fn warnings(&self) -> Vec<Reason> {
        let warnings = self.warnings.iter().filter_map(|(check, warning)| {
            let reason = warning()?;
            Some(Reason { check, reason })
        });
        warnings.collect()
    }

    /// Each warning that the service can give, and whether it does.
    pub(crate) fn each_warning(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let warnings = self.warnings.iter();
        warnings.map(|(check, warning)| (*check, warning().is_some()))
    }

    /// Says in the log when something changed, and not each time that somebody asks.
    fn tell(&self, reasons: &[Reason]) {
        let failed: Vec<_> = reasons.iter().map(|reason| reason.check).collect();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_draining() || told.as_ref() == Some(&failed) {
            return;
        }
        *told = Some(failed);
        match reasons {
            [] => tracing::info!("the service is ready"),
            reasons => {
                for Reason { check, reason } in reasons {
                    tracing::info!(check, "the service is not ready: {reason}");
                }
            }
        }
    }
}

async fn run((name, check): &(&'static str, Arc<CheckFn>)) -> Option<Reason> {
    let reason = match tokio::time::timeout(CHECK_TIME, check()).await {
        Ok(Ok(())) => return None,
        Ok(Err(reason)) => reason,
        Err(_) => format!("no answer within {} seconds", CHECK_TIME.as_secs()),
    };
    Some(Reason {
        check: name,
        reason,
    })
}

const RECENT: Duration = Duration::from_secs(1);
/// Below the shortest probe time-out that orchestrators use by habit.
const CHECK_TIME: Duration = Duration::from_secs(2);
