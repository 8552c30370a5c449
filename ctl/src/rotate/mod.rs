//! `sigctl rotate`: the next key of a role, made, tried, announced, taken up and, in the end, left alone.
//!
//! One [`plan::Plan`] holds what is done and what is to come. Each step is written down before the next begins and can be
//! done again, so that a command that was interrupted is run again as `resume`.
//!
//! Phases, times, plan files, the order of steps and what people read are the same for all roles. What a role does in each
//! step is its [`rotation::Rotation`], in a folder of its own.

mod admin_ca;
mod adoption;
mod arguments;
mod authority;
mod ca;
mod chains;
mod ct;
mod ends;
mod foreseen;
mod in_cluster;
mod leaves;
mod log;
mod moment;
mod next_key;
mod oidc;
mod plan;
mod plan_file;
mod print;
mod rehearse;
mod root_source;
mod rotation;
mod soak;
mod steps;
mod tsa;
mod tuf_offline;
mod tuf_online;
mod tuf_service;
mod verbs;

use crate::failure::{Exit, Failure};
use crate::output::Output;

use admin_ca::AdminAuthority;
pub(crate) use arguments::Arguments;
use arguments::Role;
pub(crate) use authority::Awaited;
use authority::Chains;
use ca::{Ca, Intermediate, Root};
pub(crate) use chains::{ChainRole, root_key_of};
use ct::NextCtLog;
pub(crate) use ends::ends_foreseen;
use leaves::{Admin, Leaves, Tls};
use log::{NextLog, RekorV1, RekorV2};
use oidc::OidcKey;
pub(crate) use soak::{CACHE, SKEW};
use tsa::Tsa;
use tuf_offline::OfflineKey;
use tuf_online::OnlineKeys;
pub(crate) use tuf_online::{awaiting_root, signed_by_awaited};

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    match arguments.role {
        Role::Oidc { verb } => verbs::run::<OidcKey>(verb, output).await,
        Role::Tsa { verb } => verbs::run::<Chains<Tsa>>(verb, output).await,
        Role::CaIntermediate { verb } => verbs::run::<Chains<Ca<Intermediate>>>(verb, output).await,
        Role::CaRoot { verb } => verbs::run::<Chains<Ca<Root>>>(verb, output).await,
        Role::RekorV2 { verb } => verbs::run::<NextLog<RekorV2>>(verb, output).await,
        Role::RekorV1 { verb } => verbs::run::<NextLog<RekorV1>>(verb, output).await,
        Role::Ct { verb } => verbs::run::<NextCtLog>(verb, output).await,
        Role::TufOnline { verb } => verbs::run::<OnlineKeys>(verb, output).await,
        Role::TufRoot { verb } => verbs::run::<OfflineKey<tuf_offline::Root>>(verb, output).await,
        Role::Admin { verb } => verbs::run::<Leaves<Admin>>(verb, output).await,
        Role::AdminCa { verb } => verbs::run::<AdminAuthority>(verb, output).await,
        Role::Tls { verb } => verbs::run::<Leaves<Tls>>(verb, output).await,
        Role::TufTargets { verb } => {
            verbs::run::<OfflineKey<tuf_offline::Targets>>(verb, output).await
        }
    }
}
