use crate::name::Names;
use crate::unknown::Unknown;

/// How a document is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) names: Names,
    pub(crate) unknown: Unknown,
}
