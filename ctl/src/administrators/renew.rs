use std::path::PathBuf;

use clap::Args;
use sigstead_kit::{Clock as _, SystemClock};

use super::authority::{self, Issued, Terms};
use super::given::{Gift, give};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::recorded::Recorded;

/// Whose certificate is renewed.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,
    /// The person's name. Of several certificates of that name, the one that ends last is renewed.
    #[arg(long, required_unless_present = "serial")]
    name: Option<String>,
    /// The serial number of the certificate, as `sigctl admin list` shows it.
    #[arg(long, conflicts_with = "name")]
    serial: Option<String>,
    /// For how many days.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=730))]
    days: u16,
    /// Where the person reaches the admin ports, if that is not this machine.
    #[arg(long, default_value = "127.0.0.1", value_parser = crate::names::parse_host)]
    host: String,
    /// The folder to make for the person. It holds no secret: the certificate is of the key that the person has.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let former = arguments.found(&instance)?;
    let asked = [
        ("name", former.administrator.name.clone()),
        ("serial", former.administrator.serial.clone()),
        ("days", arguments.days.to_string()),
    ];
    let recorded = Recorded::begin(&instance, "sigctl admin renew", &asked).await?;
    let gift = Gift {
        folder: &arguments.out,
        host: &arguments.host,
        terms: Terms {
            name: former.administrator.name,
            role: former.administrator.role,
            days: arguments.days,
            key: former.certificate.public_key().clone(),
        },
        key: None,
    };
    let renewed = give(&instance, gift).await;
    let renewed = recorded.end(renewed).await?;
    output.print(&renewed, |renewed| {
        format!(
            "renewed the certificate of {}, who is {} until {}, serial {}; give them {}",
            renewed.name,
            renewed.role,
            renewed.ends,
            renewed.serial,
            renewed.folder.display()
        )
    });
    Ok(())
}

impl Arguments {
    /// The certificate that is renewed, which must be good: whose has ended or was revoked is invited again.
    fn found(&self, instance: &Instance) -> Result<Issued, Failure> {
        let issued = authority::issued(instance)?.into_values();
        let meant =
            issued.filter(|issued| issued.is_meant(self.name.as_deref(), self.serial.as_deref()));
        let found = meant.max_by_key(|issued| (!issued.is_revoked, issued.administrator.not_after));
        let found = found.ok_or_else(authority::unknown)?;
        let ends = found.administrator.not_after;
        if found.is_revoked || ends <= SystemClock.now() {
            return Err(Failure::new(
                "E-CTL-343",
                format!(
                    "the certificate {} of {} is not good any more",
                    found.administrator.serial, found.administrator.name
                ),
                "invite the person again: sigctl admin invite",
            ));
        }
        Ok(found)
    }
}
