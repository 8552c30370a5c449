//! Which steps an instance needs, as its files show.

use super::setting::Setting;
use super::step::Step;
use super::{heads, submitters};
use crate::configured_log::ConfiguredLog;
use crate::failure::Failure;
use crate::instance::{Instance, Service};
use crate::trust;

/// The steps that are due, in the order in which they are taken.
pub(super) fn steps(instance: &Instance) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    if instance.manifest.id.is_none() {
        steps.push(Step::Identifier);
    }
    let logs = ConfiguredLog::all(instance)?;
    let is_inside = logs
        .iter()
        .any(|log| Step::has_anchor_inside(instance, log));
    if is_inside || instance.manifest.anchors.is_none() {
        steps.push(Step::Anchors);
    }
    // Behind the anchors, with which they go.
    if heads::are_due(instance)? {
        steps.push(Step::Heads);
    }
    if submitters::are_due(instance)? {
        steps.push(Step::Submitters);
    }
    if !trust::is_numbered(instance)? {
        steps.push(Step::Number);
    }
    for setting in SETTINGS {
        if setting.is_absent(instance)? {
            steps.push(Step::Setting(setting));
        }
    }
    Ok(steps)
}

/// What configurations name since they were first written: files that may be absent, and that commands write.
const SETTINGS: [Setting; 7] = [
    Setting::new(Service::Oidc, "clients_file", "clients.yaml"),
    Setting::new(Service::Oidc, "successors_file", "successors.yaml"),
    Setting::new(Service::Tuf, "successors_file", "successors.yaml"),
    Setting::new(Service::Tsa, "successors_file", "successors.yaml"),
    Setting::new(Service::Ca, "successors_file", "successors.yaml"),
    Setting::new(Service::Ctlog, "opened_logs", "logs.d"),
    Setting::new(Service::Ca, "ct_log_file", "ct-logs.yaml"),
];
