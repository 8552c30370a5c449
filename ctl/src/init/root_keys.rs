//! Where the keys of the roots of the authorities are that clients trust.

use clap::ValueEnum;

/// What becomes of the keys that certify the first certificates of the certificate and timestamp authorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RootKeys {
    /// They are in the instance, and certify the next ones too.
    Here,
    /// They are thrown away at once: nobody ever has them. A ceremony makes the next roots, or a company has them.
    Elsewhere,
}
