//! The addresses of the hosts that documents are fetched from.
//!
//! The operating system looks names up in a call that blocks, for many seconds if no name server answers, and that nobody
//! can end. Such calls share their threads with the rest of the process, files among it, so fewer of them run than there
//! are threads.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use sigstead_kit::MAX_BLOCKING_THREADS;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::address::{Reach, check};

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
    pub(crate) const fn new(reach: Reach) -> Self {
        Self {
            reach,
            places: match reach {
                Reach::Anywhere => &NAMES_OF_OPERATOR,
                Reach::Public => &NAMES_OF_OTHERS,
            },
            look_up,
        }
    }

    /// The place is given back when the call ends, not when the caller stops to wait for it.
    async fn addresses(self, host: String) -> io::Result<Vec<SocketAddr>> {
        let place: SemaphorePermit<'static> =
            self.places.acquire().await.map_err(io::Error::other)?;
        tokio::task::spawn_blocking(move || {
            let _place = place;
            (self.look_up)(&host)
        })
        .await?
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = *self;
        Box::pin(async move {
            let host = name.as_str();
            let addresses = resolver.addresses(host.to_owned()).await?;
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
/// Names that strangers or issuers chose take no place of those that the operator wrote.
static NAMES_OF_OTHERS: Semaphore = Semaphore::const_new(OF_OTHERS);

const OF_OPERATOR: usize = 16;
const OF_OTHERS: usize = 8;
const _: () = assert!(OF_OPERATOR + OF_OTHERS < MAX_BLOCKING_THREADS);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Condvar, Mutex};

    use super::*;
    use crate::address::PrivateAddress;

    #[tokio::test]
    async fn a_name_of_this_host_is_not_resolved_for_others() {
        let name = || "localhost".parse().unwrap();
        let refused = Resolver::new(Reach::Public).resolve(name()).await;
        let error = refused.map(drop).unwrap_err();
        let private = error.downcast_ref::<PrivateAddress>().unwrap();
        assert_eq!(private.host, "localhost");
        assert!(private.address.is_loopback());
        let mut found = Resolver::new(Reach::Anywhere)
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
            for reach in [Reach::Anywhere, Reach::Public] {
                let dead = Resolver {
                    look_up: wait_for_server,
                    ..Resolver::new(reach)
                };
                for number in 0..MAX_BLOCKING_THREADS + 8 {
                    callers.push(tokio::spawn(dead.addresses(format!("{number}.example"))));
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
}
