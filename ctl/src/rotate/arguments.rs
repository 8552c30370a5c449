//! What is typed: the role, the verb, and when.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sigstead_kit::Period;
use time::OffsetDateTime;

use super::next_key::NextKey;
use super::root_source::RootSource;
use crate::locate::Where;

/// What is rotated, and how.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(super) role: Role,
}

#[derive(Subcommand)]
pub(super) enum Role {
    /// The key of the issuer, which signs identity tokens.
    Oidc {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The key of the timestamp authority.
    Tsa {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The log of Rekor v2, which a log with a key and a name of its own follows.
    RekorV2 {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The key that issues certificates, below the root of the certificate authority.
    CaIntermediate {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The root of the certificate authority, and the key below it that issues.
    CaRoot {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The shard of Rekor v1, which a shard with a key of its own follows under the same name.
    RekorV1 {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The log of certificates, which a log with a key and a name of its own follows.
    Ct {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The keys of the snapshot and timestamp roles, with which the tuf service signs.
    TufOnline {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The key of the root role, with which the operator signs.
    TufRoot {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The key of the targets role, with which the operator signs.
    TufTargets {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The certificates of the admin interfaces, and the one with which sigctl administers.
    Admin {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The authority of the admin interfaces, and all that it issued to services and sigctl.
    AdminCa {
        #[command(subcommand)]
        verb: Verb,
    },
    /// The certificates that clients see, where an authority of the instance issued them.
    Tls {
        #[command(subcommand)]
        verb: Verb,
    },
}

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Say what a rotation would do and when; nothing is changed.
    Plan(Times),
    /// Do it all in seconds on a copy with keys of its own, which is removed again; this instance is only read.
    Rehearse(Rehearsal),
    /// Make the next key, try it, announce it to clients and give it to the service.
    Start(Times),
    /// Say how far the rotation has come and what is next.
    Status(Where),
    /// Go on with the rotation as far as the time allows.
    Resume(Where),
    /// Take the next key back, before it signs.
    Undo(Where),
}

/// What is rehearsed, and with whose clients.
#[derive(Args)]
pub(super) struct Rehearsal {
    #[command(flatten)]
    pub(super) instance: Where,

    /// A folder with the programs of clients, for the gate. Default: that of `SIGSTEAD_CLIENTS`, or else those on the PATH.
    #[arg(long, value_name = "FOLDER")]
    pub(super) clients: Option<PathBuf>,
}

/// When a rotation does what.
#[derive(Args)]
pub(super) struct Times {
    #[command(flatten)]
    pub(super) instance: Where,

    /// When the next key begins to sign, from now. Default: when every client that keeps the rules has seen it.
    #[arg(long = "in", value_name = "PERIOD")]
    pub(super) delay: Option<Period>,

    /// How long the old key counts on after it signed for the last time. Default: an hour, or longer where it is needed.
    #[arg(long, value_name = "PERIOD")]
    pub(super) drain: Option<Period>,

    /// Take a shorter time than clients need. Those that have not seen the next key refuse what it signs.
    #[arg(long)]
    pub(super) accept_short_times: bool,

    /// For `ct`: how long the time is in which the certificates end that the next log takes. Default: as long as that of the log
    /// of now; without one the next log takes all.
    #[arg(long, value_name = "PERIOD")]
    pub(super) window: Option<Period>,

    /// Of an authority: the root that certifies the next key. Default: that of now for tsa and ca-intermediate, and for ca-root a
    /// new one, made here if the key of the one of now is here.
    #[arg(long, value_enum)]
    pub(super) root: Option<RootSource>,

    #[command(flatten)]
    pub(super) next_key: NextKey,
}

impl Times {
    /// What of it depends on the role.
    pub(super) fn asked(&self, now: OffsetDateTime, soak: Period) -> Asked {
        Asked {
            now,
            soak: match self.accept_short_times {
                true => Period::from_seconds(0),
                false => soak,
            },
            delay: self.delay,
            window: self.window,
        }
    }
}

/// When a rotation is asked for, and what is asked of its role.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) now: OffsetDateTime,
    /// How long clients are given at least to see what is announced.
    pub(super) soak: Period,
    /// When the next key begins to sign, if that is asked for.
    pub(super) delay: Option<Period>,
    pub(super) window: Option<Period>,
}
