//! Which key is asked about, and since when.

use clap::Args;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::failure::Failure;
use crate::locate::Where;

/// A key that is in other hands.
#[derive(Args)]
pub(super) struct Asked {
    #[command(flatten)]
    pub(super) instance: Where,

    /// The key: its fingerprint as `sigctl keys --all` shows it, eight digits of it or more, or, of the one in use,
    /// ca-intermediate, ca-root, tsa, tsa-root, rekor-v1, rekor-v2 or ct.
    key: Vec<String>,

    /// Since when it is in other hands, as in 2026-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) since: OffsetDateTime,

    /// Why, for the record and for the notice to users.
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
}

impl Asked {
    /// The one word that is no instance.
    pub(super) fn key(&mut self) -> Result<String, Failure> {
        let words = self.instance.words(std::mem::take(&mut self.key));
        <[String; 1]>::try_from(words)
            .map(|[key]| key)
            .map_err(|_| {
                Failure::new(
                    "E-CTL-012",
                    "name one key",
                    "`sigctl keys --all` lists them",
                )
            })
    }
}

fn parse_time(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "write a time such as 2026-01-31T00:00:00Z".to_owned())
}
