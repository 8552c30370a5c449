//! The next key, tried before anybody is told of it.

use sigstead_trust_root::{Base64Bytes, TimeRange, TrustedRoot};
use time::Duration;

use super::part::ChainPlan;
use super::role::Authority;
use crate::failure::Failure;
use crate::http;
use crate::instance::Instance;
use crate::rotate::moment::{now, shown};
use crate::trust::{AuthorityKind, Change};

/// Refuses a key that clients would not accept, or a draft under which they would refuse what they accept now.
///
/// 1. The draft of the trust state takes nothing back that is published.
/// 2. What the running service signs verifies under the draft, unless its key was ended because it was in other hands.
/// 3. A service of its own has the next key as its only one. What it signs verifies under the draft as it is from the
///    moment on at which the next chain begins.
/// 4. Under the draft as it is now the same is refused: the chain counts from its time on and not before.
pub(super) async fn run<A: Authority>(
    instance: &Instance,
    plan: &ChainPlan<A>,
) -> Result<(), Failure> {
    let change = Change::begin(instance).await?;
    let draft = change.draft_with_chain(A::KIND, plan.announced())?;
    let old = A::KIND.chains(&draft).find(&plan.role.old_chain);
    let has_ended = old.is_some_and(|old| !old.valid_for.covers(now()));
    let draft = draft
        .trusted_root()
        .map_err(|error| refused::<A>("the draft", &error))?;
    let client = http::client(instance)?;
    if !has_ended {
        A::try_now(instance, &client, &draft).await?;
    }
    let later = as_begun(A::KIND, &draft, &plan.role.next_chain);
    for signed in A::sign_with_next(instance, &client, plan).await? {
        A::verify(&later, &signed).map_err(|why| refused::<A>("the next key", &why))?;
        match A::verify(&draft, &signed) {
            Ok(at) if plan.chain_from() > now() => {
                let why = format!("it lets the next key sign at {}", shown(at));
                return Err(refused::<A>("the draft", &why));
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// The trusted root as it is when a chain has begun to count.
fn as_begun(kind: AuthorityKind, root: &TrustedRoot, chain: &[Base64Bytes]) -> TrustedRoot {
    let mut root = root.clone();
    for authority in kind.trusted(&mut root) {
        let certificates = authority.cert_chain.certificates.iter();
        if certificates.map(|each| &each.raw_bytes).eq(chain) {
            authority.valid_for = TimeRange::since(now() - Duration::MINUTE);
        }
    }
    root
}

/// Something that did not pass.
pub(in crate::rotate) fn refused<A: Authority>(what: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "E-CTL-290",
        format!("{what} did not pass the trial; nothing was published"),
        format!(
            "the cause says what clients would refuse; take the key back: sigctl rotate {} undo",
            A::ROLE
        ),
    )
    .because(why)
}
