//! `sigctl ceremony verify` of certificates: a stranger checks a ceremony again.

use std::path::Path;

use serde::Serialize;
use sigstead_ceremony::certificates::{CertificateTranscript, certificate_sentences};
use time::OffsetDateTime;

use super::super::medium::Medium;
use super::super::refusal::{differs, refused};
use super::medium::{CHAIN, CertificateMedium};
use crate::failure::Failure;
use crate::output::{Output, one_line};
use crate::private;

#[derive(Serialize)]
struct Verified {
    changes: Vec<String>,
    words: String,
    signatures: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    name: String,
    key: String,
    #[serde(with = "time::serde::rfc3339")]
    signed_at: OffsetDateTime,
}

pub(in crate::ceremony) fn run(
    transcript: &[u8],
    medium: Option<Medium<'_>>,
    chain: Option<&Path>,
    output: Output,
) -> Result<(), Failure> {
    let transcript = CertificateTranscript::parse(transcript).map_err(refused)?;
    let proposal = transcript.verify().map_err(refused)?;
    let medium = medium.map(CertificateMedium::of);
    if let Some(medium) = &medium
        && medium.proposal()?.digest() != proposal.digest()
    {
        return Err(differs(
            "the draft on the medium is not the one of the transcript",
        ));
    }
    let of_medium = medium.as_ref().map(|medium| medium.path(CHAIN));
    if let Some(chain) = chain.or(of_medium.as_deref()) {
        let read = private::read(chain, LARGEST);
        let read = read.map_err(|error| Failure::file("read", chain, error))?;
        if read != transcript.chain.as_bytes() {
            let chain = chain.display();
            return Err(differs(&format!(
                "{chain} is not the chain of the transcript"
            )));
        }
    }
    let signatures = transcript.signatures().iter();
    let verified = Verified {
        changes: certificate_sentences(&proposal).map_err(refused)?,
        words: proposal.digest().words(),
        signatures: signatures
            .map(|it| Shown {
                name: it.statement.name.to_string(),
                key: it.statement.key.clone(),
                signed_at: it.statement.signed_at,
            })
            .collect(),
    };
    output.print(&verified, text);
    Ok(())
}

fn text(verified: &Verified) -> String {
    let mut lines: Vec<_> = verified.changes.iter().map(|it| one_line(it)).collect();
    lines.extend(verified.signatures.iter().map(|it| {
        let key = it.key.get(..8).unwrap_or_default();
        format!("signed by {} with key {key} at {}", it.name, it.signed_at)
    }));
    lines.push(format!("digest in words: {}", verified.words));
    lines.push("every proof, signature and rule holds".to_owned());
    lines.join("\n")
}

/// More than a chain of several certificates has.
const LARGEST: u64 = 256 << 10;
