use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::tree::edge::Edge;

/// The edge that the log's thread, its tasks and its readers have in common.
///
/// Readers must not wait for a disk, so nobody holds it across an await or a sync.
#[derive(Debug)]
pub(crate) struct SharedEdge(RwLock<Edge>);

impl SharedEdge {
    pub(crate) fn new(edge: Edge) -> Self {
        Self(RwLock::new(edge))
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Edge> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Edge> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
