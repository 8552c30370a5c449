//! Faults of machine, disk and operator against the running transparency log, and against the record of the certificate
//! authority (`caller.rs`, `authority_kill.rs`, `issuance_kill.rs`,
//! `token_use_kill.rs`, `record_damage.rs`, `record_full.rs`), each in a module of its own.
//!
//! The log is the program as it is built, alone. Its clients write down what it acknowledged and every checkpoint that
//! they were served; `sigstead-logcheck`, which shares no code with it, is the judge: nothing that was acknowledged is
//! missing, no two heads contradict each other, and none is older than one before it.
//!
//! Each test prints its seed and how many faults it really injected, and fails if there were none. `make soak` runs them
//! longer; `SIGSTEAD_TEST_SEED` repeats the random choices of a run.
//!
//! File map: `world.rs` a log and what is known of it; `server.rs` its process; `clients.rs` load, ledger and observer;
//! `disk.rs` file systems that may break; `strace.rs` system calls that fail; `litewitness.rs` a witness; `tools.rs` programs, profile and chance.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must fail"
)]

mod acts_full;
mod authority_kill;
mod caller;
mod clients;
mod disk;
mod litewitness;
mod server;
mod strace;
mod tools;
mod world;

mod bit_flip;
mod clock;
mod descriptors;
mod full_disk;
mod issuance_kill;
mod kill;
mod old_copy;
mod power_cut;
mod record_damage;
mod record_full;
mod syscalls;
mod token_use_kill;
mod two_processes;
mod witness;
