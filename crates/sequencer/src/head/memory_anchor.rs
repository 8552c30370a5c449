use std::io;
use std::sync::{Arc, Mutex};

use crate::head::anchor::{Anchor, AnchorClaim, AnchorError, Anchored};
use crate::lock::lock;

/// An anchor in memory, for tests; clones share it, as a disk of its own would be shared by two starts.
#[derive(Debug, Clone, Default)]
pub struct MemoryAnchor {
    state: Arc<Mutex<MemoryState>>,
}

#[derive(Debug, Default)]
struct MemoryState {
    stored: Option<Anchored>,
    is_failing: bool,
}

impl MemoryAnchor {
    /// An anchor that was never stored.
    pub fn new() -> Self {
        Self::default()
    }

    /// The anchor of a log that was never opened.
    pub fn begun() -> Self {
        let anchor = Self::new();
        anchor.replace(Some(Anchored::beginning()));
        anchor
    }

    /// What is stored.
    pub fn stored(&self) -> Option<Anchored> {
        lock(&self.state).stored
    }

    /// Replaces what is stored, as restoring or losing the anchor's own medium would.
    pub fn replace(&self, anchored: Option<Anchored>) {
        lock(&self.state).stored = anchored;
    }

    /// An independent copy of what is stored now.
    pub fn snapshot(&self) -> Self {
        let copy = Self::new();
        copy.replace(self.stored());
        copy
    }

    /// Lets every `store` fail, or succeed again.
    pub fn set_failing(&self, is_failing: bool) {
        lock(&self.state).is_failing = is_failing;
    }
}

impl Anchor for MemoryAnchor {
    fn claim(&self) -> Result<AnchorClaim, AnchorError> {
        Ok(AnchorClaim::new(None))
    }

    fn load(&mut self) -> Result<Option<Anchored>, AnchorError> {
        Ok(self.stored())
    }

    fn store(&mut self, anchored: &Anchored) -> Result<(), AnchorError> {
        let mut state = lock(&self.state);
        if state.is_failing {
            let source = io::Error::other("injected");
            return Err(AnchorError::Io {
                action: "write",
                place: "memory".to_owned(),
                source,
            });
        }
        state.stored = Some(*anchored);
        Ok(())
    }
}
