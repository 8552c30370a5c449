//! The next key, tried before anybody is told of it.

use sigstead_trust_root::{Base64Bytes, TimeRange, TrustedRoot};
use sigstead_tsp::TimestampToken;
use time::{Duration, OffsetDateTime};

use super::part::TsaPlan;
use super::private_service::PrivateTsa;
use crate::failure::Failure;
use crate::http;
use crate::instance::{Instance, Service};
use crate::rotate::moment::{now, shown};
use crate::timestamp;
use crate::trust::Change;

/// Refuses a key that clients would not accept, or a draft under which they would refuse what they accept now.
///
/// 1. The draft of the trust state takes nothing back that is published.
/// 2. What the running service signs verifies under the draft.
/// 3. A service of its own has the next key as its only one. What it signs verifies under the draft as it is from the
///    moment on at which the next key begins.
/// 4. Under the draft as it is now the same is refused: the key counts from its time on and not before.
pub(super) async fn run(instance: &Instance, plan: &TsaPlan) -> Result<(), Failure> {
    let change = Change::begin(instance).await?;
    let draft = change.timestamp_draft(plan.announced())?;
    let draft = draft
        .trusted_root()
        .map_err(|error| refused("the draft", &error))?;
    let client = http::client(instance)?;
    let message = random()?;
    let base = instance.manifest.local_url(Service::Tsa);
    let served = timestamp::ask(&client, &base, &message).await?;
    verify(&draft, &served, &message).map_err(|why| refused("the running service", &why))?;
    let private = PrivateTsa::start(instance, plan, &client).await?;
    let signed = timestamp::ask(&client, &private.url, &message).await?;
    let later = as_begun(&draft, &plan.role.next_chain);
    verify(&later, &signed, &message).map_err(|why| refused("the next key", &why))?;
    match verify(&draft, &signed, &message) {
        Err(_) => Ok(()),
        Ok(_) if plan.counts_from <= now() => Ok(()),
        Ok(at) => Err(refused(
            "the draft",
            &format!("it lets the next key sign at {}", shown(at)),
        )),
    }
}

/// The trusted root as it is when a chain has begun to count.
fn as_begun(root: &TrustedRoot, chain: &[Base64Bytes]) -> TrustedRoot {
    let mut root = root.clone();
    for authority in &mut root.timestamp_authorities {
        let certificates = authority.cert_chain.certificates.iter();
        if certificates.map(|each| &each.raw_bytes).eq(chain) {
            authority.valid_for = TimeRange::since(now() - Duration::MINUTE);
        }
    }
    root
}

/// The time of a timestamp, if a chain of the trusted root accepts it.
fn verify(root: &TrustedRoot, response: &[u8], message: &[u8]) -> Result<OffsetDateTime, String> {
    let token = TimestampToken::from_response(response).map_err(|error| error.to_string())?;
    let mut why = "no chain of the trusted root has its key".to_owned();
    for authority in &root.timestamp_authorities {
        let chain = authority.chain().map_err(|error| error.to_string())?;
        match token.verify(message, &chain) {
            Ok(time) if authority.is_trusted_at(time) => return Ok(time),
            Ok(time) => {
                why = format!(
                    "it is of {time}, and its chain counts {}",
                    authority.valid_for
                )
            }
            Err(sigstead_tsp::Error::OtherSigner) => {}
            Err(error) => why = sigstead_kit::causes(&error),
        }
    }
    Err(why)
}

/// A message that nobody had stamped before.
fn random() -> Result<Vec<u8>, Failure> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(Failure::randomness)?;
    Ok(random.to_vec())
}

fn refused(what: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "E-CTL-290",
        format!("{what} did not pass the trial; nothing was published"),
        "the cause says what clients would refuse; take the key back: sigctl rotate tsa undo",
    )
    .because(why)
}
