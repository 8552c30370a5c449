//! Conversions, one file per package. Toward us: `TryFrom`, which checks what the wire leaves open. Toward the wire:
//! `From`, which cannot fail.

mod common;
mod ct;
mod rekor;
mod rekor_v2;
