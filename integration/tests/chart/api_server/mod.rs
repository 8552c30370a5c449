//! The chart on a real API server, which `make full` brings: what it admits, what it refuses, and what pods may do there.

mod applied;
mod changed;
mod page;
mod plans;
mod released;
mod rights;
mod server;

use server::ApiServer;
