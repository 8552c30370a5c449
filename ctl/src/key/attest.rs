//! `sigctl key attest`.

mod chain;
mod device;
mod form;
mod piv;
mod yubihsm;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_x509::Certificate;

use self::device::Fact;
use super::place::Place;
use super::shown;
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::output::Output;
use crate::private;

/// Which key, and what its device says of it.
#[derive(Args)]
#[command(after_help = "\
Takes the attestation certificates of YubiHSM 2 and of the PIV application of YubiKeys, as `yubihsm-shell --action \
sign-attestation-certificate` and `yubico-piv-tool --action attest` write them. Whom the roots belong to is for the operator to know: get \
them from the maker. Ends with 3 if the key may leave the device encrypted to another key of it.")]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,

    /// The attestation certificate of the key, and behind it those between it and the root, PEM.
    #[arg(long, value_name = "FILE")]
    attestation: PathBuf,

    /// The roots of the device's maker, PEM.
    #[arg(long, value_name = "FILE")]
    root: PathBuf,

    /// Keep the attestation in `trust/attestations` of this instance, under the SHA-256 of the key.
    #[arg(long, value_name = "INSTANCE")]
    keep: Option<PathBuf>,
}

#[derive(Serialize)]
struct Shown {
    place: String,
    /// SHA-256 of the public key.
    key: String,
    device: &'static str,
    facts: Vec<Fact>,
    /// Whether the key may leave the device encrypted to another key of it.
    is_exportable: bool,
    /// The subject of the root.
    root: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<PathBuf>,
}

/// 1. The certificates lead from the attestation to a root that the operator gave.
/// 2. The attestation says that the key was made in the device.
/// 3. The key at the place, which signs, is the one that is attested.
/// 4. The attestation is kept.
pub(super) async fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let config = arguments.place.config()?;
    let certificates = read(&arguments.attestation)?;
    let roots = read(&arguments.root)?;
    let (attestation, between) = certificates.split_first().ok_or_else(|| {
        Failure::file(
            "use",
            &arguments.attestation,
            "there is no certificate in it",
        )
    })?;
    let path = chain::verify(attestation, between, &roots, SystemClock.now())?;
    let attested = form::read(attestation.extensions())?;
    attested.refuse_brought_in()?;
    let signer = shown::open(&config).await?;
    let fingerprint = signer.public_key().fingerprint();
    if attestation.public_key() != signer.public_key() {
        return Err(other_key(&fingerprint, attestation));
    }
    let kept = arguments.keep.as_deref();
    let kept = kept
        .map(|instance| keep(instance, attestation, &path))
        .transpose()?;
    let shown = Shown {
        place: config.to_string(),
        key: fingerprint,
        device: attested.device,
        is_exportable: attested.is_exportable,
        facts: attested.facts,
        root: path
            .last()
            .map(|root| root.subject_name().common_name)
            .unwrap_or_default(),
        kept,
    };
    output.print(&shown, text);
    Ok(match shown.is_exportable {
        true => Exit::Warned,
        false => Exit::Done,
    })
}

fn read(file: &Path) -> Result<Vec<Certificate>, Failure> {
    let pem = private::read(file, LARGEST).map_err(|error| Failure::file("read", file, error))?;
    let chain = Certificate::chain_from_pem(&String::from_utf8_lossy(&pem));
    chain.map_err(|error| Failure::file("understand", file, sigstead_kit::causes(&error)))
}

/// Writes the certificates up to the root, which is for the reader to know. What is there already stays: the same key may be
/// attested again.
fn keep(
    instance: &Path,
    attestation: &Certificate,
    path: &[Certificate],
) -> Result<PathBuf, Failure> {
    let instance = Instance::open(instance)?;
    let name = hex::encode(attestation.public_key().log_id().as_bytes());
    let file = instance.path(FOLDER).join(format!("{name}.pem"));
    let below_root = path.split_last().map(|(_, rest)| rest).unwrap_or_default();
    let pem: String = below_root.iter().map(Certificate::to_pem).collect();
    private::write(&file, pem.as_bytes())?;
    Ok(file)
}

fn other_key(fingerprint: &str, attestation: &Certificate) -> Failure {
    Failure::new(
        "E-KEY-045",
        format!(
            "the key is {fingerprint}, and the device attests {}",
            attestation.public_key().fingerprint()
        ),
        "have the device attest this key; each attestation is of one key",
    )
    .exit(Exit::Refused)
}

fn text(shown: &Shown) -> String {
    let mut lines = vec![
        format!("{}: {}", shown.place, shown.key),
        format!("made in a {}, which {} says", shown.device, shown.root),
    ];
    let facts = shown.facts.iter();
    lines.extend(facts.map(|fact| format!("  {:12} {}", fact.name, fact.value)));
    if shown.is_exportable {
        lines.push("warning: it may leave the device, encrypted to another key of it".to_owned());
    }
    let kept = shown.kept.as_ref();
    lines.extend(kept.map(|file| format!("kept in {}", file.display())));
    lines.join("\n")
}

const FOLDER: &str = "trust/attestations";
/// More than a chain has.
const LARGEST: u64 = 1 << 20;
