//! `sigctl issuer browser`: where people log in whose client opens a browser.

use std::fmt;

use clap::{Args, ValueEnum};
use serde::Serialize;
use sigstead_identity::{IssuerType, IssuersConfig};
use sigstead_trust_root::Place;

use super::file::IssuersFile;
use super::named;
use crate::failure::Failure;
use crate::locate::Where;
use crate::output::Output;
use crate::recorded::Recorded;
use crate::trust::{self, Change, Versions};

/// Which issuer, and where it is offered.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    instance: Where,

    /// The URL of the issuer.
    issuer: Vec<String>,

    /// Where the signing config has it.
    #[arg(long)]
    place: BrowserPlace,
}

/// Where an issuer is among those of the signing config.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum BrowserPlace {
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
            file.entry(&issuer)?;
            check(&issuer, &file.config)?;
            change.offer_issuer(&issuer, place)?;
        }
        None => change.withdraw_issuer(&issuer)?,
    }
    let asked = [("issuer", issuer), ("place", arguments.place.to_string())];
    let recorded = Recorded::begin(&instance, "sigctl issuer browser", &asked).await?;
    let published = change.publish().await;
    let offered = Offered {
        published: recorded.end(published).await?,
        browser: trust::offered_issuers(&instance)?,
    };
    output.print(&offered, |offered| {
        format!(
            "people log in at {}\npublished with targets {}; who has copies of the files of client/ gets them again",
            offered.browser.join(", then "),
            offered.published.targets
        )
    });
    Ok(())
}

/// Refuses an issuer at which nobody can log in, or whose people may not sign: they would be sent there in vain.
pub(super) fn check(issuer: &str, config: &IssuersConfig) -> Result<(), Failure> {
    let of_people = [IssuerType::Email, IssuerType::Uri, IssuerType::Username];
    let entry = config.issuers.get(issuer);
    if !entry.is_some_and(|entry| of_people.contains(&entry.kind)) {
        return Err(Failure::new(
            "E-CTL-099",
            format!("nobody can log in at {issuer} with a browser"),
            "name an issuer with a URL of its own, whose subjects are of type email, uri or username",
        ));
    }
    if config.closed().contains(&issuer) {
        return Err(Failure::new(
            "E-CTL-100",
            format!("who logs in at {issuer} may not sign: its entry has no rule that allows"),
            "add a rule to its entry, by --allow or in the file; --everybody lets all of it sign",
        ));
    }
    Ok(())
}

impl fmt::Display for BrowserPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        formatter.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

impl BrowserPlace {
    /// The place, if clients have the issuer at all.
    pub(super) const fn offered(self) -> Option<Place> {
        match self {
            Self::First => Some(Place::First),
            Self::Last => Some(Place::Last),
            Self::Only => Some(Place::Only),
            Self::None => None,
        }
    }
}
