//! Finds entries by key: sorted immutable runs on disk and a tail in memory.
//!
//! No published specification; the format of a run is described in `run.rs`, and its version stands in each file.
//!
//! An [`Index`] maps keys of 32 uniformly distributed bytes, such as hashes, to the positions of a log's entries that carry
//! them. It is fed in the order of the log and knows how far it is ([`Index::covered`]). The newest postings stand in
//! memory; [`Index::maintain`] writes them as a run, a file that never changes, and merges runs of one size into a larger
//! one, so that there are few and none is written often. A key's place in a run follows from its value, so a lookup reads
//! one or two pages; a filter saves even those for most runs that do not have the key.
//!
//! All of it can be made again from the log. So a file that is found to be damaged is thrown away, when the index is opened
//! or by the first maintenance after a question or a merge met the damage, and the index falls back to what it still
//! covers. A full disk costs coverage too, once a few runs' worth waits in memory; never an answer that is wrong.
//!
//! Deliberately absent: deletion of single keys, values of other shapes, a write-ahead log (the log itself is one), and
//! memory maps, which would need `unsafe`.
//!
//! File map: `index.rs` the index and what it is asked, `state.rs` what it consists of, `open.rs` how it is found again on
//! disk, `maintain.rs` what is done to it in the background; `tail.rs` what is in memory; `run.rs` one file, `page.rs`
//! a page of it, `write.rs` how it is made, `merge.rs` how several become one; `filter.rs` which keys a run can have at all.

mod config;
mod error;
mod filter;
mod index;
mod key;
mod maintain;
mod merge;
mod open;
mod page;
mod run;
mod state;
mod statistics;
mod tail;
mod write;

pub use self::index::Index;
pub use config::IndexConfig;
pub use error::{Damage, Error};
pub use key::Key;
pub use statistics::Statistics;
