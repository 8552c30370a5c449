//! The world that the stories are told in: a real instance of real processes, and the real clients beside it.
//!
//! Provided: [`Instance`], made and started by `sigctl` as a person would; [`Rotated`], how its keys are replaced; [`client`],
//! the programs that are not ours, of which [`cosign`] and [`sigstore_python`] sign and verify and all that follow TUF
//! [`walk_from`] an old root; [`Prober`], `sigctl probe`; [`Registry`] and [`GuardedRegistry`], registries for images; [`KeyPlace`], keys that are not in
//! files; [`Unshare`], a place apart from the rest of the system.
//! Deliberately absent: any service in process. A story sees what a stranger sees.

#![expect(clippy::panic, reason = "a story that cannot be told must end")]

pub mod client;
pub mod cosign;
mod files;
mod guarded_registry;
mod instance;
mod key_place;
mod prober;
mod registry;
mod rotated;
pub mod sigstore_python;
mod unshare;
mod walk;

pub use files::{PERSON, artifact, beside};
pub use guarded_registry::GuardedRegistry;
pub use instance::{
    Instance, SERVICES, free_ports, pause, programs, remove_after_us, run, shared, sigctl, wait_for,
};
pub use key_place::{KEYS, KeyPlace, KeyServer, PIN, Token};
pub use prober::Prober;
pub use registry::Registry;
pub use rotated::Rotated;
pub use unshare::{Unshare, unshare};
pub use walk::{walk_at, walk_from};
