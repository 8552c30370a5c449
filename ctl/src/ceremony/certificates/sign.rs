//! `sigctl ceremony sign` of certificates: by the key of a root, or by a witness.

use serde::Serialize;
use sigstead_ceremony::HolderName;
use sigstead_ceremony::certificates::{CertificateSignatures, CertificateToSign};
use sigstead_kit::{Clock as _, SystemClock};

use super::super::key::HoldersKey;
use super::super::medium::Medium;
use super::super::refusal::{refuse_other_words, refused};
use super::medium::CertificateMedium;
use super::rehearsal::{failed, rehearse};
use crate::failure::Failure;
use crate::output::Output;

#[derive(Serialize)]
struct Signed {
    name: HolderName,
    file: String,
    words: String,
    /// Whether it signed a certificate, and did not only attest.
    certified: bool,
}

/// As of a root of TUF: the words, the rules and a rehearsal first, then the key.
pub(in crate::ceremony) async fn run(
    medium: Medium<'_>,
    key: &HoldersKey,
    words: &str,
    output: Output,
) -> Result<(), Failure> {
    let medium = CertificateMedium::of(medium);
    let proposal = medium.proposal()?;
    refuse_other_words(proposal.digest(), words)?;
    rehearse(&proposal).await?;
    let key = key.open_any().await?;
    let to_sign = CertificateToSign::new(&proposal, key.public_key(), SystemClock.now());
    let to_sign = to_sign.map_err(refused)?;
    let certificate = match &to_sign.certificate {
        Some(bytes) => Some(key.sign(bytes).await.map_err(|error| failed(&error))?),
        None => None,
    };
    let attested = key.sign(&to_sign.attested).await;
    let signatures = CertificateSignatures {
        certificate,
        attested: attested.map_err(|error| failed(&error))?,
    };
    let partial = to_sign.signed(&signatures);
    let file = medium.place_of(&partial, &proposal)?;
    medium.files().put(&file, &partial.encode())?;
    let signed = Signed {
        name: partial.statement.name,
        file,
        words: proposal.digest().words(),
        certified: signatures.certificate.is_some(),
    };
    output.print(&signed, |signed| {
        let what = match signed.certified {
            true => "signed the certificate as",
            false => "attested what is signed as",
        };
        format!(
            "{what} {}; {} was written, and nothing else on the medium changed",
            signed.name, signed.file
        )
    });
    Ok(())
}
