//! Whom the admin interface serves: roles, who has which, and what each may call.

mod access;
mod act;
mod acts;
mod administrator;
mod answer;
mod gate;
mod revoked;

pub use access::{Access, Role, UnknownRole};
pub(crate) use act::Recording;
pub use act::{Act, Conclusion, Fields, Recorder};
pub(crate) use acts::record;
pub use administrator::{Administrator, CertificateError};
pub(crate) use gate::{Gate, Keeper, guard};
pub use revoked::{Revoked, RevokedError};
