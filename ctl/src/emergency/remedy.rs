//! What to do once a key is ended, so that people can sign again.

use super::key::Role;

/// One line for each step, a command where there is one.
pub(super) fn of(role: Role) -> Vec<String> {
    let rotate = |role: &str| format!("sigctl rotate {role} start --in 0s --accept-short-times");
    let steps = match role {
        Role::Intermediate => vec![rotate("ca-intermediate")],
        Role::CaRoot => vec![rotate("ca-root")],
        Role::Tsa => vec![rotate("tsa")],
        Role::TsaRoot => vec![format!("{} --root here", rotate("tsa"))],
        Role::RekorV1 => vec!["sigctl log open --face rekor-v1".to_owned()],
        Role::RekorV2 => vec![
            "sigctl log open --face rekor-v2".to_owned(),
            "sigctl log freeze --log HOST --yes".to_owned(),
        ],
        Role::Ct => vec![rotate("ct")],
    };
    let told = "give users the notice, and verifiers the block list: sigctl verify --blocked FILE";
    steps.into_iter().chain([told.to_owned()]).collect()
}
