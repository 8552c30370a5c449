//! `sigctl ceremony finish` of certificates: from signatures to a chain that a rotation takes.

use serde::Serialize;
use sigstead_ceremony::certificates::{CertificateDraft, CertificateTranscript, RootWanted};
use sigstead_kit::{Clock as _, SystemClock};
use sigstead_trust_root::tuf::{Role as _, Root, Signed};
use sigstead_x509::Certificate;

use super::super::medium::{Medium, TRANSCRIPT};
use super::super::refusal::refused;
use super::medium::{CHAIN, CertificateMedium};
use super::rehearsal::{failed, rehearse};
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::output::Output;
use crate::recorded::Recorded;
use crate::rotate::{Awaited, ChainRole};
use crate::trust::{self, Repository};

#[derive(Serialize)]
struct Finished {
    role: &'static str,
    rotation: u32,
    signed_by: Vec<String>,
    words: String,
    accepted: bool,
}

/// 1. The medium must be about a rotation that waits, its root the one that was meant, and its witnesses those who hold the root
///    of TUF now: a draft is written by whoever has the medium.
/// 2. The rules are looked at, and the certificates put together and read as clients read them.
/// 3. The transcript is kept with the instance, and the rotation gets the chain.
/// 4. The chain and the transcript go to the medium.
///
/// A crash leaves a rotation that waits or one that has the chain; the command is run again.
pub(in crate::ceremony) async fn run(
    instance: &Instance,
    medium: Medium<'_>,
    is_check: bool,
    output: Output,
) -> Result<(), Failure> {
    let medium = CertificateMedium::of(medium);
    let proposal = medium.proposal()?;
    let draft = proposal.draft();
    let (role, awaited) = awaited(instance, draft)?;
    refuse_other_witnesses(instance, draft)?;
    rehearse(&proposal).await?;
    let transcript =
        CertificateTranscript::finish(&proposal, medium.partials()?, SystemClock.now());
    let transcript = transcript.map_err(refused)?;
    let chain = Certificate::chain_from_pem(&transcript.chain).map_err(|error| failed(&error))?;
    role.check(instance, &chain)?;
    if !is_check {
        let asked = [
            ("role", awaited.role.to_owned()),
            ("digest", proposal.digest().to_string()),
        ];
        let recorded = Recorded::begin(instance, "sigctl ceremony finish", &asked).await?;
        let done =
            keep(instance, &awaited, &transcript).and_then(|()| role.accept(instance, &chain));
        recorded.end(done).await?;
        medium.files().put(CHAIN, transcript.chain.as_bytes())?;
        medium.files().put(TRANSCRIPT, &transcript.encode())?;
    }
    let signatures = transcript.signatures().iter();
    let finished = Finished {
        role: awaited.role,
        rotation: awaited.number,
        signed_by: signatures.map(|it| it.statement.name.to_string()).collect(),
        words: proposal.digest().words(),
        accepted: !is_check,
    };
    output.print(&finished, text);
    Ok(())
}

/// The rotation whose request the draft has.
fn awaited(instance: &Instance, draft: &CertificateDraft) -> Result<(ChainRole, Awaited), Failure> {
    let waiting = ROLES.map(|role| role.awaited(instance).map(|awaited| (role, awaited)));
    let is_its = |awaited: &Awaited| {
        awaited.request == draft.request && draft.instance == instance.manifest.name
    };
    let mut waiting = waiting.into_iter().flatten();
    let found = waiting.find(|(_, awaited)| is_its(awaited));
    let found = found.filter(|(_, awaited)| is_meant(awaited, draft));
    found.ok_or_else(|| {
        Failure::new(
            "E-CEREMONY-045",
            "the medium is about a certificate that no rotation of this instance waits for",
            "bring the medium of this rotation, or begin again with `sigctl ceremony certificate`",
        )
        .exit(Exit::Refused)
    })
}

/// Whether the draft has the root that the rotation wants.
fn is_meant(awaited: &Awaited, draft: &CertificateDraft) -> bool {
    match &draft.root {
        RootWanted::New(_) => awaited.new_root.is_some(),
        RootWanted::Kept { certificate } => {
            awaited.new_root.is_none() && *certificate == awaited.root_of_now.to_pem()
        }
    }
}

fn refuse_other_witnesses(instance: &Instance, draft: &CertificateDraft) -> Result<(), Failure> {
    let root: Signed<Root> = Repository::of(instance)?.newest_signed()?;
    let role = root.signed.roles.get(Root::NAME);
    let threshold = role.map(|role| role.threshold).unwrap_or_default();
    let holders = trust::holders(instance, &root.signed)?;
    match draft.witnesses == holders && draft.threshold == threshold {
        true => Ok(()),
        false => Err(Failure::new(
            "E-CEREMONY-046",
            "the draft has other witnesses than those who hold the root of TUF now, or asks for fewer of them",
            "make another draft with `sigctl ceremony certificate --again`; if nobody changed the holders, find out who changed the medium",
        )
        .exit(Exit::Refused)),
    }
}

fn keep(
    instance: &Instance,
    awaited: &Awaited,
    transcript: &CertificateTranscript,
) -> Result<(), Failure> {
    let (role, number) = (awaited.role, awaited.number);
    let kept = instance.path(&format!("trust/ceremonies/{role}-{number}.json"));
    let failed = |error| Failure::file("write", &kept, error);
    sigstead_durable::create_directory(sigstead_durable::parent(&kept)).map_err(failed)?;
    sigstead_durable::replace(&kept, &transcript.encode()).map_err(failed)
}

fn text(finished: &Finished) -> String {
    let signed_by = finished.signed_by.join(", ");
    match finished.accepted {
        true => format!(
            "rotation {} of {} has its chain, signed by {signed_by}\n\
             the transcript is on the medium and in trust/ceremonies of the instance\n\
             next: sigctl rotate {} resume",
            finished.rotation, finished.role, finished.role
        ),
        false => format!(
            "rotation {} of {} could have its chain now, signed by {signed_by}; nothing was changed",
            finished.rotation, finished.role
        ),
    }
}

const ROLES: [ChainRole; 3] = [ChainRole::CaRoot, ChainRole::CaIntermediate, ChainRole::Tsa];
