//! `sigctl issuer browser`: where people log in whose client opens a browser.

use clap::{Args, ValueEnum};
use serde::Serialize;
use sigstead_identity::{IssuerConfig, IssuerType};
use sigstead_trust_root::Place;

use super::file::IssuersFile;
use super::named;
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;
use crate::trust::{self, Change, Versions};

/// Which issuer, and where it stands.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The URL of the issuer.
    issuer: Vec<String>,

    /// Where the signing config has it.
    #[arg(long)]
    place: AnyPlace,
}

/// Where an issuer stands among those of the signing config.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum BrowserPlace {
    /// Before the others: clients send people there.
    First,
    /// After the others: clients that let people choose have it too.
    Last,
    /// Alone: the others are taken out.
    Only,
}

#[derive(Clone, Copy, ValueEnum)]
enum AnyPlace {
    /// Before the others: clients send people there.
    First,
    /// After the others: clients that let people choose have it too.
    Last,
    /// Alone: the others are taken out.
    Only,
    /// Nowhere: its tokens are believed, and no client sends people there.
    None,
}

#[derive(Serialize)]
struct Offered {
    /// The issuers of the signing config, the one first to which clients send people.
    browser: Vec<String>,
    #[serde(flatten)]
    published: Versions,
}

pub(super) async fn run(mut arguments: Arguments, output: Output) -> Result<(), Failure> {
    let issuer = named(&mut arguments.instance, arguments.issuer)?;
    let instance = arguments.instance.open()?;
    let mut change = Change::begin(&instance).await?;
    match arguments.place.offered() {
        Some(place) => {
            let file = IssuersFile::of(&instance)?;
            check(&issuer, file.entry(&issuer)?)?;
            change.offer_issuer(&issuer, place.into())?;
        }
        None => change.withdraw_issuer(&issuer)?,
    }
    let offered = Offered {
        published: change.publish(trust::YEAR).await?,
        browser: trust::offered_issuers(&instance)?,
    };
    output.print(&offered, |offered| {
        format!(
            "people log in at {}\npublished with targets {}; give the files of client/ again to whoever has copies of them",
            offered.browser.join(", then "),
            offered.published.targets
        )
    });
    Ok(())
}

/// Whether people log in at an issuer, and at which URL.
pub(super) fn check(issuer: &str, entry: &IssuerConfig) -> Result<(), Failure> {
    let of_people = [IssuerType::Email, IssuerType::Uri, IssuerType::Username];
    if !issuer.contains('*') && of_people.contains(&entry.kind) {
        return Ok(());
    }
    Err(Failure::new(
        "E-CTL-099",
        format!("nobody can log in at {issuer} with a browser"),
        "name an issuer with a URL of its own, whose subjects are of type email, uri or username",
    ))
}

impl AnyPlace {
    fn offered(self) -> Option<BrowserPlace> {
        match self {
            Self::First => Some(BrowserPlace::First),
            Self::Last => Some(BrowserPlace::Last),
            Self::Only => Some(BrowserPlace::Only),
            Self::None => None,
        }
    }
}

impl From<BrowserPlace> for Place {
    fn from(place: BrowserPlace) -> Self {
        match place {
            BrowserPlace::First => Self::First,
            BrowserPlace::Last => Self::Last,
            BrowserPlace::Only => Self::Only,
        }
    }
}
