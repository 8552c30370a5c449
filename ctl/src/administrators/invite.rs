use std::path::{Path, PathBuf};

use clap::Args;
use sigstead_key::{Algorithm, PublicKey};
use sigstead_kit::Role;
use sigstead_signer::PrivateKey;
use sigstead_x509::CertificateRequest;

use super::authority::Terms;
use super::given::{Gift, Given, give};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::locate::Where;
use crate::output::Output;
use crate::private;
use crate::recorded::Recorded;

/// Who is to administer the instance.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Where,
    /// The person's name, as records show it.
    #[arg(long, value_parser = parse_name)]
    name: String,
    /// What they may do: `viewer`, `operator` or `owner`.
    #[arg(long)]
    role: Role,
    /// For how many days.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=730))]
    days: u16,
    /// What `sigctl admin request` made where the person is. Without it a key is made here, and who has the folder has it.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Where the person reaches the admin ports, if that is not this machine.
    #[arg(long, default_value = "127.0.0.1", value_parser = crate::names::parse_host)]
    host: String,
    /// The folder to make for the person: certificate, authority, `context.yaml`, and the key if it is made here.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

pub(super) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let instance = arguments.instance.open()?;
    let (key, public_key) = match &arguments.request {
        Some(path) => (None, requested(path)?),
        None => {
            let key = made(&arguments.out)?;
            let public_key = key.public_key().clone();
            (Some(key), public_key)
        }
    };
    let asked = [
        ("name", arguments.name.clone()),
        ("role", arguments.role.to_string()),
        ("days", arguments.days.to_string()),
    ];
    let recorded = Recorded::begin(&instance, "sigctl admin invite", &asked).await?;
    let invited = invite(&instance, &arguments, key, public_key).await;
    let invited = recorded.end(invited).await?;
    output.print(&invited, |invited| {
        format!(
            "invited {} as {} until {}, serial {}; give them {}",
            invited.name,
            invited.role,
            invited.ends,
            invited.serial,
            invited.folder.display()
        )
    });
    Ok(())
}

async fn invite(
    instance: &Instance,
    arguments: &Arguments,
    key: Option<PrivateKey>,
    public_key: PublicKey,
) -> Result<Given, Failure> {
    let folder = &arguments.out;
    let key = key.map(|key| key.to_pem()).transpose();
    let key = key.map_err(|error| Failure::file("make", folder, error))?;
    let gift = Gift {
        folder,
        host: &arguments.host,
        terms: Terms {
            name: arguments.name.clone(),
            role: arguments.role,
            days: arguments.days,
            key: public_key,
        },
        key: key.as_ref().map(|key| key.as_str()),
    };
    give(instance, gift).await
}

fn made(folder: &Path) -> Result<PrivateKey, Failure> {
    let made = PrivateKey::generate(Algorithm::EcdsaP256Sha256);
    made.map_err(|error| Failure::file("make a key for", folder, error))
}

/// The key of a request that proves that it is held.
fn requested(path: &Path) -> Result<PublicKey, Failure> {
    let bytes = private::read(path, LARGEST).map_err(|error| Failure::file("read", path, error))?;
    let verified = CertificateRequest::from_pem_or_der(&bytes).and_then(|request| request.verify());
    verified.map_err(|error| {
        Failure::new(
            "E-CTL-372",
            format!(
                "{} does not prove that somebody holds its key",
                path.display()
            ),
            "have the person run `sigctl admin request` and send the request.pem that it makes",
        )
        .because(sigstead_kit::causes(&error))
    })
}

fn parse_name(text: &str) -> Result<String, String> {
    let is_fit = !text.trim().is_empty() && text.len() <= 64 && !text.chars().any(char::is_control);
    match is_fit {
        true => Ok(text.trim().to_owned()),
        false => Err("a name is 1 to 64 bytes of text on one line".to_owned()),
    }
}

const LARGEST: u64 = 64 << 10;
