//! Whom the admin interface serves: roles, who has which, and what each may call.

mod access;
mod administrator;
mod gate;
mod revoked;

pub use access::{Access, Role, UnknownRole};
pub use administrator::{Administrator, CertificateError};
pub(crate) use gate::{Gate, Keeper, guard};
pub use revoked::{Revoked, RevokedError};
