use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks also after a panic: no lock of this crate is held where what it guards is half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
