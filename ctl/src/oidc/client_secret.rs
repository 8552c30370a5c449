//! `sigctl oidc client rotate-secret`: another secret for a client, while the one before is still taken.

use argon2::PasswordHasher as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use serde::Serialize;
use sigstead_kit::{Clock as _, Period, SystemClock};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::clients::{Clients, ask, misused, named, then};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::recorded::Recorded;

/// Which client, and for how long it may use either secret.
#[derive(Args)]
pub(super) struct RotateSecret {
    #[command(flatten)]
    instance: Where,

    /// The client's identifier.
    id: Vec<String>,

    /// How long the secret of before is taken too, at most 90d; `0s` ends it at once, for one that is in other hands.
    #[arg(long, value_name = "PERIOD", default_value = "24h")]
    overlap: Period,
}

#[derive(Serialize)]
struct Rotated {
    id: String,
    file: String,
    /// What the client shows from now on. It is nowhere else.
    secret: String,
    /// Until when the one before is taken, in RFC 3339.
    former_until: Option<String>,
    is_asked: bool,
}

pub(super) async fn rotate(mut arguments: RotateSecret, output: Output) -> Result<(), Failure> {
    let id = named(&mut arguments.instance, arguments.id)?;
    if arguments.overlap > LONGEST {
        return Err(misused(format!("--overlap is longer than {LONGEST}")));
    }
    let instance = arguments.instance.open()?;
    let mut clients = Clients::take(&instance).await?;
    let secret = secret()?;
    let until = ends(arguments.overlap)?;
    clients.replace_secret(&id, hash(&secret)?, until)?;
    let overlap = arguments.overlap.to_string();
    let act = [("client", id.clone()), ("overlap", overlap)];
    let recorded = Recorded::begin(&instance, "sigctl oidc client rotate-secret", &act).await?;
    let print = |is_asked| {
        let rotated = Rotated {
            id,
            file: clients.path.display().to_string(),
            secret,
            former_until: until.and_then(|until| until.format(&Rfc3339).ok()),
            is_asked,
        };
        output.print(&rotated, Rotated::lines);
    };
    write(&instance, &clients, recorded, print).await
}

/// Writes a secret, ends the record of it, and has `print` show it, which is told whether the running service was asked to read the
/// file. It is shown also when the service cannot be asked or the end not be recorded: the secret is in the file, and it is
/// nowhere else.
pub(super) async fn write(
    instance: &Instance,
    clients: &Clients,
    recorded: Recorded<'_>,
    print: impl FnOnce(bool),
) -> Result<(), Failure> {
    let written = clients.write();
    let is_written = written.is_ok();
    let recorded = recorded.end(written).await;
    if !is_written {
        return recorded;
    }
    let asked = ask(instance).await;
    print(asked.as_ref().is_ok_and(|is_asked| *is_asked));
    recorded?;
    asked.map(drop)
}

/// The last lines of what is printed.
pub(super) fn once(secret: &str) -> String {
    format!("its secret, which is not shown again:\n{secret}")
}

impl Rotated {
    fn lines(&self) -> String {
        let former = match &self.former_until {
            Some(until) => format!("the secret of before is taken until {until}"),
            None => "the secret of before is taken no more".to_owned(),
        };
        format!(
            "{} of {} has another secret; {}\n{former}\n{}",
            self.id,
            self.file,
            then(self.is_asked),
            once(&self.secret)
        )
    }
}

/// When the secret of before ends, to the second; none, if that is now.
fn ends(overlap: Period) -> Result<Option<OffsetDateTime>, Failure> {
    if overlap == Period::from_seconds(0) {
        return Ok(None);
    }
    let until = SystemClock.now() + overlap.time();
    let until = until.replace_nanosecond(0);
    let until = until.map_err(|error| misused(error.to_string()))?;
    Ok(Some(until))
}

/// 256 random bits.
pub(super) fn secret() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Failure::randomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// As the file keeps it.
pub(super) fn hash(secret: &str) -> Result<String, Failure> {
    let hash = argon2::Argon2::default().hash_password(secret.as_bytes());
    Ok(hash.map_err(Failure::randomness)?.to_string())
}

const LONGEST: Period = Period::from_days(90);
