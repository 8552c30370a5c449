use std::future::Future;
use std::sync::Arc;

use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::error::Error;
use crate::metrics::Metrics;

/// The issuances that are carried out, also those whose callers have gone. Callers that hang up one after the other would
/// else have as many under way as they like, each with a signature and a submission to a log.
pub(crate) struct UnderWay {
    tasks: TaskTracker,
    places: Arc<Semaphore>,
    metrics: Metrics,
}

/// The place of one issuance, until it has ended.
pub(crate) struct Place {
    gauge: IntGauge,
    _permit: OwnedSemaphorePermit,
}

impl UnderWay {
    pub(crate) fn new(most: usize, metrics: &Metrics) -> Self {
        Self {
            tasks: TaskTracker::new(),
            places: Arc::new(Semaphore::new(most)),
            metrics: metrics.clone(),
        }
    }

    /// # Errors
    /// [`Error::TooManyUnderWay`].
    pub(crate) fn enter(&self) -> Result<Place, Error> {
        let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() else {
            let error = Error::TooManyUnderWay;
            self.metrics.put_off(&error);
            return Err(error);
        };
        let gauge = self.metrics.under_way();
        gauge.inc();
        Ok(Place {
            gauge,
            _permit: permit,
        })
    }

    /// Carries an issuance out at its place.
    pub(crate) fn spawn<F>(&self, place: Place, issuance: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.tasks.spawn(async move {
            let _place = place;
            issuance.await
        })
    }

    /// Waits for those under way, when no new ones come.
    pub(crate) async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}
