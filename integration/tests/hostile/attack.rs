//! What the issuers do to the authority: tokens of all of them at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use crate::answers::least_asked;
use crate::authority::Authority;
use crate::kind::{Kind, Lane};
use crate::ledger::{Ledger, Which};
use crate::token::{IssuerKey, KEY_ID, PERSON};

/// A token of each issuer that does nothing wrong.
pub(crate) fn honest_tokens(authority: &Authority, key: &IssuerKey) -> Vec<String> {
    let issued = |lane| key.token(&Kind::Honest.issuer(lane, 1), KEY_ID);
    let embedded = authority.instance.token(PERSON).unwrap();
    vec![issued(Lane::Known), issued(Lane::Strange), embedded]
}

/// How many tokens of each kind got which status.
pub(crate) type Refusals = BTreeMap<(Kind, u16), usize>;

/// Ends when each has done what it could.
pub(crate) async fn attack(
    authority: &Arc<Authority>,
    ledger: &Arc<Ledger>,
    honest: &Arc<IssuerKey>,
) -> Refusals {
    let mut attacks = JoinSet::new();
    for kind in Kind::HOSTILE {
        for lane in kind.lanes() {
            let (authority, ledger) = (authority.clone(), ledger.clone());
            attacks.spawn(send_tokens(
                authority,
                ledger,
                honest.clone(),
                (kind, *lane),
            ));
        }
    }
    let mut refusals = Refusals::new();
    while let Some(ended) = attacks.join_next().await {
        for (which, count) in ended.unwrap() {
            *refusals.entry(which).or_default() += count;
        }
    }
    refusals
}

/// Sends tokens of an issuer one after the other, until it has done what it could. They are signed with the key that the issuer
/// publishes, if what it does lets it publish any: an authority that put up with that would give certificates.
async fn send_tokens(
    authority: Arc<Authority>,
    ledger: Arc<Ledger>,
    key: Arc<IssuerKey>,
    which: Which,
) -> Refusals {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    let mut refusals = Refusals::new();
    for attempt in 0..MOST_TOKENS {
        if attempt >= TOKENS && is_done(&ledger, which) {
            break;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let of_kind = match which {
            // Its keys are fetched once, and then it is asked for others again and again.
            (Kind::Flood | Kind::Swap, _) => 1,
            (_, Lane::Known) => 1 + number % which.0.known(),
            (_, Lane::Strange) => number,
        };
        let key_id = match which.0 {
            Kind::Flood => format!("unknown-{number}"),
            _ => KEY_ID.to_owned(),
        };
        let token = key.token(&which.0.issuer(which.1, of_kind), &key_id);
        let (status, answer) = authority.ask(&token).await;
        assert!(
            matches!(status, 400 | 429 | 503),
            "{which:?}: {status} {answer}"
        );
        *refusals.entry((which.0, status)).or_default() += 1;
    }
    refusals
}

/// Whether an issuer was asked, and was overtaken if it keeps the authority waiting.
fn is_done(ledger: &Ledger, which: Which) -> bool {
    let was_asked = which.0.is_out_of_reach() || ledger.asked_of(which) >= least_asked(which);
    was_asked && (!which.0.is_slow() || ledger.overtakings_of(which) > 0)
}

/// Of each kind.
const TOKENS: usize = 12;
const MOST_TOKENS: usize = 200;
