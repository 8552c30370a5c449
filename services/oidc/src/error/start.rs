use std::fmt;

use super::Error;

/// Why the service does not start: the error, opened by its code.
#[derive(Debug)]
pub struct StartError(Error);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.row().code, self.0)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}
