//! `sigctl ceremony verify` of certificates: a stranger checks a ceremony again.

use std::path::Path;

use sigstead_ceremony::certificates::{CertificateTranscript, certificate_sentences};

use super::super::medium::Medium;
use super::super::refusal::{differs, refused};
use super::super::verified::Verified;
use super::medium::{CHAIN, CertificateMedium};
use crate::failure::Failure;
use crate::output::Output;
use crate::private;

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
    let changes = certificate_sentences(&proposal).map_err(refused)?;
    let statements = transcript.signatures().iter().map(|it| &it.statement);
    let verified = Verified::new(changes, proposal.digest(), statements);
    output.print(&verified, Verified::text);
    Ok(())
}

/// More than a chain of several certificates has.
const LARGEST: u64 = 256 << 10;
