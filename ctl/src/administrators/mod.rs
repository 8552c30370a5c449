//! `sigctl admin`: who may administer an instance over the network, and until when.

use clap::{Args, Subcommand};

pub(crate) use self::authority::issued;
use crate::failure::Failure;
use crate::output::Output;

mod authority;
mod context_file;
mod given;
mod invite;
mod list;
mod own;
mod renew;
mod request;
mod revoke;

pub(crate) use own::{end, end_key_of, good_of, keep_former, renew_own, serial_of};

/// What is done with administrators.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a key where the person is, and a request for a certificate that proves that it is held.
    Request(request::Arguments),
    /// Issue a certificate with a role and an end, for a request or with a key that is made for the person.
    Invite(invite::Arguments),
    /// Issue another certificate for the key that a person has, with the same role.
    Renew(renew::Arguments),
    /// List the certificates that were issued: whose, with which role, until when.
    List(list::Arguments),
    /// End certificates: they count no more from the next call on.
    Revoke(revoke::Arguments),
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.verb {
        Verb::Request(request) => request::run(request, output).await,
        Verb::Invite(invite) => invite::run(invite, output).await,
        Verb::Renew(renew) => renew::run(renew, output).await,
        Verb::List(list) => list::run(&list, output),
        Verb::Revoke(revoke) => revoke::run(&revoke, output).await,
    }
}
