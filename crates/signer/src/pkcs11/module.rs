//! One PKCS #11 library, and the threads that call it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::queue::{Job, Queue, Token};
use super::sessions::{Pins, Sessions};
use crate::Error;

/// A library. It is loaded once for all keys that it has, and stays until the process ends.
pub(super) struct Module {
    queue: Arc<Queue>,
}

/// The libraries of this process, of which each may be initialised once (PKCS #11 §5.4).
static MODULES: Mutex<BTreeMap<PathBuf, Arc<Module>>> = Mutex::new(BTreeMap::new());

impl Module {
    /// The library at a path.
    pub(super) fn of(path: &Path) -> Result<Arc<Self>, Error> {
        let read = |source| Error::Read {
            path: path.to_owned(),
            source,
        };
        // One library by two names would be initialised twice.
        let path = path.canonicalize().map_err(read)?;
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules.get(&path) {
            return Ok(Arc::clone(module));
        }
        let queue = Arc::new(Queue::new());
        let (kept, place) = (Arc::clone(&queue), path.clone());
        let keeper = thread::Builder::new().name("pkcs11".to_owned());
        keeper.spawn(move || keep(&place, &kept)).map_err(read)?;
        let module = Arc::new(Self { queue });
        modules.insert(path, Arc::clone(&module));
        Ok(module)
    }

    /// Has a thread of the library do something, once more if the token was lost meanwhile.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        task: impl Fn(&mut Sessions<'_>) -> Result<T, Error> + Clone + Send + 'static,
    ) -> Result<T, Error> {
        let asked = async {
            match self.ask_once(task.clone()).await {
                Err(error) if error.is_of_a_lost_token() => self.ask_once(task).await,
                answered => answered,
            }
        };
        timeout(PATIENCE, asked)
            .await
            .map_err(|_| Error::TokenSlow)?
    }

    /// The same, once: making a key twice makes two.
    pub(super) async fn ask_once<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Sessions<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |sessions| {
            // Who asked may have given up; a signature that nobody takes is not made.
            if answer.is_closed() {
                return Token::Well;
            }
            let done = sessions.and_then(task);
            let token = match &done {
                Err(error) if error.is_of_a_lost_token() => Token::Lost,
                _ => Token::Well,
            };
            let _ = answer.send(done);
            token
        });
        self.queue.push(job)?;
        answered.await.map_err(|_| Error::TokenSlow)?
    }
}

/// Keeps a library started, and its threads at work.
///
/// 1. The library is loaded, once, and initialised. If that fails, one job is told why, and with the next it is tried again.
/// 2. Its threads work until one of them finds the token lost.
/// 3. When all of them have ended, and their sessions with them, the library is finalised: no call may be under way then
///    (PKCS #11 §5.4). So one that hangs keeps the others waiting, and who asks is told after [`PATIENCE`].
fn keep(path: &Path, queue: &Queue) {
    let (pins, mut loaded) = (Pins::default(), None);
    loop {
        let start = queue.begin();
        match initialised(path, &mut loaded) {
            Ok(context) => {
                thread::scope(|scope| {
                    for _ in 0..THREADS {
                        scope.spawn(|| work(&context, &pins, queue, start));
                    }
                });
                // It has failed already if this does, and the next start tells.
                let _ = context.finalize();
            }
            Err(error) => {
                if let Some(job) = queue.next(start) {
                    job(Err(error));
                }
            }
        }
    }
}

/// The library stays loaded: what is in the memory of a process is not safely taken out of it.
fn initialised(path: &Path, loaded: &mut Option<Pkcs11>) -> Result<Pkcs11, Error> {
    let failed = |error: cryptoki::error::Error| Error::Module {
        path: path.to_owned(),
        why: error.to_string(),
    };
    let context = match loaded.take() {
        Some(context) => context,
        None => Pkcs11::new(path).map_err(failed)?,
    };
    *loaded = Some(context.clone());
    let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    context.initialize(arguments).map_err(failed)?;
    Ok(context)
}

fn work(context: &Pkcs11, pins: &Pins, queue: &Queue, start: u64) {
    let mut sessions = Sessions::new(context, pins);
    while let Some(job) = queue.next(start) {
        if job(Ok(&mut sessions)) == Token::Lost {
            queue.end(start);
        }
    }
}

/// How many signatures are made at once. A token in one chip makes one after the other anyway, one in a rack makes more.
const THREADS: usize = 4;
/// The longest that a signature may take. A log's thread waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
