//! The logs of an authority: which one is asked, for how long, and what its silence means.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use sigstead_key::PublicKey;
use sigstead_kit::Clock;
use sigstead_x509::{Certificate, Precertificate};
use time::OffsetDateTime;
use tokio::time::{Instant, timeout};

use super::breaker::Breaker;
use super::client::{CtLogClient, CtLogError, Window};
use super::verified_sct::VerifiedSct;

/// The logs, of which one promises each certificate. They are asked in their order, the next one when one does not
/// promise.
pub struct CtLogs {
    /// Written by [`Self::take`]; a submission goes on with the logs that it began with.
    logs: ArcSwap<Vec<CtLog>>,
}

/// One log.
pub struct CtLog {
    client: Arc<dyn CtLogClient>,
    key: PublicKey,
    ends: Ends,
    breaker: Breaker,
    refused: Mutex<Option<(Instant, String)>>,
}

/// When the certificates end that a log takes: a shard's interval, the start included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ends {
    /// The first second.
    pub from: Option<OffsetDateTime>,
    /// The second behind the last.
    pub until: Option<OffsetDateTime>,
}

/// What is to be logged, and until when an answer is of use.
pub(crate) struct Submission<'a> {
    pub(crate) precertificate: &'a Precertificate,
    /// The certificate's issuers up to the root.
    pub(crate) chain: &'a [Certificate],
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    pub(crate) deadline: Instant,
}

impl CtLog {
    /// A log behind a client.
    #[must_use]
    pub fn new(client: Arc<dyn CtLogClient>, key: PublicKey, ends: Ends) -> Self {
        Self {
            client,
            key,
            ends,
            breaker: Breaker::default(),
            refused: Mutex::new(None),
        }
    }

    async fn submit(
        &self,
        submission: &Submission<'_>,
        time: Duration,
        clock: &dyn Clock,
    ) -> Result<VerifiedSct, CtLogError> {
        // What had no time to answer did not fail: others may have spent it.
        if time < LEAST_TIME {
            return Err(CtLogError::NoTime);
        }
        self.breaker
            .admit(Instant::now())
            .map_err(|again_in| CtLogError::Resting { again_in })?;
        let chain: Vec<&[u8]> = std::iter::once(submission.precertificate.to_der())
            .chain(submission.chain.iter().map(Certificate::to_der))
            .collect();
        let answer = timeout(time, self.client.add_pre_chain(&chain)).await;
        let answer = answer.unwrap_or(Err(CtLogError::Late));
        self.remember(answer.as_ref().err());
        let window = Window {
            not_before: submission.not_before - ALLOWED_SKEW,
            not_after: clock.now() + ALLOWED_SKEW,
        };
        let issuer = submission.chain.first().ok_or(CtLogError::NoLog)?;
        VerifiedSct::verify(
            answer?,
            submission.precertificate,
            issuer,
            &self.key,
            window,
        )
    }

    /// A log that answers is not silent, whatever it says.
    fn remember(&self, error: Option<&CtLogError>) {
        match error {
            Some(error) if error.is_silence() => self.breaker.failed(Instant::now()),
            _ => self.breaker.succeeded(),
        }
        let refusal = error.filter(|error| matches!(error, CtLogError::Refused { .. }));
        let refusal = refusal.map(|error| (Instant::now(), error.to_string()));
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
    }

    /// A refusal is the instance's fault and stays until it is mended. After a while requests are let in again, because
    /// only they can tell.
    fn check(&self) -> Result<(), String> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match &*refused {
            Some((at, why)) if at.elapsed() < REFUSAL_COUNTS => Err(why.clone()),
            _ => Ok(()),
        }
    }
}

impl Ends {
    fn contain(&self, end: OffsetDateTime) -> bool {
        self.from.is_none_or(|from| end >= from) && self.until.is_none_or(|until| end < until)
    }
}

impl CtLogs {
    /// Logs in the order in which they are asked. Without any, certificates have no SCT.
    #[must_use]
    pub fn new(logs: Vec<CtLog>) -> Self {
        Self {
            logs: ArcSwap::from_pointee(logs),
        }
    }

    /// Takes other logs into use.
    pub(crate) fn take(&self, logs: Vec<CtLog>) {
        self.logs.store(Arc::new(logs));
    }

    /// Whether certificates are logged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.logs.load().is_empty()
    }

    /// The keys of the logs.
    pub(crate) fn keys(&self) -> Vec<PublicKey> {
        self.logs.load().iter().map(|log| log.key.clone()).collect()
    }

    /// Whether there is a log to ask for a certificate that ends at this time, as far as that is known without asking.
    ///
    /// # Errors
    /// [`CtLogError::NoLog`], [`CtLogError::NoTime`], or [`CtLogError::Resting`] if all are left in peace.
    pub(crate) fn check_open(
        &self,
        not_after: OffsetDateTime,
        deadline: Instant,
    ) -> Result<(), CtLogError> {
        let logs = self.logs.load();
        if logs.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        let fitting = logs.iter().filter(|log| log.ends.contain(not_after));
        let resting: Option<Vec<_>> = fitting.map(|log| log.breaker.rests(now)).collect();
        match resting.map(|pauses| pauses.into_iter().min()) {
            Some(None) => Err(CtLogError::NoLog),
            _ if deadline.saturating_duration_since(now) < LEAST_TIME => Err(CtLogError::NoTime),
            Some(Some(again_in)) => Err(CtLogError::Resting { again_in }),
            None => Ok(()),
        }
    }

    /// Asks the logs whose interval fits, and believes an answer only as far as every client will.
    ///
    /// # Errors
    /// What the first of them said, if none promised.
    pub(crate) async fn submit(
        &self,
        submission: &Submission<'_>,
        clock: &dyn Clock,
    ) -> Result<VerifiedSct, CtLogError> {
        let logs = self.logs.load_full();
        let fitting: Vec<_> = logs
            .iter()
            .filter(|log| log.ends.contain(submission.not_after))
            .collect();
        let deadline = submission.deadline.min(Instant::now() + ANSWER_TIME);
        let mut failure = None;
        for (index, log) in fitting.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            // The others need time too.
            let share = left / u32::try_from(fitting.len() - index).unwrap_or(1);
            let share = share.max(LEAST_TIME).min(left);
            match log.submit(submission, share, clock).await {
                Ok(sct) => return Ok(sct),
                Err(error) => {
                    let detail = sigstead_kit::causes(&error);
                    tracing::warn!(detail, "a ct log did not promise a certificate");
                    failure.get_or_insert(error);
                }
            }
        }
        Err(failure.unwrap_or(CtLogError::NoLog))
    }

    /// Whether some log takes what is submitted, as far as the last answers tell.
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut last = Ok(());
        for log in self.logs.load().iter() {
            last = log.check();
            if last.is_ok() {
                return last;
            }
        }
        last
    }
}

/// For all logs together: JavaScript clients give up after five seconds, and before and after it the key signs.
const ANSWER_TIME: Duration = Duration::from_secs(4);
/// What a log that does well needs at most. With less it is not asked.
const LEAST_TIME: Duration = Duration::from_millis(500);
/// How far the log's clock may be off. Clients refuse certificates whose SCT lies in their future, and compare its time
/// with no other.
const ALLOWED_SKEW: time::Duration = time::Duration::seconds(30);
/// How long the service is not ready after a refusal.
const REFUSAL_COUNTS: Duration = Duration::from_secs(30);
