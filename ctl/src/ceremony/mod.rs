//! `sigctl ceremony`: the next root of TUF, signed by m of n people on machines of their own, and certificates that the key of a
//! root signs which is on no network (`certificates`).
//!
//! All that goes from one machine to the next is a folder, the medium. Nothing on it is secret, and none of the machines but
//! the instance's needs anything beside it, `sigctl` and the key of its holder:
//!
//! | File | Written by | What |
//! |---|---|---|
//! | `draft.json` | `new` | the whole input |
//! | `joins/NAME.json` | `invite` | a holder's public key, and the proof that she has it |
//! | `signatures/NAME-KEY.json` | `sign` | one signature |
//! | `root.json`, `transcript.json` | `finish` | the result, and all that led to it |
//!
//! A command that refuses has written nothing there.

mod certificates;
mod finish;
mod invite;
mod key;
mod medium;
mod new;
mod passphrase;
mod refusal;
mod rehearsal;
mod review;
mod sign;
mod told;
mod verified;
mod verify;

use clap::{Args, Subcommand};

use crate::failure::{Exit, Failure};
use crate::output::Output;

/// What is done in a ceremony.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Write the draft of the next root onto a medium: who shall sign, how many must, how long it counts.
    New(new::Arguments),
    /// Write the draft of the certificate that a rotation of an authority waits for.
    Certificate(certificates::draft::Arguments),
    /// Make the key of the new root that the draft of a certificate wants, on a machine without a network.
    MakeRoot(certificates::make_root::Arguments),
    /// Answer an invitation, on the machine of the holder: make a key and leave its public half with a proof.
    Invite(invite::Arguments),
    /// Tell in sentences what the draft changes, and its digest in words; changes nothing.
    Review(review::Arguments),
    /// Sign what was reviewed, on the machine of the holder.
    Sign(sign::Arguments),
    /// Put the signatures together, publish the root, and write the transcript.
    Finish(finish::Arguments),
    /// Check a ceremony that is over again, with no network and no secret.
    Verify(verify::Arguments),
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    match arguments.verb {
        Verb::Review(review) => return review::run(&review, output).await,
        Verb::New(new) => new::run(new, output).await?,
        Verb::Certificate(certificate) => certificates::draft::run(certificate, output).await?,
        Verb::MakeRoot(make) => certificates::make_root::run(&make, output).await?,
        Verb::Invite(invite) => invite::run(invite, output).await?,
        Verb::Sign(sign) => sign::run(&sign, output).await?,
        Verb::Finish(finish) => finish::run(&finish, output).await?,
        Verb::Verify(verify) => verify::run(&verify, output)?,
    }
    Ok(Exit::Done)
}
