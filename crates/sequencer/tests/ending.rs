//! A log that several end at once, of which one fails.

mod world;

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use futures::poll;
use sigstead_merkle::TreeHead;
use sigstead_sequencer::{Error, HeadSigner, HeadSignerError, Log, LogParts};
use tokio::sync::Semaphore;

use world::{TestSigner, Text, World, add};

/// Signs the last head when it is let, and fails at the first try.
struct Held {
    signer: Arc<TestSigner>,
    begun: Semaphore,
    let_on: Semaphore,
    fails: Semaphore,
}

#[async_trait]
impl HeadSigner for Held {
    async fn sign(&self, head: &TreeHead, time_millis: u64) -> Result<Vec<u8>, HeadSignerError> {
        self.signer.sign(head, time_millis).await
    }

    async fn sign_last(
        &self,
        head: &TreeHead,
        time_millis: u64,
    ) -> Result<Vec<u8>, HeadSignerError> {
        self.begun.add_permits(1);
        self.let_on.acquire().await?.forget();
        match self.fails.try_acquire() {
            Ok(once) => {
                once.forget();
                Err("the key is out of reach".into())
            }
            Err(_) => self.signer.sign_last(head, time_millis).await,
        }
    }

    fn is_last(&self, note: &[u8]) -> bool {
        self.signer.is_last(note)
    }

    fn verify(
        &self,
        head: &TreeHead,
        time_millis: u64,
        note: &[u8],
    ) -> Result<(), HeadSignerError> {
        self.signer.verify(head, time_millis, note)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_entry_comes_after_the_last_head_though_an_end_before_it_failed() {
    let world = World::new();
    let held = Arc::new(Held {
        signer: world.signer.clone(),
        begun: Semaphore::new(0),
        let_on: Semaphore::new(0),
        fails: Semaphore::new(1),
    });
    let parts = LogParts {
        head_signer: held.clone(),
        ..world.parts()
    };
    let log = Log::open(world.config.clone(), parts).await.unwrap();
    add(&log, "before").await.unwrap();
    let mut first = pin!(log.freeze());
    assert!(poll!(&mut first).is_pending());
    held.begun.acquire().await.unwrap().forget();
    let mut second = pin!(log.freeze());
    assert!(poll!(&mut second).is_pending());
    held.let_on.add_permits(1);
    assert!(matches!(first.await, Err(Error::SigningFailed { .. })));
    held.begun.acquire().await.unwrap().forget();
    // The log is about to end.
    let mut late = pin!(log.add(Text::boxed("late")));
    let refused = poll!(&mut late);
    held.let_on.add_permits(1);
    let last = second.await.unwrap();
    assert!(
        matches!(refused, Poll::Ready(Err(Error::Ending))),
        "{refused:?}"
    );
    assert_eq!(last.head.size, 1);
    log.shutdown().await;
    assert_eq!(world.open_frozen().await.published().head, last.head);
}
