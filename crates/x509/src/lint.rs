//! A second look at the bytes before they are signed, which knows nothing of how they were laid out.

mod authority;
mod signing;
mod usual;

pub use authority::{Rank, lint_authority_certificate};
pub use signing::{Form, lint_signing_certificate};
