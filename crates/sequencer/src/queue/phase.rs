use std::sync::Arc;

use crate::error::Error;

/// How far the life of a log has come.
#[derive(Debug, Default)]
pub(crate) enum Phase {
    #[default]
    Open,
    /// Somebody has asked for its end; entries are taken again if that fails.
    Ending,
    /// It has its last head. The reason is why nothing more is taken, for the operator.
    Frozen(Arc<str>),
    /// It takes nothing until it is opened again, for this reason. What waits already may still be handed out.
    Stopped(Arc<str>),
}

impl Phase {
    /// Whether nothing more will ever be taken by this handle of the log.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Frozen(_) | Self::Stopped(_))
    }

    pub(crate) fn is_frozen(&self) -> bool {
        matches!(self, Self::Frozen(_))
    }

    /// Why the log is over, for its operator.
    pub(crate) fn reason(&self) -> Option<Arc<str>> {
        match self {
            Self::Open | Self::Ending => None,
            Self::Frozen(reason) | Self::Stopped(reason) => Some(Arc::clone(reason)),
        }
    }

    /// Lets an entry in, or says why not.
    pub(crate) fn admit(&self) -> Result<(), Error> {
        match self {
            Self::Open => Ok(()),
            Self::Ending => Err(Error::Ending),
            Self::Frozen(_) => Err(Error::Frozen),
            Self::Stopped(reason) => Err(Error::ReadOnly {
                reason: Arc::clone(reason),
            }),
        }
    }

    /// Begins the end, which several may ask for.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        match self {
            Self::Open | Self::Ending => {
                *self = Self::Ending;
                Ok(())
            }
            Self::Frozen(_) | Self::Stopped(_) => self.admit(),
        }
    }

    /// Goes back after an end that failed.
    pub(crate) fn resume(&mut self) {
        if matches!(self, Self::Ending) {
            *self = Self::Open;
        }
    }

    /// Ends the log with its last head. An alarm before it stays what the operator is told.
    pub(crate) fn freeze(&mut self) {
        *self = Self::Frozen(self.reason().unwrap_or_else(|| FROZEN.into()));
    }

    /// The first reason stays, and a log that has ended has ended.
    pub(crate) fn stop(&mut self, reason: &Arc<str>) {
        if !self.is_over() {
            *self = Self::Stopped(Arc::clone(reason));
        }
    }
}

const FROZEN: &str = "the log is frozen: it has its last checkpoint";
