use std::future::{Future, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;

use futures::task::AtomicWaker;
use hyper::rt::Executor;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::holder::{Holder, Seat};
use crate::line::Line;
use crate::peer::Peer;
use crate::room::Room;

/// One connection, as far as its listener has to judge it.
///
/// The tasks of its requests write the counters, the task of the connection reads them: a count that is zero there may
/// have been one a moment ago, which costs a look more and nothing else.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    /// What it shares with the other connections from there.
    shared: Arc<Peer>,
    line: Line,
    born: Instant,
    holder: Holder,
    /// Requests between their head and the end of their answer.
    open: AtomicUsize,
    /// Those of them that were read whole, so that it is the service that owes something.
    owed: AtomicUsize,
    spoke: AtomicBool,
    /// Milliseconds since `born` at which a request or an answer last moved.
    moved: AtomicU64,
    /// Exchanges of HTTP/2 that were not done at once.
    slow: Mutex<Vec<Weak<Exchange>>>,
    /// The exchange of HTTP/1, which has one at a time.
    current: Mutex<Weak<Exchange>>,
    shed: Notify,
    /// Whether it was told to go.
    is_going: AtomicBool,
}

/// Why a connection has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It asked for nothing in all its time.
    Silent,
    /// It asked for nothing for a while, but may keep itself alive with pings.
    Idle,
    /// It takes nothing of what it asked for.
    Stalled,
    /// Its place is needed.
    Shed,
}

impl Connection {
    pub(crate) fn new(peer: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            peer,
            shared: Peer::of(peer.ip()),
            line: Line::of_connection(),
            born: Instant::now(),
            holder: Holder::new(),
            open: AtomicUsize::new(0),
            owed: AtomicUsize::new(0),
            spoke: AtomicBool::new(false),
            moved: AtomicU64::new(0),
            slow: Mutex::default(),
            current: Mutex::default(),
            shed: Notify::new(),
            is_going: AtomicBool::new(false),
        })
    }

    /// Whether nobody would miss it: no request on it was read whole and is not answered to its end.
    pub(crate) fn can_go(&self) -> bool {
        self.owed.load(Ordering::Relaxed) == 0 && !self.is_going.load(Ordering::Relaxed)
    }

    /// Whether a request on it was read whole and is not answered to its end.
    pub(crate) fn owes(&self) -> bool {
        self.owed.load(Ordering::Relaxed) > 0
    }

    /// When something last moved.
    pub(crate) fn moved(&self) -> Instant {
        self.born + Duration::from_millis(self.moved.load(Ordering::Relaxed))
    }

    #[cfg(test)]
    pub(crate) fn exchange_for_test(self: &Arc<Self>) -> Arc<Exchange> {
        Exchange::begin(self)
    }

    /// Has the connection end, because its place is needed.
    pub(crate) fn shed(&self) {
        self.is_going.store(true, Ordering::Relaxed);
        self.shed.notify_one();
    }

    /// Waits until the connection has to end. Exchanges that stall on a connection where others move end alone.
    pub(crate) async fn watch(&self) -> End {
        loop {
            let look = tokio::time::timeout(LOOK, self.shed.notified());
            if look.await.is_ok() {
                return End::Shed;
            }
            if let Some(end) = self.judge() {
                return end;
            }
        }
    }

    fn judge(&self) -> Option<End> {
        if !self.spoke.load(Ordering::Relaxed) {
            return (self.born.elapsed() >= FIRST_REQUEST).then_some(End::Silent);
        }
        let still = self.moved().elapsed();
        if self.open.load(Ordering::Relaxed) == 0 && !self.holder.answers.is_held() {
            return (still >= IDLE).then_some(End::Idle);
        }
        self.end_stalled_exchanges();
        let current = self
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade();
        let stalled = current.is_some_and(|exchange| exchange.is_stalled());
        // What is held after its exchange has ended waits in the buffers of HTTP/2 for the caller to take it.
        let unread = self.holder.answers.is_held() && still >= UNREAD;
        (stalled || unread).then_some(End::Stalled)
    }

    fn end_stalled_exchanges(&self) {
        let mut slow = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
        slow.retain(|exchange| {
            let Some(exchange) = exchange.upgrade() else {
                return false;
            };
            let is_stalled = exchange.is_stalled();
            if is_stalled {
                exchange.cut();
            }
            !is_stalled
        });
    }

    fn touch(&self) {
        let millis = self.born.elapsed().as_millis() as u64;
        self.moved.store(millis, Ordering::Relaxed);
    }
}

/// One request and its answer.
#[derive(Debug)]
pub(crate) struct Exchange {
    connection: Arc<Connection>,
    /// Whom a proxy sent the request for, written before anybody reads it.
    caller: OnceLock<Arc<Peer>>,
    owed: AtomicBool,
    /// Whose turn it is, written by the task of the answer alone.
    answering: AtomicU8,
    /// Milliseconds since the connection was born at which the answer last moved.
    moved: AtomicU64,
    patience_millis: AtomicU64,
    is_cut: AtomicBool,
    task: AtomicWaker,
    is_listed: AtomicBool,
}

impl Exchange {
    fn begin(connection: &Arc<Connection>) -> Arc<Self> {
        connection.open.fetch_add(1, Ordering::Relaxed);
        connection.spoke.store(true, Ordering::Relaxed);
        connection.touch();
        Arc::new(Self {
            connection: Arc::clone(connection),
            caller: OnceLock::new(),
            owed: AtomicBool::new(false),
            answering: AtomicU8::new(NOT_YET),
            moved: AtomicU64::new(0),
            patience_millis: AtomicU64::new(0),
            is_cut: AtomicBool::new(false),
            task: AtomicWaker::new(),
            is_listed: AtomicBool::new(false),
        })
    }

    /// The exchange of the request that this task serves.
    pub(crate) fn of_this_task(connection: &Arc<Connection>) -> Arc<Self> {
        if let Ok(exchange) = CURRENT.try_with(Arc::clone) {
            return exchange;
        }
        let exchange = Self::begin(connection);
        let mut current = connection
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *current = Arc::downgrade(&exchange);
        drop(current);
        exchange
    }

    /// An exchange without a connection, for routers that are called without one.
    pub(crate) fn detached() -> Arc<Self> {
        Self::begin(&Connection::new(SocketAddr::from(([0, 0, 0, 0], 0))))
    }

    /// The request is from `caller`, for whom the peer of the connection may be a proxy.
    pub(crate) fn comes_from(&self, caller: IpAddr) {
        if caller != self.connection.peer.ip().to_canonical() {
            self.caller.get_or_init(|| Peer::of(caller));
        }
    }

    pub(crate) fn request_room(&self) -> Room {
        Room::new(Arc::clone(&self.holder().requests))
    }

    pub(crate) fn answer_room(&self) -> Room {
        Room::new(Arc::clone(&self.holder().answers))
    }

    /// Where its request waits for its turn to have a large answer made: with those of the connection, then of the peer. Those
    /// for whom a proxy speaks do not wait for each other, although the connection is one.
    pub(crate) fn lines(&self) -> [Option<&Line>; 2] {
        match self.caller.get() {
            Some(caller) => [None, Some(&caller.line)],
            None => [
                Some(&self.connection.line),
                Some(&self.connection.shared.line),
            ],
        }
    }

    /// There was no room for an answer; who asked is to come back after `time`.
    pub(crate) fn has_to_wait(&self, time: Duration) {
        self.holder().has_to_wait(time);
    }

    /// Whether there may be room for one more large answer: who asks takes those that there are, and does not come back sooner
    /// than told to.
    pub(crate) fn takes_its_answers(&self) -> bool {
        self.holder().takes_its_answers()
    }

    /// Who holds what the request and its answer take: the connection, or the caller for whom a proxy speaks on it.
    fn holder(&self) -> &Holder {
        let caller = self.caller.get().map(|caller| &caller.holder);
        caller.unwrap_or(&self.connection.holder)
    }

    /// The request was read whole: from now on the service owes the answer.
    pub(crate) fn owe(&self) {
        if !self.owed.swap(true, Ordering::Relaxed) {
            self.connection.owed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The answer has no end of its own, so that nothing is owed any more: a connection that only watches can go when its
    /// place is needed.
    pub(crate) fn settle(&self) {
        if self.owed.swap(false, Ordering::Relaxed) {
            self.connection.owed.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The answer waits for its caller, who has `patience` to take something.
    pub(crate) fn waits_for_caller(&self, patience: Duration) {
        let millis = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        self.patience_millis.store(millis, Ordering::Relaxed);
        self.touch();
        self.answering.store(THEIRS, Ordering::Relaxed);
    }

    /// There is an answer, which may be one that does not tell how it moves, such as a refusal. It is short, so its caller
    /// has `patience` to take all of it.
    pub(crate) fn is_answered(&self, patience: Duration) {
        if self.answering.load(Ordering::Relaxed) == NOT_YET {
            self.waits_for_caller(patience);
        }
    }

    /// The answer has nothing to give at the moment.
    pub(crate) fn waits_for_service(&self) {
        self.answering.store(OURS, Ordering::Relaxed);
    }

    pub(crate) fn is_done(&self) {
        self.answering.store(DONE, Ordering::Relaxed);
    }

    /// Something of the answer left the process.
    pub(crate) fn touch(&self) {
        self.connection.touch();
        let millis = self.connection.moved.load(Ordering::Relaxed);
        self.moved.store(millis, Ordering::Relaxed);
    }

    /// One of the few places for streams without an end.
    pub(crate) fn seat(&self) -> Option<Seat> {
        self.holder().seat()
    }

    fn is_stalled(&self) -> bool {
        let since = Duration::from_millis(self.moved.load(Ordering::Relaxed));
        let patience = Duration::from_millis(self.patience_millis.load(Ordering::Relaxed));
        let still = self.connection.born.elapsed().saturating_sub(since);
        self.answering.load(Ordering::Relaxed) == THEIRS && still >= patience
    }

    fn cut(&self) {
        self.is_cut.store(true, Ordering::Release);
        self.task.wake();
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.settle();
        self.connection.touch();
        self.connection.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs the streams of one HTTP/2 connection, each in a task that ends when its caller takes nothing of the answer. The
/// protocol's own library waits for the caller as long as the connection lives.
#[derive(Clone)]
pub(crate) struct Streams(pub(crate) Arc<Connection>);

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, stream: F) {
        let connection = Arc::clone(&self.0);
        tokio::spawn(async move {
            let exchange = Exchange::begin(&connection);
            let mut stream = pin!(CURRENT.scope(Arc::clone(&exchange), stream));
            poll_fn(|context| {
                if stream.as_mut().poll(context).is_ready() {
                    exchange.is_done();
                    return Poll::Ready(());
                }
                if exchange.answering.load(Ordering::Relaxed) == NOT_YET {
                    return Poll::Pending;
                }
                exchange.task.register(context.waker());
                if !exchange.is_listed.swap(true, Ordering::Relaxed) {
                    let mut slow = connection
                        .slow
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner);
                    slow.push(Arc::downgrade(&exchange));
                }
                match exchange.is_cut.load(Ordering::Acquire) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            })
            .await;
        });
    }
}

tokio::task_local! {
    static CURRENT: Arc<Exchange>;
}

const NOT_YET: u8 = 0;
const OURS: u8 = 1;
const THEIRS: u8 = 2;
const DONE: u8 = 3;

const LOOK: Duration = Duration::from_secs(5);
const FIRST_REQUEST: Duration = Duration::from_secs(30);
/// Longer than the pauses of clients that sign now and then, and than reverse proxies keep what they do not use.
pub(crate) const IDLE: Duration = Duration::from_secs(120);
const UNREAD: Duration = Duration::from_secs(30);
