//! The addresses of the hosts that documents are fetched from.
//!
//! The operating system looks names up in a call that blocks, for many seconds if no name server answers, and that nobody
//! can end. Such calls share their threads with the rest of the process, files among it, so fewer of them run than there
//! are threads.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use sigstead_kit::MAX_BLOCKING_THREADS;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::address::{Reach, check};
use crate::fetch::NamedBy;
use crate::fetch_limit::Held;

/// Looks names up, each in a place of its kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolver {
    reach: Reach,
    places: &'static Semaphore,
    look_up: fn(&str) -> io::Result<Vec<SocketAddr>>,
}

impl Resolver {
    /// With [`Reach::Public`] a name is refused unless each of its addresses is public. The connection is made to the
    /// addresses that were checked, so a name that changes its address in between gains nothing.
    pub(crate) const fn new(reach: Reach, named_by: NamedBy) -> Self {
        Self {
            reach,
            places: match named_by {
                NamedBy::Operator => &NAMES_OF_OPERATOR,
                NamedBy::Token => &NAMES_OF_OTHERS,
            },
            look_up,
        }
    }

    /// The place is given back when the call ends, not when the caller stops to wait for it. So is what its fetch holds.
    async fn addresses(
        self,
        host: String,
        fetch: Option<Arc<Held>>,
    ) -> io::Result<Vec<SocketAddr>> {
        let place: SemaphorePermit<'static> =
            self.places.acquire().await.map_err(io::Error::other)?;
        tokio::task::spawn_blocking(move || {
            let _held = (place, fetch);
            (self.look_up)(&host)
        })
        .await?
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = *self;
        let fetch = Held::of_this_fetch();
        Box::pin(async move {
            let host = name.as_str();
            let addresses = resolver.addresses(host.to_owned(), fetch).await?;
            if resolver.reach == Reach::Public {
                for address in &addresses {
                    check(host, address.ip())?;
                }
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn look_up(host: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((host, 0).to_socket_addrs()?.collect())
}

/// One for the process, as its threads are: a file of issuers that is read again gets no more.
static NAMES_OF_OPERATOR: Semaphore = Semaphore::const_new(OF_OPERATOR);
/// Names of issuers that tokens chose take no place of those that the operator named, wherever these have their keys.
static NAMES_OF_OTHERS: Semaphore = Semaphore::const_new(OF_OTHERS);

/// Takes all places of names that tokens chose.
#[cfg(test)]
pub(crate) async fn every_name_of_tokens() -> SemaphorePermit<'static> {
    let all = u32::try_from(OF_OTHERS).unwrap();
    NAMES_OF_OTHERS.acquire_many(all).await.unwrap()
}

const OF_OPERATOR: usize = 16;
const OF_OTHERS: usize = 8;
const _: () = assert!(OF_OPERATOR + OF_OTHERS < MAX_BLOCKING_THREADS);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, channel};
    use std::sync::{Condvar, Mutex};

    use super::*;
    use crate::address::PrivateAddress;
    use crate::fetch_limit::{FetchLimit, Lane};

    #[tokio::test]
    async fn a_name_of_this_host_is_not_resolved_for_others() {
        let name = || "localhost".parse().unwrap();
        let refused = Resolver::new(Reach::Public, NamedBy::Token)
            .resolve(name())
            .await;
        let error = refused.map(drop).unwrap_err();
        let private = error.downcast_ref::<PrivateAddress>().unwrap();
        assert_eq!(private.host, "localhost");
        assert!(private.address.is_loopback());
        let mut found = Resolver::new(Reach::Anywhere, NamedBy::Operator)
            .resolve(name())
            .await
            .unwrap();
        assert!(found.all(|address| address.ip().is_loopback()));
    }

    static BEGUN: AtomicUsize = AtomicUsize::new(0);
    static IS_BACK: Mutex<bool> = Mutex::new(false);
    static COMES_BACK: Condvar = Condvar::new();

    /// No name server answers until it is back.
    fn wait_for_server(_host: &str) -> io::Result<Vec<SocketAddr>> {
        BEGUN.fetch_add(1, Ordering::SeqCst);
        let is_back = IS_BACK.lock().unwrap();
        drop(COMES_BACK.wait_while(is_back, |is_back| !*is_back).unwrap());
        Ok(Vec::new())
    }

    /// Lets the calls end, also when the test fails.
    struct Back;

    impl Drop for Back {
        fn drop(&mut self) {
            *IS_BACK.lock().unwrap() = true;
            COMES_BACK.notify_all();
        }
    }

    async fn wait_until(is_so: impl Fn() -> bool) {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    }

    /// Of both kinds more names than the process has threads, all of them dead, and their callers gone.
    #[test]
    fn dead_names_leave_threads_to_the_rest_of_the_process() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(MAX_BLOCKING_THREADS)
            .build()
            .unwrap();
        let back = Back;
        runtime.block_on(async move {
            let mut callers = Vec::new();
            for named_by in [NamedBy::Operator, NamedBy::Token] {
                let dead = Resolver {
                    look_up: wait_for_server,
                    ..Resolver::new(Reach::Public, named_by)
                };
                for number in 0..MAX_BLOCKING_THREADS + 8 {
                    let host = format!("{number}.example");
                    callers.push(tokio::spawn(dead.addresses(host, None)));
                }
            }
            wait_until(|| BEGUN.load(Ordering::SeqCst) >= OF_OPERATOR + OF_OTHERS).await;
            // A file is read, as when the service reads its issuers again.
            tokio::task::spawn_blocking(|| ()).await.unwrap();
            for caller in &callers {
                caller.abort();
            }
            for caller in callers {
                assert!(caller.await.unwrap_err().is_cancelled());
            }
            // Nobody waits any more, and the calls go on.
            assert_eq!(NAMES_OF_OPERATOR.available_permits(), 0);
            assert_eq!(NAMES_OF_OTHERS.available_permits(), 0);
            assert_eq!(BEGUN.load(Ordering::SeqCst), OF_OPERATOR + OF_OTHERS);
            drop(back);
            let is_free = |places: &Semaphore, all| places.available_permits() == all;
            wait_until(|| is_free(&NAMES_OF_OPERATOR, OF_OPERATOR)).await;
            wait_until(|| is_free(&NAMES_OF_OTHERS, OF_OTHERS)).await;
        });
    }

    static ANSWER: Mutex<Option<Receiver<()>>> = Mutex::new(None);

    /// Ends when nobody can send an answer any more.
    fn wait_for_answer(_host: &str) -> io::Result<Vec<SocketAddr>> {
        let answer = ANSWER.lock().unwrap().take();
        let _gone = answer.unwrap().recv();
        Ok(Vec::new())
    }

    /// An issuer whose name is looked up still holds its turn and its place, so that it has no second one.
    #[tokio::test]
    async fn a_fetch_that_was_given_up_holds_what_it_has_until_its_name_is_looked_up() {
        static PLACES: Semaphore = Semaphore::const_new(1);
        let slow = Resolver {
            places: &PLACES,
            look_up: wait_for_answer,
            ..Resolver::new(Reach::Public, NamedBy::Token)
        };
        let turn = Arc::new(Semaphore::new(1));
        let queued = Lane::Known.queue().unwrap();
        let held = FetchLimit::new().hold(queued, &turn).await;
        let (server, answer) = channel();
        *ANSWER.lock().unwrap() = Some(answer);
        let given_up = async {
            let mut looking = slow.resolve("dead.example".parse().unwrap());
            assert!(futures::poll!(looking.as_mut()).is_pending());
        };
        held.by(given_up).await;
        assert_eq!(turn.available_permits(), 0);
        drop(server);
        wait_until(|| turn.available_permits() == 1).await;
    }
}
