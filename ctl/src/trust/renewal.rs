//! The gate before a root that is published beside targets.

use sigstead_trust_root::tuf::{Root, Signed};

use super::gate::next_root::{check, check_unasked};
use super::gate::root_report::RootGate;
use super::next_root::NextRoot;
use super::publication::Purpose;
use super::repository::Repository;
use crate::failure::Failure;
use crate::instance::Instance;

/// Refuses a root that clients would not follow. They may see it before they see the targets beside it, so that it is tried with
/// those of now. Who publishes an end waits for no client.
pub(super) async fn try_root(
    instance: &Instance,
    repository: &Repository,
    root: Option<&Signed<Root>>,
    purpose: Purpose,
) -> Result<Option<RootGate>, Failure> {
    let Some(root) = root else {
        return Ok(None);
    };
    let next = NextRoot::alone(root.clone());
    match purpose {
        Purpose::GoOn => check(instance, repository, &next).await.map(Some),
        Purpose::End => check_unasked(repository, &next).map(Some),
    }
}
